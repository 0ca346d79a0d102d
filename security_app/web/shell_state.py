"""What the frame of every signed-in page knows."""

import reflex as rx
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import accounts, sessions
from security_app.accounts.sign_up import send_confirmation_again
from security_app.settings import get_settings
from security_app.web.access import Events
from security_app.web.card import Card
from security_app.web.context import current_actor
from security_app.web.forms import HasErrors, refusals
from security_app.web.notices import notify


class ShellState(Card, HasErrors, rx.State):
    """Browser: the account's name and address, whether it is confirmed, demo mode."""

    name: str = ""
    email: str = ""
    is_confirmed: bool = True
    is_demo: bool = False

    async def _read(self, db: AsyncSession) -> None:
        """The account; shows the notice a former page left."""
        actor = current_actor()
        profile = await accounts.profile(db, actor.account_id)
        self.name, self.email = profile.name, profile.email
        self.is_confirmed = profile.email_confirmed
        self.is_demo = get_settings().demo
        if "changed" not in self.router.url.query_parameters:
            return
        if text := _notice_text(await sessions.take_notice(actor)):
            await notify(self, "success", text)

    @rx.event
    async def send_confirmation(self) -> Events:
        """Mail the confirmation link again. Policy: signed in; 5 mails an hour."""
        self.is_busy = True
        yield
        async with refusals(self):
            await send_confirmation_again(current_actor())
            await notify(self, "success", f"We sent the link to {self.email} again.")
        if sentence := self.errors.get("form"):
            await notify(self, "error", sentence)


def _notice_text(notice: str) -> str:
    kind, _, number = notice.partition(":")
    if kind != "password_changed":
        return ""
    if number == "0":
        return "Your password was changed."
    ended = "1 other session was" if number == "1" else f"{number} other sessions were"
    return f"Your password was changed. {ended} signed out."
