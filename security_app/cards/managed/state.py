"""Whether the organization's sign-on manages the account; the cards it concerns share this."""

import reflex as rx
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import sso
from security_app.web.card import Card
from security_app.web.context import current_actor


class ManagedState(Card, rx.State):
    """Browser: the name of the provider that manages the account, "" when none does."""

    manager: str = ""

    async def _read(self, db: AsyncSession) -> None:
        row = await sso.manager_of(db, current_actor().account_id)
        self.manager = row.name if row is not None else ""
