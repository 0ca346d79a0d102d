"""The state of the page a confirmation link opens."""

import reflex as rx

from security_app.accounts.sign_up import confirm_email
from security_app.web.access import Events, RawForm
from security_app.web.context import current_visitor
from security_app.web.entry.mailed_link import MailedLink, redeeming


class ConfirmEmailState(MailedLink, rx.State):
    """Browser: whether it is done."""

    @rx.event
    async def submit(self, form: RawForm) -> Events:
        """Confirm the address. Policy: anybody with a live link. Audit: email.confirmed."""
        self.is_busy = True
        yield
        async with redeeming(self) as token:
            await confirm_email(current_visitor(), token)
