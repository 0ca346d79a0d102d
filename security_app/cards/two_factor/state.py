"""Whether two-factor authentication is on, whatever its methods."""

import reflex as rx
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import accounts
from security_app.accounts.methods import methods_of
from security_app.policy import get_policy
from security_app.web.card import Card
from security_app.web.context import current_actor


class TwoFactorState(Card, rx.State):
    """Browser: whether any method is on, and whether the role should have one."""

    is_enabled: bool = False
    is_recommended: bool = False
    has_choice: bool = False

    async def _read(self, db: AsyncSession) -> None:
        account_id = current_actor().account_id
        methods = await methods_of(db, account_id)
        profile = await accounts.profile(db, account_id)
        self.is_enabled = bool(methods.on)
        self.is_recommended = profile.should_use_2fa
        self.has_choice = get_policy().email_code and "totp" not in methods.on
