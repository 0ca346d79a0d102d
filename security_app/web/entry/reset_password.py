"""The state of the page a reset link opens."""

import reflex as rx

from security_app.accounts.passwords import reset_password
from security_app.web.access import Events, RawForm
from security_app.web.context import current_visitor
from security_app.web.entry.mailed_link import MailedLink, redeeming
from security_app.web.forms import Form, Secret, parse, required
from security_app.web.strength import NOTHING_TYPED, Strength, assess_password


class ResetForm(Form):
    """The two fields of the page."""

    new_password: Secret
    repeat_password: Secret


class ResetPasswordState(MailedLink, rx.State):
    """Browser: how strong the new password is."""

    strength: Strength = NOTHING_TYPED

    @rx.event
    async def assess(self, value: str) -> None:
        """Judge a password while it is typed; it is kept nowhere. Policy: anybody."""
        self.strength = await assess_password(value, "", "")

    @rx.event
    async def submit(self, form: RawForm) -> Events:
        """Set the new password. Policy: anybody with a live link. Audit: password.reset."""
        self.is_busy = True
        yield
        async with redeeming(self) as token:
            filled = parse(ResetForm, form)
            await reset_password(
                current_visitor(),
                token=token,
                new=required(filled.new_password, "new_password", "Enter a new password."),
                repeat=filled.repeat_password,
            )
            self.strength = NOTHING_TYPED
