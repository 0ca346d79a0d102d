"""The state of the page a reset link opens."""

import reflex as rx

from security_app.accounts.errors import LinkDead
from security_app.accounts.passwords import reset_password
from security_app.web.access import Events, Public, RawForm
from security_app.web.context import current_visitor
from security_app.web.forms import Form, HasErrors, Secret, parse, refusals, required
from security_app.web.strength import NOTHING_TYPED, Strength, assess_password


class ResetForm(Form):
    """The two fields of the page."""

    new_password: Secret
    repeat_password: Secret


class ResetPasswordState(Public, HasErrors, rx.State):
    """Browser: whether it is done, or the link is dead. Opening the link changes nothing."""

    is_done: bool = False
    is_dead_link: bool = False
    strength: Strength = NOTHING_TYPED

    @rx.event
    async def load(self) -> None:
        """Begin with an empty form. Policy: anybody."""
        self.errors, self.is_done, self.strength = {}, False, NOTHING_TYPED
        self.is_dead_link = not self.router.url.query_parameters.get("token")

    @rx.event
    async def assess(self, value: str) -> None:
        """Judge a password while it is typed; it is kept nowhere. Policy: anybody."""
        self.strength = await assess_password(value, "", "")

    @rx.event
    async def submit(self, form: RawForm) -> Events:
        """Set the new password. Policy: anybody with a live link. Audit: password.reset."""
        self.is_busy = True
        yield
        async with refusals(self):
            filled = parse(ResetForm, form)
            try:
                await reset_password(
                    current_visitor(),
                    token=self.router.url.query_parameters.get("token", ""),
                    new=required(filled.new_password, "new_password", "Enter a new password."),
                    repeat=filled.repeat_password,
                )
                self.is_done, self.strength = True, NOTHING_TYPED
            except LinkDead:
                self.is_dead_link = True
