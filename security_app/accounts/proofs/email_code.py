"""One mailed code: kept as a keyed hash, tried five times, spent by one conditional DELETE.

A code serves the purpose and the holder it was asked for and no other (S-18).
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, bindparam, delete, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts.errors import MethodSuspended
from security_app.accounts.proofs.codes import as_digits
from security_app.clock import now
from security_app.db.engine import execute
from security_app.db.tables import EmailCode, EmailMethod
from security_app.keys import Key, keyed_digest, keys
from security_app.limits import EMAIL_CODE_LIFE, EMAIL_CODE_TRIES, FACTOR_FAILURES_SUSPEND

#: Built once, as each sign-in with a code needs it.
_SET_NEEDS_OTHER = (
    update(EmailMethod)
    .where(col(EmailMethod.account_id) == bindparam("of"))
    .values(needs_other_method=bindparam("needs"))
)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a code is asked for.

    Attributes:
        purpose: "sign_in" or an action of the step-up table.
        holder: the id of the half-finished sign-in, or of the session.
    """

    purpose: str
    holder: str


def new_code() -> str:
    """Six uniform digits, leading zeros kept (S-17)."""
    return f"{secrets.randbelow(10**6):06d}"


def code_digest(account_id: str, occasion: Occasion, code: str, key: Key | None = None) -> str:
    """What is stored of a code: 64 hex characters, by default under the first key."""
    text = f"{account_id}:{occasion.purpose}:{occasion.holder}:{code}"
    return keyed_digest("e-mail code", text, key)


async def store(
    db: AsyncSession, account_id: str, occasion: Occasion, code: str
) -> EmailCode | None:
    """Keep a code in place of the former one of its occasion: only the newest counts (S-19).

    Returns:
        The former one, for :func:`withdraw`.
    """
    former = await db.get(EmailCode, (account_id, occasion.purpose, occasion.holder))
    kept = EmailCode(**former.model_dump()) if former else None
    await db.exec(delete(EmailCode).where(_is_of(account_id, occasion)))
    if former:
        db.expunge(former)
    db.add(
        EmailCode(
            account_id=account_id,
            purpose=occasion.purpose,
            holder=occasion.holder,
            code_hash=code_digest(account_id, occasion, code),
            expires_at=now() + EMAIL_CODE_LIFE,
        )
    )
    return kept


async def life_left(db: AsyncSession, account_id: str, occasion: Occasion) -> timedelta | None:
    """How long the code of an occasion still counts; None when there is none that does."""
    row = await db.get(EmailCode, (account_id, occasion.purpose, occasion.holder))
    if row is None or row.tries >= EMAIL_CODE_TRIES:
        return None
    left = row.expires_at - now()
    return left if left > timedelta() else None


async def withdraw(
    db: AsyncSession, account_id: str, occasion: Occasion, code: str, former: EmailCode | None
) -> None:
    """Take back a code that could not be sent, unless a newer one stands there.

    Args:
        former: what :func:`store` replaced; it counts again.
    """
    gone = await db.exec(
        delete(EmailCode).where(
            _is_of(account_id, occasion),
            col(EmailCode.code_hash) == code_digest(account_id, occasion, code),
        )
    )
    if gone.rowcount and former is not None:
        db.add(former)


async def spend(db: AsyncSession, account_id: str, occasion: Occasion, text: str) -> bool:
    """Count a try, then use the code up if it is the right one.

    Args:
        text: as typed.

    Returns:
        Whether it was right. Wrong, used, replaced and expired look alike.

    Raises:
        MethodSuspended: 50 wrong codes in a row.
    """
    code = as_digits(text)
    if code is None:
        return False
    method = await db.get(EmailMethod, account_id)
    if method is not None and method.failures >= FACTOR_FAILURES_SUSPEND:
        raise MethodSuspended
    counted = await db.exec(
        update(EmailCode)
        .where(
            _is_of(account_id, occasion),
            col(EmailCode.expires_at) > now(),
            col(EmailCode.tries) < EMAIL_CODE_TRIES,
        )
        .values(tries=col(EmailCode.tries) + 1)
    )
    if counted.rowcount == 0:
        return False
    digests = [code_digest(account_id, occasion, code, key) for key in keys()]
    spent = await db.exec(
        delete(EmailCode).where(_is_of(account_id, occasion), col(EmailCode.code_hash).in_(digests))
    )
    if spent.rowcount == 0:
        return False
    await db.exec(
        update(EmailMethod)
        .where(col(EmailMethod.account_id) == account_id)
        .values(last_used_at=now(), failures=0)
    )
    return True


async def distrust_mailbox(db: AsyncSession, account_id: str) -> None:
    """Let codes wait for the other method, where there is one: the mailbox was enough once (D5)."""
    await _set_needs_other(db, account_id, needs_other=True)


async def trust_mailbox(db: AsyncSession, account_id: str) -> None:
    """Let codes count again: another method has been proven."""
    await _set_needs_other(db, account_id, needs_other=False)


async def _set_needs_other(db: AsyncSession, account_id: str, *, needs_other: bool) -> None:
    await execute(db, _SET_NEEDS_OTHER, {"of": account_id, "needs": needs_other})


async def count_failure(db: AsyncSession, account_id: str) -> None:
    """Note a wrong code for the count that suspends the method (S-49)."""
    await db.exec(
        update(EmailMethod)
        .where(col(EmailMethod.account_id) == account_id)
        .values(failures=col(EmailMethod.failures) + 1)
    )


async def revoke_of_account(db: AsyncSession, account_id: str) -> None:
    """Make every mailed code of an account useless (S-05)."""
    await db.exec(delete(EmailCode).where(col(EmailCode.account_id) == account_id))


async def forget_old(db: AsyncSession) -> None:
    """Drop codes that no longer count (S-21)."""
    await db.exec(delete(EmailCode).where(col(EmailCode.expires_at) < now()))


def _is_of(account_id: str, occasion: Occasion) -> ColumnElement[bool]:
    return (
        (col(EmailCode.account_id) == account_id)
        & (col(EmailCode.purpose) == occasion.purpose)
        & (col(EmailCode.holder) == occasion.holder)
    )
