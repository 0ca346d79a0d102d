"""The state of the page a "This wasn't me" link opens."""

import reflex as rx

from security_app.accounts.undo import undo
from security_app.web.access import Events, RawForm
from security_app.web.context import current_visitor
from security_app.web.entry.mailed_link import MailedLink, redeeming


class NotMeState(MailedLink, rx.State):
    """Browser: what was put back."""

    address_back: bool = False
    factors_back: bool = False

    @rx.event
    async def submit(self, form: RawForm) -> Events:
        """Put the account back to before the mail.

        Policy: anybody with a live link. Audit: account.undone.
        """
        self.is_busy = True
        yield
        async with redeeming(self) as token:
            done = await undo(current_visitor(), token)
            self.address_back, self.factors_back = done.address_back, done.factors_back
