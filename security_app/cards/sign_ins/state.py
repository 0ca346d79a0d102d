"""What the Recent sign-ins card knows."""

import dataclasses

import reflex as rx
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import activity
from security_app.accounts.activity import SignIn
from security_app.accounts.activity_words import METHODS, RESULTS
from security_app.clock import iso
from security_app.web.card import Card
from security_app.web.context import current_actor

#: The card shows the latest few; the Activity page has them all.
_ROWS = 5


@dataclasses.dataclass(frozen=True)
class SignInRow:
    """One row of the login history, as views show it."""

    id: str
    at: str
    result_text: str
    is_success: bool
    method: str
    two_factor_verified: bool
    title: str
    place: str
    ip: str
    is_new_device: bool


class SignInsState(Card, rx.State):
    """Browser: the latest rows."""

    rows: list[SignInRow] = []

    async def _read(self, db: AsyncSession) -> None:
        page = await activity.sign_ins(db, current_actor().account_id, limit=_ROWS)
        self.rows = [sign_in_row(item) for item in page.items]


def sign_in_row(item: SignIn) -> SignInRow:
    """A row of the history in words."""
    return SignInRow(
        id=item.id,
        at=iso(item.at),
        result_text=RESULTS.get(item.result, item.result),
        is_success=item.result == "signed_in",
        method=METHODS.get(item.method, item.method),
        two_factor_verified=item.two_factor_verified,
        title=item.device,
        place=item.place,
        ip=item.ip,
        is_new_device=item.is_new_device,
    )
