"""Which second factors an account has on: read fresh each time it is asked."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import bindparam, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.db.engine import execute
from security_app.db.tables import Account, EmailMethod, Pin, Totp

#: RFC 6238 §4.1: one step of an authenticator code, in seconds since the epoch.
_STEP_S = 30


@dataclass(frozen=True, slots=True)
class Methods:
    """The factors of an account.

    Attributes:
        has_password: whether it can prove itself with a password.
        totp_at: since when the authenticator app is on, None when off.
        email_code_at: since when the e-mail code is on, None when off.
        on: the methods whose codes count, the one used last first. After a password
            reset by mail the e-mail code is missing until the app has been used (D5).
        has_pin: whether a PIN is set; it is a brake, no factor (D7).
    """

    has_password: bool
    totp_at: datetime | None
    email_code_at: datetime | None = None
    on: tuple[str, ...] = field(default=())
    has_pin: bool = False

    @property
    def serving(self) -> tuple[str, ...]:
        """What serves where a code of any method does: recovery codes come with the app."""
        return (*self.on, "recovery_code") if "totp" in self.on else self.on


_FACTORS = (
    select(
        col(Account.password_hash).is_not(None),
        col(Totp.enabled_at),
        col(Totp.last_step),
        col(EmailMethod.enabled_at),
        col(EmailMethod.last_used_at),
        col(EmailMethod.needs_other_method),
        col(Pin.set_at).is_not(None),
    )
    .select_from(Account)
    .outerjoin(Totp, col(Totp.account_id) == col(Account.id))
    .outerjoin(EmailMethod, col(EmailMethod.account_id) == col(Account.id))
    .outerjoin(Pin, col(Pin.account_id) == col(Account.id))
    .where(col(Account.id) == bindparam("account_id"))
)


async def methods_of(db: AsyncSession, account_id: str) -> Methods:
    """Read which factors are on, in one statement."""
    row = (await execute(db, _FACTORS, {"account_id": account_id})).first()
    if row is None:
        return Methods(has_password=False, totp_at=None)
    has_password, totp_at, last_step, email_code_at, email_used_at, needs_other, has_pin = row
    on = ["totp"] if totp_at else []
    if email_code_at and not (totp_at and needs_other):
        app_used_at = datetime.fromtimestamp((last_step or 0) * _STEP_S, UTC)
        is_preferred = email_used_at is not None and email_used_at > app_used_at
        on.insert(0 if is_preferred else len(on), "email_code")
    return Methods(has_password, totp_at, email_code_at, tuple(on), has_pin)
