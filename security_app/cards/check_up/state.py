"""The check-up strip: what would make the account safer."""

import dataclasses

import reflex as rx
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import accounts, passwords, recovery_codes, sso
from security_app.accounts.methods import methods_of
from security_app.web.card import Card
from security_app.web.context import current_actor


@dataclasses.dataclass(frozen=True)
class Advice:
    """One thing to do and the card it is done on.

    Attributes:
        text: what to do.
        card: the id of the card it is done on.
    """

    text: str
    card: str


class CheckUpState(Card, rx.State):
    """Browser: advice, most pressing first; none means well protected."""

    advice: list[Advice] = []

    async def _read(self, db: AsyncSession) -> None:
        account_id = current_actor().account_id
        profile = await accounts.profile(db, account_id)
        methods = await methods_of(db, account_id)
        password = await passwords.status(db, account_id)
        kit = await recovery_codes.status(db, account_id)
        advice: list[Advice] = []
        # What an organization's sign-on manages, nobody is asked to see to here.
        is_managed = await sso.manager_of(db, account_id) is not None
        if not methods.on and not is_managed:
            text = "Turn on two-factor authentication"
            text += ": strongly recommended for your role" if profile.should_use_2fa else ""
            advice.append(Advice(text, "totp"))
        if kit.is_low and not is_managed:
            left = "1 recovery code is" if kit.left == 1 else f"{kit.left} recovery codes are"
            advice.append(Advice(f"Only {left} left: make new ones", "totp"))
        if password.is_old and not is_managed:
            advice.append(Advice("Change your password: it is older than six months", "password"))
        if not profile.email_confirmed:
            advice.append(Advice("Confirm your e-mail address", "main"))
        self.advice = advice
