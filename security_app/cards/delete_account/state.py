"""What the Delete account card does."""

import reflex as rx

from security_app.accounts import deletion
from security_app.web.access import Events, RawForm, SignedIn
from security_app.web.context import current_actor
from security_app.web.door import leave_after_deletion
from security_app.web.forms import Email, Form, HasErrors, parse, refusals
from security_app.web.step_up_state import ask_before


class DeleteForm(Form):
    """The field of the dialog."""

    confirmation: Email


class DeleteAccountState(SignedIn, HasErrors, rx.State):
    """Browser: whether the dialog is open."""

    is_open: bool = False

    @rx.event
    async def begin(self) -> None:
        """Ask for the typed confirmation, once identity is confirmed. Policy: signed in."""
        self.errors = {}
        self.is_open = True

    @rx.event
    async def toggle(self, is_open: bool) -> None:
        """Close the dialog. Policy: signed in."""
        if not is_open:
            self.is_open = False
            self.errors = {}

    @rx.event
    async def submit(self, form: RawForm) -> Events:
        """Delete the account and leave.

        Policy: signed in, grant of delete_account, which it spends, and the address typed.
        """
        self.is_busy = True
        yield
        async with refusals(self):
            filled = parse(DeleteForm, form)
            await deletion.delete_account(current_actor(), typed=filled.confirmation)
        if not self.errors:
            await leave_after_deletion(self)


ask_before(
    "delete_account",
    DeleteAccountState.begin,
    title="Delete account",
    explanation="First confirm that it is you.",
)
