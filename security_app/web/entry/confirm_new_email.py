"""The state of the page the link at a new address opens."""

import reflex as rx

from security_app.accounts.emails import confirm_change
from security_app.accounts.errors import LinkDead
from security_app.web.access import Events, Public, RawForm
from security_app.web.context import current_visitor
from security_app.web.forms import HasErrors, refusals


class ConfirmNewEmailState(Public, HasErrors, rx.State):
    """Browser: whether it is done, or the link is dead.

    Opening the link changes nothing: mail scanners open links too.
    """

    is_done: bool = False
    is_dead_link: bool = False

    @rx.event
    async def load(self) -> None:
        """Show the button. Policy: anybody."""
        self.errors, self.is_done = {}, False
        self.is_dead_link = not self.router.url.query_parameters.get("token")

    @rx.event
    async def submit(self, form: RawForm) -> Events:
        """Change the address. Policy: anybody with a live link. Audit: email.changed."""
        self.is_busy = True
        yield
        async with refusals(self):
            token = self.router.url.query_parameters.get("token", "")
            try:
                await confirm_change(current_visitor(), token)
                self.is_done = True
            except LinkDead:
                self.is_dead_link = True
