"""The state of the page the link at a new address opens."""

import reflex as rx

from security_app.accounts.emails import confirm_change
from security_app.web.access import Events, RawForm
from security_app.web.context import current_visitor
from security_app.web.entry.mailed_link import MailedLink, redeeming


class ConfirmNewEmailState(MailedLink, rx.State):
    """Browser: whether it is done."""

    @rx.event
    async def submit(self, form: RawForm) -> Events:
        """Change the address. Policy: anybody with a live link. Audit: email.changed."""
        self.is_busy = True
        yield
        async with redeeming(self) as token:
            await confirm_change(current_visitor(), token)
