"""What the dialogs share in which a new password is typed."""

import reflex as rx

from security_app.accounts import accounts
from security_app.db.engine import reading
from security_app.db.tables import new_id
from security_app.web.context import current_actor
from security_app.web.forms import HasErrors
from security_app.web.strength import NOTHING_TYPED, Strength, assess_password


class NewPassword(HasErrors, mixin=True):
    """Browser: whether the dialog is open, which opening it is, the strength meter.

    What is typed arrives with the form and leaves with the handler.
    """

    is_open: bool = False
    opening: str = ""
    strength: Strength = NOTHING_TYPED

    @rx.event
    async def assess(self, value: str, opening: str) -> None:
        """Judge a password while it is typed; it is kept nowhere. Policy: signed in."""
        # What was typed before the dialog closed may arrive after it opened again.
        if opening != self.opening:
            return
        async with reading() as db:
            profile = await accounts.profile(db, current_actor().account_id)
        self.strength = await assess_password(value, profile.email, profile.name)

    def _show_dialog(self, is_open: bool) -> None:
        """Open or close the dialog, empty."""
        self.opening = new_id() if is_open else ""
        self.is_open = is_open
        self.errors = {}
        self.strength = NOTHING_TYPED
