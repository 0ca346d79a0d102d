"""What the frame of every signed-in page knows."""

import reflex as rx
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import accounts, memberships, sessions
from security_app.accounts.activity_words import PROVIDER_NAMES
from security_app.accounts.sign_up import send_confirmation_again
from security_app.settings import get_settings
from security_app.web.access import Events
from security_app.web.card import Card
from security_app.web.context import current_actor
from security_app.web.entry.provider_door import refusal_sentence
from security_app.web.forms import HasErrors, refusals
from security_app.web.notices import NO_LINK, Link, notify
from security_app.web.working_keys import in_words


class ShellState(Card, HasErrors, rx.State):
    """Browser: the account's name and address, whether it is confirmed, demo mode.

    ``required_by`` is the organization that waits for a second factor, "" when none does.
    """

    name: str = ""
    email: str = ""
    is_confirmed: bool = True
    is_demo: bool = False
    required_by: str = ""

    async def _read(self, db: AsyncSession) -> None:
        """The account; shows the notice a former page left."""
        actor = current_actor()
        profile = await accounts.profile(db, actor.account_id)
        self.name, self.email = profile.name, profile.email
        self.is_confirmed = profile.email_confirmed
        self.is_demo = get_settings().demo
        place = await memberships.standing(db, actor) if profile.organization else None
        self.required_by = place.name if place is not None and place.is_shut else ""
        if "changed" not in self.router.url.query_parameters:
            return
        kind, text, link = _notice(await sessions.take_notice(actor))
        if text:
            await notify(self, kind, text, link)

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


def _notice(left: str) -> tuple[str, str, Link]:
    """What the former page left, in words: how it went, the sentence, and where it leads.

    It is ``password_changed:ended sessions:working API keys``, ``connect:provider`` or
    ``refused:code:provider``.
    """
    kind, ended, keys = (*left.split(":"), "", "")[:3]
    if kind == "connect":
        return "success", f"{PROVIDER_NAMES.get(ended, ended)} is connected.", NO_LINK
    if kind == "refused":
        return "error", refusal_sentence(ended, keys), NO_LINK
    if kind != "password_changed":
        return "", "", NO_LINK
    text = "Your password was changed."
    if ended != "0":
        sessions_were = "session was" if ended == "1" else "sessions were"
        text += f" {ended} other {sessions_were} signed out."
    of_keys, link = in_words(int(keys or 0))
    return "success", text + of_keys, link
