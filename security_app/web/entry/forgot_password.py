"""The state of the page that asks for a reset link."""

import reflex as rx

from security_app.accounts.password_reset import ask_for_reset
from security_app.web.access import Events, Public, RawForm
from security_app.web.context import current_visitor
from security_app.web.forms import Email, Form, HasErrors, parse, refusals, required


class ForgotForm(Form):
    """The one field of the page."""

    email: Email


class ForgotPasswordState(Public, HasErrors, rx.State):
    """Browser: where a link was sent to, if there is an account. Nothing else is told."""

    is_sent: bool = False
    sent_to: str = ""

    @rx.event
    async def load(self) -> None:
        """Begin with an empty form. Policy: anybody."""
        self.errors, self.is_sent, self.sent_to = {}, False, ""

    @rx.event
    async def submit(self, form: RawForm) -> Events:
        """Ask for a link. Policy: anybody. Limit: 5 an hour an address, 20 a network."""
        self.is_busy = True
        yield
        async with refusals(self):
            filled = parse(ForgotForm, form)
            email = required(filled.email, "email", "Enter your e-mail address.")
            address = await ask_for_reset(current_visitor(), email=email)
            self.is_sent, self.sent_to = True, address.email
