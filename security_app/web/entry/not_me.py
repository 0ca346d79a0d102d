"""The state of the page a "This wasn't me" link opens."""

import reflex as rx

from security_app.accounts.errors import LinkDead
from security_app.accounts.undo import undo
from security_app.web.access import Events, Public, RawForm
from security_app.web.context import current_visitor
from security_app.web.forms import HasErrors, refusals


class NotMeState(Public, HasErrors, rx.State):
    """Browser: whether it is done and what was put back, or that the link is dead.

    Opening the link changes nothing: mail scanners open links too.
    """

    is_done: bool = False
    is_dead_link: bool = False
    address_back: bool = False
    factors_back: bool = False

    @rx.event
    async def load(self) -> None:
        """Show the button. Policy: anybody."""
        self.errors, self.is_done = {}, False
        self.is_dead_link = not self.router.url.query_parameters.get("token")

    @rx.event
    async def submit(self, form: RawForm) -> Events:
        """Put the account back to before the mail.

        Policy: anybody with a live link. Audit: account.undone.
        """
        self.is_busy = True
        yield
        async with refusals(self):
            token = self.router.url.query_parameters.get("token", "")
            try:
                done = await undo(current_visitor(), token)
                self.address_back, self.factors_back = done.address_back, done.factors_back
                self.is_done = True
            except LinkDead:
                self.is_dead_link = True
