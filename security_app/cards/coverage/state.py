"""What 2FA covers: the step-up table in words."""

import dataclasses

import reflex as rx
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.policy import STEP_UP, Ask, step_up_row
from security_app.web.card import Card

_OWN_WORDS = {
    "sign_in": "Yes — every sign-in once 2FA is enabled.",
    "disable_totp": "Yes, a code of that method or a recovery code.",
}
_FACTOR = {
    Ask.ALWAYS: "Yes.",
    Ask.ANY_METHOD: "Yes.",
    Ask.OTHER_METHOD: "Yes, a code of the method that is on.",
    Ask.OWN_METHOD: "Yes, a code of that method.",
    Ask.AUTHENTICATOR: "Yes, an authenticator code.",
}


@dataclasses.dataclass(frozen=True)
class CoverRow:
    """One action and whether it asks for a code."""

    action: str
    answer: str


class CoverageState(Card, rx.State):
    """Browser: the table's rows, as this policy has them."""

    rows: list[CoverRow] = []

    async def _read(self, db: AsyncSession) -> None:
        self.rows = [
            *(CoverRow(row.title, _answer(action)) for action, row in STEP_UP.items()),
            CoverRow("Day-to-day work", "No — once you are signed in, you are not asked again."),
        ]


def _answer(action: str) -> str:
    row = step_up_row(action)
    if row.factor is not Ask.NEVER:
        answer = _OWN_WORDS.get(action, _FACTOR[row.factor])
        return f"{answer} And your PIN, when one is set." if row.pin else answer
    if row.pin:
        return "No — your PIN, when one is set."
    return "No — your password." if row.password is Ask.ALWAYS else "No."
