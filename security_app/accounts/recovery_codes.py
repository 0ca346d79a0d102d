"""The set of recovery codes of an account: made, viewed, replaced, destroyed.

A set exists exactly as long as the authenticator app is on (S-28).
"""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import activity, factor_snapshots, notices, step_up, throttle
from security_app.accounts.actor import Actor
from security_app.accounts.errors import NotOn, NotRetrievable
from security_app.accounts.factor_snapshots import Snapshot
from security_app.accounts.hashing import hash_text, hashing_place
from security_app.accounts.notices import notice_params
from security_app.accounts.proofs.recovery_code import tag_of
from security_app.accounts.throttle import Budget
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.sealing import open_sealed, seal
from security_app.db.tables import Account, RecoveryCode, RecoveryKit, Totp, new_id
from security_app.limits import MAIL_LIMITS_RECIPIENT, RECOVERY_CODES, RECOVERY_CODES_LOW
from security_app.live.hub import Change, announce
from security_app.mail.queueing import enqueue
from security_app.policy import get_policy

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
#: 16 base32 characters are 80 random bits (S-24).
_CODE_CHARS = 16


@dataclass(frozen=True, slots=True)
class ShownCode:
    """One code on screen: in groups of four, with the time it was used."""

    code: str = field(repr=False)
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Kit:
    """A set of codes on screen.

    Attributes:
        number: counts the sets of this account.
        made_at: when this one was made.
        codes: in the order they were made.
    """

    number: int
    made_at: datetime
    codes: tuple[ShownCode, ...]


@dataclass(frozen=True, slots=True)
class KitStatus:
    """What the card says about the set."""

    left: int
    total: int
    number: int
    made_at: datetime | None
    is_low: bool


@dataclass(frozen=True, slots=True)
class PreparedCode:
    """A code made and hashed, not yet stored."""

    code: str = field(repr=False)
    code_hash: str


async def prepare() -> list[PreparedCode]:
    """Make and hash ten codes; call outside a transaction, it takes a while.

    Raises:
        Overloaded: no hashing thread is free.
    """
    codes = [
        "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_CHARS))
        for _ in range(RECOVERY_CODES)
    ]

    async def hashed(code: str) -> PreparedCode:
        async with hashing_place():
            return PreparedCode(code, await hash_text(code, "recovery code"))

    return list(await asyncio.gather(*map(hashed, codes)))


async def replace(db: AsyncSession, account_id: str, prepared: list[PreparedCode]) -> Kit:
    """Swap the whole set in the caller's transaction; the old codes stop working with it."""
    await db.exec(delete(RecoveryCode).where(col(RecoveryCode.account_id) == account_id))
    at = now()
    kit = await db.get(RecoveryKit, account_id, with_for_update=True)
    if kit is None:
        kit = RecoveryKit(account_id=account_id, number=0, made_at=at)
    kit.number += 1
    kit.made_at = at
    db.add(kit)
    is_kept = get_policy().recovery_code_storage == "encrypted"
    for position, item in enumerate(prepared):
        code_id = new_id()
        sealed = seal(item.code.encode(), code_context(account_id, code_id)) if is_kept else None
        db.add(
            RecoveryCode(
                id=code_id,
                account_id=account_id,
                position=position,
                tag=tag_of(account_id, item.code),
                code_hash=item.code_hash,
                sealed_code=sealed,
            )
        )
    announce(db, Change(account_id, "factors"))
    return Kit(kit.number, at, tuple(ShownCode(_grouped(item.code), None) for item in prepared))


async def destroy(db: AsyncSession, account_id: str) -> None:
    """Delete the set, when the authenticator app is turned off."""
    await db.exec(delete(RecoveryCode).where(col(RecoveryCode.account_id) == account_id))


async def status(db: AsyncSession, account_id: str) -> KitStatus:
    """How many codes are left of which set."""
    total, used = (
        await db.exec(
            select(func.count(col(RecoveryCode.id)), func.count(col(RecoveryCode.used_at))).where(
                RecoveryCode.account_id == account_id
            )
        )
    ).one()
    kit = await db.get(RecoveryKit, account_id)
    left = total - used
    is_low = bool(total) and left <= RECOVERY_CODES_LOW
    if kit is None or not total:
        return KitStatus(left, total, 0, None, is_low=False)
    return KitStatus(left, total, kit.number, kit.made_at, is_low)


async def view(actor: Actor) -> Kit:
    """Show the set; needs the grant of "view_recovery_codes" (S-27).

    Raises:
        StepUpRequired: no fresh authenticator code was given for this.
        NotOn: there is no set.
        NotRetrievable: codes are kept as hashes only.
    """
    async with transaction() as db:
        await step_up.spend(db, actor, "view_recovery_codes")
        rows = (
            await db.exec(
                select(RecoveryCode)
                .where(RecoveryCode.account_id == actor.account_id)
                .order_by(col(RecoveryCode.position))
            )
        ).all()
        kit = await db.get(RecoveryKit, actor.account_id)
        if kit is None or not rows:
            raise NotOn
        codes = tuple(ShownCode(_grouped(_open(row)), row.used_at) for row in rows)
        activity.record(db, actor, "recovery_codes.viewed")
        await _tell(db, actor, "recovery_codes_viewed")
    return Kit(kit.number, kit.made_at, codes)


async def regenerate(actor: Actor) -> Kit:
    """Replace the set; needs the grant of "regenerate_recovery_codes" (S-27).

    Raises:
        StepUpRequired: no fresh authenticator code was given for this.
        NotOn: the authenticator app is off.
        NotRetrievable: the policy makes new codes by turning the app off and on.
    """
    if get_policy().codes_regenerate != "in_place":
        raise NotRetrievable("New codes come with turning the app off and on again.")
    prepared = await prepare()
    async with transaction() as db:
        await step_up.spend(db, actor, "regenerate_recovery_codes")
        if await db.get(Totp, actor.account_id, with_for_update=True) is None:
            raise NotOn
        before = await factor_snapshots.take(db, actor.account_id)
        kit = await replace(db, actor.account_id, prepared)
        activity.record(db, actor, "recovery_codes.regenerated", str(kit.number))
        await _tell(db, actor, "recovery_codes_regenerated", before)
    return kit


async def forget_copies(db: AsyncSession) -> int:
    """Erase the sealed copies, when the policy keeps hashes only (D2); returns how many."""
    if get_policy().recovery_code_storage == "encrypted":
        return 0
    result = await db.exec(
        update(RecoveryCode)
        .where(col(RecoveryCode.sealed_code).is_not(None))
        .values(sealed_code=None)
    )
    return result.rowcount


async def mail_to_owner(actor: Actor, codes: Sequence[str]) -> None:
    """Send codes to the owner's own address, when asked to.

    Args:
        codes: what this server put on screen, never what a client sent.

    Raises:
        TooManyAttempts: five times an hour are enough.
    """
    async with reading() as db:
        account = await db.get(Account, actor.account_id)
    if account is None:
        raise NotOn
    await throttle.reserve(Budget(f"mail:codes:{account.id}", MAIL_LIMITS_RECIPIENT))
    async with transaction() as db:
        kit = await db.get(RecoveryKit, account.id)
        params = notice_params(account, actor.visitor) | {"kit": str(kit.number if kit else 0)}
        params |= {f"code_{number:02}": code for number, code in enumerate(codes, 1)}
        await enqueue(db, "recovery_codes", account.email, params)
        activity.record(db, actor, "recovery_codes.mailed")


async def _tell(db: AsyncSession, actor: Actor, kind: str, before: Snapshot | None = None) -> None:
    account = await db.get(Account, actor.account_id)
    if account is not None:
        await notices.tell(db, kind, account, actor.visitor, before=before)


def _open(row: RecoveryCode) -> str:
    if row.sealed_code is None:
        raise NotRetrievable
    return open_sealed(row.sealed_code, code_context(row.account_id, row.id)).decode()


def code_context(account_id: str, code_id: str) -> str:
    """What a sealed code is bound to."""
    return f"recovery:{account_id}:{code_id}"


def _grouped(code: str) -> str:
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
