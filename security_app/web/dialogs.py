"""What cards with dialogs share: which one is open, and closing it."""

import reflex as rx

from security_app.web.forms import HasErrors


class HasDialog(HasErrors, mixin=True):
    """Browser: whether the one dialog is open."""

    is_open: bool = False

    @rx.event
    async def toggle(self, is_open: bool) -> None:
        """Open or close the dialog. Policy: signed in."""
        self.is_open = is_open
        self.errors = {}


class HasDialogs(HasErrors, mixin=True):
    """Browser: which of several dialogs is open, "" for none."""

    dialog: str = ""

    @rx.event
    async def toggle(self, is_open: bool) -> None:
        """Close the dialog. Policy: signed in."""
        if not is_open:
            self.dialog = ""
            self.errors = {}
