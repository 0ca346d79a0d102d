"""Setting, changing and removing the PIN (OnCloudWine guide; S-30 to S-34)."""

import itertools
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import accounts, activity, notices, step_up
from security_app.accounts.actor import Actor
from security_app.accounts.errors import FieldRefused, NotOn
from security_app.accounts.hashing import hash_text, hashing_place
from security_app.accounts.proofs.pin import as_pin
from security_app.accounts.step_up import Proofs
from security_app.clock import now
from security_app.db.engine import transaction
from security_app.db.tables import Pin
from security_app.limits import PIN_FAILURES_DISABLE
from security_app.live.hub import Change, announce


@dataclass(frozen=True, slots=True)
class PinStatus:
    """What the PIN card says.

    Attributes:
        set_at: when it was set, None without a PIN.
        locked_until: the end of a lock that runs, else None.
        is_disabled: whether ten wrong ones have disabled it.
    """

    set_at: datetime | None = None
    locked_until: datetime | None = None
    is_disabled: bool = False


async def status(db: AsyncSession, account_id: str) -> PinStatus:
    """How the PIN of an account stands."""
    row = await db.get(Pin, account_id)
    if row is None:
        return PinStatus()
    is_disabled = row.failures >= PIN_FAILURES_DISABLE
    runs = row.locked_until is not None and row.locked_until > now() and not is_disabled
    return PinStatus(row.set_at, row.locked_until if runs else None, is_disabled)


async def set_pin(actor: Actor, *, pin: str, repeat: str, proofs: Proofs) -> bool:
    """Set the PIN, or another one; also ends a lock.

    Returns:
        Whether there was one before.

    Raises:
        FieldRefused: field "pin" or "repeat_pin": no PIN, an obvious one, or two different.
        WrongPassword, CodeRefused, TooManyAttempts and so on: as :func:`step_up.prove`.
    """
    digits = accepted_pin(pin)
    if as_pin(repeat) != digits:
        raise FieldRefused("The two PINs are not the same.", field="repeat_pin")
    await step_up.prove(actor, "set_pin", proofs)
    async with hashing_place():
        stored = await hash_text(digits, "pin")
    async with transaction() as db:
        account = await accounts.locked(db, actor.account_id)
        await step_up.spend(db, actor, "set_pin")
        # What the former PIN has allowed and was not used.
        await step_up.revoke_of_account(db, account.id)
        # Every column, whatever they are: guesses at the former PIN count up meanwhile.
        fresh: dict[str, Any] = {
            "pin_hash": stored,
            "set_at": now(),
            "failures": 0,
            "locked_until": None,
        }
        changing = update(Pin).where(col(Pin.account_id) == account.id).values(fresh)
        replaced = await db.exec(changing)
        had_one = replaced.rowcount > 0
        kind = "pin_changed" if had_one else "pin_set"
        if not had_one:
            db.add(Pin(account_id=account.id, **fresh))
        activity.record(db, actor, kind.replace("_", ".", 1))
        await notices.tell(db, kind, account, actor.visitor)
        announce(db, Change(account.id, "pin", by=actor.session_id))
    return had_one


async def remove_pin(actor: Actor) -> None:
    """Remove the PIN; irreversible actions then ask for a typed confirmation.

    Spends the grant of "remove_pin".

    Raises:
        StepUpRequired: identity was not confirmed for this.
        NotOn: there is none (any more).
    """
    async with transaction() as db:
        account = await accounts.locked(db, actor.account_id)
        await step_up.spend(db, actor, "remove_pin")
        removed = await db.exec(delete(Pin).where(col(Pin.account_id) == account.id))
        if not removed.rowcount:
            raise NotOn("There is no PIN.")
        await step_up.revoke_of_account(db, account.id)
        activity.record(db, actor, "pin.removed")
        await notices.tell(db, "pin_removed", account, actor.visitor)
        announce(db, Change(account.id, "pin", by=actor.session_id))


def accepted_pin(text: str) -> str:
    """The digits of a new PIN.

    Raises:
        FieldRefused: not four to six digits, or one that is guessed first; says why.
    """
    digits = as_pin(text)
    if digits is None:
        raise FieldRefused("A PIN has 4 to 6 digits.", field="pin")
    if why := _obvious(digits):
        msg = f"{why}. Choose a PIN that is harder to guess."
        raise FieldRefused(msg, field="pin")
    return digits


def _obvious(digits: str) -> str:
    """Why a PIN is among the first to be guessed; "" when it is not."""
    # Round the end too: 7890 and 0987 are rows of keys.
    steps = {(int(b) - int(a)) % 10 for a, b in itertools.pairwise(digits)}
    if len(steps) == 1 and steps <= {1, 9}:
        return "The digits stand in a row"
    if any(digits == digits[:part] * (len(digits) // part) for part in (1, 2, 3)):
        return "The digits repeat"
    if len(digits) == 4 and digits[:2] in {"19", "20"}:
        return "It looks like a year"
    return ""
