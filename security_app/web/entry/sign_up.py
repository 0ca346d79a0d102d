"""The state of the sign-up page."""

import reflex as rx

from security_app.accounts.sign_up import sign_up
from security_app.web.access import Events, Public, RawForm
from security_app.web.context import current_visitor
from security_app.web.forms import Email, Form, HasErrors, Line, Secret, parse, refusals, required
from security_app.web.strength import NOTHING_TYPED, Strength, assess_password


class SignUpForm(Form):
    """The three fields of the page."""

    email: Email
    name: Line = ""
    password: Secret


class SignUpState(Public, HasErrors, rx.State):
    """Browser: what was typed but the password, whether the mail is on its way."""

    email: str = ""
    name: str = ""
    is_sent: bool = False
    sent_to: str = ""
    strength: Strength = NOTHING_TYPED

    @rx.event
    async def load(self) -> None:
        """Begin with an empty form. Policy: anybody."""
        self.errors, self.is_sent, self.strength = {}, False, NOTHING_TYPED

    @rx.event
    async def assess(self, value: str) -> None:
        """Judge a password while it is typed; it is kept nowhere. Policy: anybody."""
        self.strength = await assess_password(value, self.email, self.name)

    @rx.event
    async def submit(self, form: RawForm) -> Events:
        """Make an account. Policy: anybody. Limit: 5 an hour an address, 20 a network."""
        self.is_busy = True
        yield
        async with refusals(self):
            filled = parse(SignUpForm, form)
            self.email, self.name = filled.email, filled.name
            address = await sign_up(
                current_visitor(),
                email=required(filled.email, "email", "Enter your e-mail address."),
                password=required(filled.password, "password", "Choose a password."),
                repeat=filled.password,
                name=filled.name,
            )
            self.is_sent, self.sent_to, self.strength = True, address.email, NOTHING_TYPED
        self.errors = {
            "password" if field == "new_password" else field: sentence
            for field, sentence in self.errors.items()
        }
