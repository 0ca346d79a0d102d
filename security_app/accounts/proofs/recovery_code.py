"""One recovery code: found by its tag, compared slowly, spent by one conditional UPDATE (S-26)."""

from dataclasses import dataclass

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts.errors import MethodSuspended
from security_app.accounts.hashing import hashing_place, verify_text
from security_app.accounts.proofs.codes import as_recovery_code
from security_app.clock import now
from security_app.db.engine import reading
from security_app.db.tables import RecoveryCode, RecoveryKit
from security_app.keys import Key, keyed_digest, keys
from security_app.limits import FACTOR_FAILURES_SUSPEND


@dataclass(frozen=True, slots=True)
class RightCode:
    """A recovery code that is right and was unused a moment ago; spend it to know."""

    id: str
    code_hash: str


def tag_of(account_id: str, code: str, key: Key | None = None) -> str:
    """The keyed digest a code is found by: 32 hex characters, by default of the first key."""
    return keyed_digest("recovery tag", f"{account_id}:{code}", key)[:32]


async def check(account_id: str, text: str) -> RightCode | None:
    """Compare a recovery code; takes the same time whether there is such a code or not.

    Args:
        text: as typed; case, spaces and dashes do not matter.

    Raises:
        MethodSuspended: 50 wrong codes in a row.
        Overloaded: no hashing thread is free.
    """
    code = as_recovery_code(text)
    if code is None:
        return None
    async with reading() as db:
        kit = await db.get(RecoveryKit, account_id)
        if kit is not None and kit.failures >= FACTOR_FAILURES_SUSPEND:
            raise MethodSuspended
        tags = [tag_of(account_id, code, key) for key in keys()]
        statement = select(RecoveryCode).where(
            RecoveryCode.account_id == account_id, col(RecoveryCode.tag).in_(tags)
        )
        row = (await db.exec(statement)).first()
    async with hashing_place():
        verification = await verify_text(code, row.code_hash if row else None, "recovery code")
    if row is None or not verification.is_right or row.used_at is not None:
        return None
    return RightCode(row.id, row.code_hash)


async def spend(db: AsyncSession, right: RightCode) -> bool:
    """Use the code up; False when somebody was faster, or the set was replaced."""
    result = await db.exec(
        update(RecoveryCode)
        .where(
            col(RecoveryCode.id) == right.id,
            col(RecoveryCode.code_hash) == right.code_hash,
            col(RecoveryCode.used_at).is_(None),
        )
        .values(used_at=now())
    )
    if result.rowcount == 0:
        return False
    owner = select(RecoveryCode.account_id).where(RecoveryCode.id == right.id).scalar_subquery()
    await db.exec(
        update(RecoveryKit).where(col(RecoveryKit.account_id) == owner).values(failures=0)
    )
    return True


async def count_failure(db: AsyncSession, account_id: str) -> None:
    """Note a wrong code for the count that suspends the method (S-49)."""
    await db.exec(
        update(RecoveryKit)
        .where(col(RecoveryKit.account_id) == account_id)
        .values(failures=col(RecoveryKit.failures) + 1)
    )
