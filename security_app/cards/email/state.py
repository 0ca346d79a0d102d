"""What the Email card knows and what its buttons do."""

import reflex as rx
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import accounts, emails
from security_app.clock import iso
from security_app.web.access import Events, RawForm
from security_app.web.card import Card
from security_app.web.context import current_actor
from security_app.web.forms import Email, Form, HasErrors, parse, refusals, required, tell_refusal
from security_app.web.notices import notify
from security_app.web.step_up_state import ask_before


class NewEmailForm(Form):
    """The field of the dialog."""

    email: Email


class EmailState(Card, HasErrors, rx.State):
    """Browser: the address, the change that waits, whether the dialog is open."""

    email: str = ""
    is_confirmed: bool = True
    pending_email: str = ""
    pending_until: str = ""
    is_open: bool = False

    @rx.event
    async def begin(self) -> None:
        """Ask for the new address, once identity is confirmed. Policy: signed in."""
        self.errors = {}
        self.is_open = True

    @rx.event
    async def toggle(self, is_open: bool) -> None:
        """Close the dialog. Policy: signed in."""
        if not is_open:
            self.is_open = False
            self.errors = {}

    @rx.event
    async def save(self, form: RawForm) -> Events:
        """Ask for another address; nothing changes until it is confirmed.

        Policy: signed in, grant of change_email, which it spends. Limit: 5 mails an hour
        an account and an address, 20 a network. Audit: email.change_asked.
        """
        self.is_busy = True
        yield
        async with refusals(self):
            filled = parse(NewEmailForm, form)
            email = required(filled.email, "email", "Enter your new e-mail address.")
            address = await emails.request_change(current_actor(), new_email=email)
            self.is_open = False
            await notify(
                self, "success", f"We sent a link to {address.email}. Nothing changes before."
            )
        await self._load()

    @rx.event
    async def send_again(self) -> Events:
        """Mail the link once more. Policy: signed in. Limit: 5 mails an hour."""
        self.is_busy = True
        yield
        async with refusals(self):
            address = await emails.send_again(current_actor())
            await notify(self, "success", f"We sent the link to {address.email} again.")
        await tell_refusal(self)
        await self._load()

    @rx.event
    async def cancel(self) -> None:
        """Drop the change that waits. Policy: signed in. Audit: email.change_cancelled."""
        async with refusals(self):
            await emails.cancel(current_actor())
            await notify(self, "success", "Your e-mail address stays as it is.")
        await tell_refusal(self)
        await self._load()

    async def _read(self, db: AsyncSession) -> None:
        account_id = current_actor().account_id
        profile = await accounts.profile(db, account_id)
        waiting = await emails.pending(db, account_id)
        self.email, self.is_confirmed = profile.email, profile.email_confirmed
        self.pending_email = waiting.email if waiting else ""
        self.pending_until = iso(waiting.expires_at) if waiting else ""


ask_before(
    "change_email",
    EmailState.begin,
    title="Change email",
    explanation="First confirm that it is you.",
)
