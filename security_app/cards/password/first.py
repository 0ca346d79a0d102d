"""The first password of an account that was made through a provider (S-07)."""

import reflex as rx

from security_app.accounts import connections, passwords
from security_app.accounts.errors import AlreadyOn, StepUpRequired
from security_app.cards.password.new_password import NewPassword
from security_app.cards.password.state import PasswordState
from security_app.web.access import Events, RawForm, SignedIn
from security_app.web.context import current_actor
from security_app.web.forms import Form, Secret, parse, refusals, required, tell_refusal
from security_app.web.notices import notify
from security_app.web.step_up_state import StepUpState, ask_before


class FirstPasswordForm(Form):
    """The two fields of the dialog."""

    new_password: Secret
    repeat_password: Secret


class FirstPasswordState(SignedIn, NewPassword, rx.State):
    """Browser: as every dialog with a new password.

    Server only: the connection that waits for a password to be disconnected.
    """

    _waiting_connection: str = ""

    @rx.event
    async def begin(self, connection_id: str) -> None:
        """Open the dialog, once identity is confirmed; "" where nothing waits for it.

        Policy: signed in.
        """
        self._waiting_connection = connection_id
        self._show_dialog(is_open=True)

    @rx.event
    async def toggle(self, is_open: bool) -> None:
        """Close the dialog. Policy: signed in."""
        if not is_open:
            self._show_dialog(is_open=False)

    @rx.event
    async def save(self, form: RawForm) -> Events:
        """Set the password; goes on to disconnect what waited for it.

        Policy: signed in, grant of set_first_password, for that connection where one waits,
        which it spends. Audit: password.set.
        """
        self.is_busy = True
        yield
        async with refusals(self):
            filled = parse(FirstPasswordForm, form)
            try:
                await passwords.set_first_password(
                    current_actor(),
                    new=required(filled.new_password, "new_password", "Enter a new password."),
                    repeat=filled.repeat_password,
                    target_id=self._waiting_connection,
                )
            except (AlreadyOn, StepUpRequired):
                # Nothing that is typed here could help.
                self._show_dialog(is_open=False)
                raise
            self._show_dialog(is_open=False)
            await notify(self, "success", "Your password is set.")
        if self.is_open:
            return
        await tell_refusal(self)
        yield PasswordState.load
        if not self.errors and self._waiting_connection:
            yield StepUpState.ask_about("disconnect_provider", self._waiting_connection)


ask_before(
    "set_first_password",
    FirstPasswordState.begin,
    title="Set a password",
    explanation="First confirm that it is you.",
    find_target=connections.target_that_waits,
)
