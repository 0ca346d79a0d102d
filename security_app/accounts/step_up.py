"""Proving identity again inside a session, and the grants that come of it.

A grant says that the proofs of one action were given in one session, or with one
API key; it lives five minutes in the database, one where a PIN was asked (S-33),
and is spent by the transaction of the action, by one conditional UPDATE (S-42).
Every path to an action asks here (S-44).
"""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, literal, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import (
    accounts,
    api_keys,
    second_factor,
    sessions,
    throttle,
)
from security_app.accounts.actor import Actor
from security_app.accounts.errors import (
    CodeRefused,
    FieldRefused,
    SignInRequired,
    StepUpRequired,
    WrongPassword,
)
from security_app.accounts.needed_proofs import (
    Needed,
    asks_more,
    needed_for,
    own_methods,
    refuse_managed,
    require_method,
)
from security_app.accounts.proofs import pin
from security_app.accounts.proofs.email_code import Occasion
from security_app.accounts.proofs.password import budgets_in_session, checked_password
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.tables import ApiKey, Session, StepUpGrant, known_id
from security_app.limits import GRANT_LIFE, PIN_GRANT_LIFE


@dataclass(frozen=True, slots=True)
class Target:
    """The one object an irreversible action is about.

    Attributes:
        id: its id.
        name: what a person types to confirm where no PIN is set; "" asks for nothing
            typed, as an API client shows by its request that it means it.
        consequence: a sentence on what else the action brings about, "" for nothing.
    """

    id: str
    name: str = field(default="", repr=False)
    consequence: str = field(default="", repr=False)


#: Of actions that are about the account itself.
NO_TARGET = Target("")


@dataclass(frozen=True, slots=True)
class Proofs:
    """What somebody brings: the password, a code, the PIN, as far as they are asked.

    Attributes:
        method: which method the code is of; "" lets its shape decide.
        confirmation: the name of the object, typed.
    """

    password: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    method: str = ""
    pin: str = field(default="", repr=False)
    confirmation: str = field(default="", repr=False)


async def needed(actor: Actor, action: str) -> Needed:
    """What an action asks of the actor now: for the dialog that asks it.

    Raises:
        ManagedBySso: their organization's provider takes care of this.
    """
    async with reading() as db:
        await refuse_managed(db, actor, action)
        return needed_for(action, await own_methods(db, actor))


def grant(
    db: AsyncSession, actor: Actor, action: str, target_id: str = "", *, is_braked: bool = False
) -> None:
    """Write that the proofs of an action were given.

    Args:
        is_braked: whether the PIN was among them: it is good for a minute (S-33).
    """
    db.add(
        StepUpGrant(
            account_id=actor.account_id,
            holder=actor.session_id,
            action=action,
            target=target_id,
            expires_at=now() + (PIN_GRANT_LIFE if is_braked else GRANT_LIFE),
        )
    )


async def prove(actor: Actor, action: str, proofs: Proofs, target: Target = NO_TARGET) -> None:
    """Check the proofs of an action and write the grant for it.

    Args:
        target: the object of the action; whether the actor may touch it is the
            action's own rule.

    Raises:
        NotOn, AlreadyOn: the action is about a method that is off, or on already.
        ManagedBySso: their organization's provider takes care of this.
        StepUpRequired: the account has nothing this action could be proven by.
        FieldRefused: a proof that is asked is missing; field "password", "code" or
            "confirmation".
        PinRequired, PinWrong, PinLocked: as the PIN stands.
        WrongPassword: field "password".
        CodeRefused: wrong, used, or of a method that does not serve.
        TooManyAttempts, MethodSuspended, Overloaded: as the proofs say.
    """
    async with reading() as db:
        account = await accounts.existing(db, actor.account_id)
        await refuse_managed(db, actor, action)
        methods = await own_methods(db, actor)
    wanted = needed_for(action, methods)
    require_method(action, methods)
    if not (wanted.password or wanted.methods or wanted.pin or wanted.confirmation):
        # Nothing to ask for is no proof (S-45).
        raise StepUpRequired
    if wanted.password and not proofs.password:
        raise FieldRefused("Enter your password.", field="password")
    if wanted.methods and not proofs.code.strip():
        raise FieldRefused("Enter a code.", field="code")
    if wanted.confirmation and proofs.confirmation.strip() != target.name:
        raise FieldRefused(f"Type {target.name} to confirm.", field="confirmation")
    if wanted.password:
        await _prove_password(actor, proofs.password, account.password_hash)
    if wanted.pin:
        await pin.prove(actor, proofs.pin)
    if wanted.methods:
        await _prove_code(actor, proofs, wanted, Occasion(action, actor.session_id))
    async with transaction() as db:
        # A method or a PIN turned on while these proofs were looked at took all grants back.
        if asks_more(needed_for(action, await own_methods(db, actor)), wanted):
            raise StepUpRequired
        grant(db, actor, action, target.id, is_braked=wanted.pin or wanted.confirmation)


async def spend(db: AsyncSession, actor: Actor, action: str, target_id: str = "") -> None:
    """Use up the actor's grant for an action, in the transaction that does it.

    Checking a password takes long enough for the session to end meanwhile, and all its
    grants with it, before this one is written: so the session is looked at once more.

    Raises:
        StepUpRequired: there is none, it is used, too old, another session's, or for
            another object.
        SignInRequired: the session, or the API key, works no more.
        ManagedBySso: an organization's provider takes care of this by now.
    """
    await refuse_managed(db, actor, action)
    at = now()
    holder = actor.session_id
    is_alive = select(
        or_(
            exists().where(col(Session.id) == holder, sessions.is_live(at)),
            exists().where(col(ApiKey.id) == holder, api_keys.is_live(at)),
        )
    )
    if not (await db.exec(is_alive)).one():
        raise SignInRequired
    result = await db.exec(
        update(StepUpGrant).where(_usable_grant(actor, action, target_id, at)).values(spent_at=at)
    )
    if result.rowcount == 0:
        raise StepUpRequired


async def is_granted(db: AsyncSession, actor: Actor, action: str, target_id: str = "") -> bool:
    """Whether the proofs of an action were given already; only :func:`spend` decides."""
    statement = select(StepUpGrant.id).where(_usable_grant(actor, action, target_id, now()))
    return (await db.exec(statement)).first() is not None


async def revoke_of_account(db: AsyncSession, account_id: str) -> None:
    """Make every open grant of an account useless, when its factors change."""
    await db.exec(delete(StepUpGrant).where(col(StepUpGrant.account_id) == account_id))


async def forget_old(db: AsyncSession) -> None:
    """Drop grants that no longer work."""
    await db.exec(delete(StepUpGrant).where(col(StepUpGrant.expires_at) < now()))


def _usable_grant(actor: Actor, action: str, target_id: str, at: datetime) -> ColumnElement[bool]:
    return and_(
        col(StepUpGrant.holder) == actor.session_id,
        col(StepUpGrant.account_id) == actor.account_id,
        col(StepUpGrant.action) == action,
        col(StepUpGrant.target) == known_id(target_id),
        # What cannot be an id is not "no object" either.
        literal(known_id(target_id) == target_id),
        col(StepUpGrant.expires_at) > at,
        col(StepUpGrant.spent_at).is_(None),
    )


async def _prove_password(actor: Actor, password: str, stored: str | None) -> None:
    async with checked_password(password, stored, budgets_in_session(actor)) as checked:
        if not checked.is_right:
            raise WrongPassword("That is not your password.", field="password")
        async with transaction(is_relaxed=True) as db:
            await throttle.refund(db, checked.reservation)


async def _prove_code(actor: Actor, proofs: Proofs, wanted: Needed, occasion: Occasion) -> None:
    attempt = await second_factor.begin(actor.account_id)
    method = second_factor.method_of(proofs.code, proofs.method, wanted.methods)
    right = await second_factor.check(
        actor.account_id, proofs.code, method, wanted.methods, occasion
    )
    async with transaction() as db:
        if right is not None and await right.spend(db):
            await second_factor.succeed(db, attempt)
            await second_factor.note_recovery_use(db, actor, right)
            return
        await second_factor.fail(db, actor.account_id, method)
    raise CodeRefused
