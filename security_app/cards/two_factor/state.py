"""Whether two-factor authentication is on, whatever its methods."""

import reflex as rx

from security_app.accounts import accounts
from security_app.accounts.methods import methods_of
from security_app.db.engine import reading
from security_app.policy import get_policy
from security_app.web.access import SignedIn
from security_app.web.context import current_actor


class TwoFactorState(SignedIn, rx.State):
    """Browser: whether any method is on, and whether the role should have one."""

    is_loaded: bool = False
    is_enabled: bool = False
    is_recommended: bool = False
    has_choice: bool = False

    @rx.event
    async def load(self) -> None:
        """Read how it stands. Policy: signed in."""
        account_id = current_actor().account_id
        async with reading() as db:
            methods = await methods_of(db, account_id)
            profile = await accounts.profile(db, account_id)
        self.is_enabled = bool(methods.on)
        self.is_recommended = profile.should_use_2fa
        self.has_choice = get_policy().email_code and "totp" not in methods.on
        self.is_loaded = True
