"""One authenticator code: compared by time step, spent by one conditional UPDATE (S-13)."""

import hmac

from pyotp.hotp import HOTP
from sqlalchemy import bindparam, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts.errors import MethodSuspended
from security_app.accounts.proofs.codes import as_digits
from security_app.clock import now
from security_app.db.engine import execute
from security_app.db.sealing import open_sealed
from security_app.db.tables import Totp
from security_app.limits import FACTOR_FAILURES_SUSPEND
from security_app.policy import get_policy

#: RFC 6238 §4.1: seconds of one time step, from the Unix epoch.
STEP_S = 30
#: PyOTP refuses keys below 112 bits; some policies show 16 characters (80 bits).
_KEY_CHARS = 32

#: Built once, as each code needs them.
_FIND = select(col(Totp.sealed_secret), col(Totp.failures)).where(
    col(Totp.account_id) == bindparam("of")
)
_SPEND = (
    update(Totp)
    .where(
        col(Totp.account_id) == bindparam("of"),
        col(Totp.sealed_secret) == bindparam("compared"),
        col(Totp.last_step) < bindparam("step"),
    )
    .values(last_step=bindparam("step"), failures=0)
)


def current_step() -> int:
    """The time step of this moment, by the server's UTC clock (S-12)."""
    return int(now().timestamp()) // STEP_S


def code_at(secret: str, step: int) -> str:
    """The six digits of one time step.

    Args:
        secret: base32 characters.
        step: 30-second steps since the epoch.
    """
    # HMAC fills short keys up with zero bytes (RFC 2104 §2): "A" is zero in base32, so
    # the longer key gives the same codes.
    return HOTP(secret.ljust(_KEY_CHARS, "A")).at(step)


def matching_step(secret: str, code: str, window: int) -> int | None:
    """The time step a code belongs to, within ±window steps of now; the earliest wins."""
    at = current_step()
    matches = [
        step
        for step in range(at - window, at + window + 1)
        if hmac.compare_digest(code_at(secret, step), code)
    ]
    return matches[0] if matches else None


def secret_context(account_id: str) -> str:
    """What a sealed secret is bound to."""
    return f"totp:{account_id}"


async def spend(db: AsyncSession, account_id: str, text: str) -> bool:
    """Check an authenticator code and use up its time step.

    Args:
        text: as typed.

    Returns:
        Whether it was right and unused. Wrong, replayed and out-of-window
        codes look alike.

    Raises:
        MethodSuspended: 50 wrong codes in a row.
    """
    row = (await execute(db, _FIND, {"of": account_id})).first()
    code = as_digits(text)
    if row is None or code is None:
        return False
    sealed_secret, failures = row
    if failures >= FACTOR_FAILURES_SUSPEND:
        raise MethodSuspended
    secret = open_sealed(sealed_secret, secret_context(account_id)).decode()
    step = matching_step(secret, code, get_policy().totp_window)
    if step is None:
        return False
    values = {"of": account_id, "compared": sealed_secret, "step": step}
    return (await execute(db, _SPEND, values)).rowcount == 1


async def count_failure(db: AsyncSession, account_id: str) -> None:
    """Note a wrong code for the count that suspends the method (S-49)."""
    await db.exec(
        update(Totp)
        .where(col(Totp.account_id) == account_id)
        .values(failures=col(Totp.failures) + 1)
    )
