"""The PIN as a brake: counted first, then compared, one counter an account (S-32).

It raises no assurance (D7): it is asked before irreversible actions only, and
no other proof takes a PIN in its place.
"""

import re

from sqlalchemy import case, literal, or_, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import activity, notices
from security_app.accounts.actor import Actor
from security_app.accounts.hashing import Verification, hashing_place, verify_text
from security_app.accounts.pin_errors import PinDisabled, PinLocked, PinRequired, PinWrong
from security_app.clock import now
from security_app.db.engine import transaction
from security_app.db.tables import Account, Pin
from security_app.db.tables.columns import UtcDateTime
from security_app.limits import PIN_FAILURES_DISABLE, PIN_LOCKS
from security_app.live.hub import Change, announce

_SHAPE = re.compile(r"[0-9]{4,6}\Z")
#: Longest text looked at.
_MAX_CHARS = 64


def as_pin(text: str) -> str | None:
    """Four to six ASCII digits, outer spaces taken off; None for anything else (S-30)."""
    digits = text.strip(" ") if len(text) <= _MAX_CHARS else ""
    return digits if _SHAPE.match(digits) else None


async def prove(actor: Actor, text: str) -> None:
    """Compare a PIN; a right one takes the failures before it back.

    Raises:
        PinRequired: nothing was entered.
        PinWrong: not the PIN, or none is set.
        PinLocked, PinDisabled: five or ten wrong ones in a row; nothing was compared.
        Overloaded: no hashing thread is free.
    """
    if not text.strip():
        raise PinRequired
    digits = as_pin(text)
    if digits is None:
        raise PinWrong
    async with hashing_place():
        stored, failures = await _reserve(actor.account_id)
        verification = await verify_text(digits, stored, "pin")
    async with transaction() as db:
        if verification.is_right:
            await _forgive(db, actor.account_id, stored, verification)
            return
        if failures in PIN_LOCKS or failures >= PIN_FAILURES_DISABLE:
            await _tell_lock(db, actor, failures)
    raise _refusal(failures)


async def _reserve(account_id: str) -> tuple[str, int]:
    """Count a failure in advance; returns the stored hash and the failures with this one.

    Raises:
        PinWrong, PinLocked, PinDisabled: nothing may be compared now.
    """
    at = now()
    locks = {failures - 1: literal(at + lock, UtcDateTime) for failures, lock in PIN_LOCKS.items()}
    counting = (
        update(Pin)
        .where(
            col(Pin.account_id) == account_id,
            col(Pin.failures) < PIN_FAILURES_DISABLE,
            or_(col(Pin.locked_until).is_(None), col(Pin.locked_until) <= at),
        )
        .values(
            failures=col(Pin.failures) + 1,
            locked_until=case(locks, value=col(Pin.failures), else_=None),
        )
        .returning(col(Pin.pin_hash), col(Pin.failures))
    )
    async with transaction() as db:
        counted = (await db.exec(counting)).first()
        row = None if counted else await db.get(Pin, account_id)
    if counted:
        return counted[0], counted[1]
    if row is None:
        raise PinWrong
    if row.failures >= PIN_FAILURES_DISABLE:
        raise PinDisabled
    # The lock may have ended between the two statements: then for the shortest wait.
    raise PinLocked((row.locked_until or at) - at)


async def _forgive(
    db: AsyncSession, account_id: str, stored: str, verification: Verification
) -> None:
    # Another PIN may have been set meanwhile: its counter is none of this one's.
    await db.exec(
        update(Pin)
        .where(col(Pin.account_id) == account_id, col(Pin.pin_hash) == stored)
        .values(failures=0, locked_until=None, pin_hash=verification.rehashed or stored)
    )


async def _tell_lock(db: AsyncSession, actor: Actor, failures: int) -> None:
    is_disabled = failures >= PIN_FAILURES_DISABLE
    kind = "pin_disabled" if is_disabled else "pin_locked"
    activity.record(db, actor, kind.replace("_", ".", 1), str(failures))
    announce(db, Change(actor.account_id, "pin", by=actor.session_id))
    account = await db.get(Account, actor.account_id)
    if account is not None:
        minutes = 0 if is_disabled else round(PIN_LOCKS[failures].total_seconds() / 60)
        await notices.tell(db, kind, account, actor.visitor, count=str(minutes))


def _refusal(failures: int) -> Exception:
    if failures >= PIN_FAILURES_DISABLE:
        return PinDisabled()
    if failures in PIN_LOCKS:
        return PinLocked(PIN_LOCKS[failures])
    left = min(PIN_LOCKS) - failures
    tries = "1 more try" if left == 1 else f"{left} more tries"
    return PinWrong(f"That is not your PIN. You have {tries} before it is locked.")
