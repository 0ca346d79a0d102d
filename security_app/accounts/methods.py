"""Which second factors an account has on: read fresh each time it is asked."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.db.tables import Account, Totp


@dataclass(frozen=True, slots=True)
class Methods:
    """The factors of an account.

    Attributes:
        has_password: whether it can prove itself with a password.
        totp_at: since when the authenticator app is on, None when off.
    """

    has_password: bool
    totp_at: datetime | None

    @property
    def on(self) -> tuple[str, ...]:
        """The methods that are on, the stronger one first."""
        return ("totp",) if self.totp_at else ()


async def methods_of(db: AsyncSession, account_id: str) -> Methods:
    """Read which factors are on."""
    password = (
        await db.exec(select(Account.password_hash).where(Account.id == account_id))
    ).first()
    totp_at = (await db.exec(select(Totp.enabled_at).where(Totp.account_id == account_id))).first()
    return Methods(password is not None, totp_at)
