"""Proving identity again inside a session: which proofs an action needs, and grants.

A grant says that the proofs of one action were given in one session; it lives
five minutes in the database and is spent by the transaction of the action, by
one conditional UPDATE (S-42). Every path to an action asks here (S-44).
"""

from dataclasses import dataclass, field

from sqlalchemy import delete, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import second_factor, throttle
from security_app.accounts.actor import Actor
from security_app.accounts.errors import (
    AlreadyOn,
    CodeRefused,
    FieldRefused,
    NotOn,
    SignInRequired,
    StepUpRequired,
    WrongPassword,
)
from security_app.accounts.methods import Methods, methods_of
from security_app.accounts.proofs.email_code import Occasion
from security_app.accounts.proofs.password import budgets_in_session, checked_password
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, StepUpGrant
from security_app.policy import GRANT_LIFE, Ask, StepUpRow, step_up_row


@dataclass(frozen=True, slots=True)
class Needed:
    """What an action asks of an account as it is now.

    Attributes:
        password: whether the password is asked.
        methods: the codes that serve, any one of them, the one used last first:
            "totp", "email_code", "recovery_code". Empty when no code is asked.
        on: the methods that are on.
    """

    password: bool
    methods: tuple[str, ...]
    on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proofs:
    """What somebody brings: the password, a code, or both.

    Attributes:
        method: which method the code is of; "" lets its shape decide.
    """

    password: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    method: str = ""


def needed_for(action: str, methods: Methods) -> Needed:
    """Read the step-up table for an account.

    Raises:
        KeyError: no such action.
    """
    row = step_up_row(action)
    codes = _codes(row, methods)
    wants_password = row.password is Ask.ALWAYS or (
        row.password is Ask.WITHOUT_METHOD and not codes
    )
    return Needed(wants_password and methods.has_password, codes, methods.on)


async def needed(actor: Actor, action: str) -> Needed:
    """What an action asks of the actor now: for the dialog that asks it."""
    async with reading() as db:
        return needed_for(action, await methods_of(db, actor.account_id))


async def prove(actor: Actor, action: str, proofs: Proofs) -> None:
    """Check the proofs of an action and write the grant for it.

    Raises:
        NotOn, AlreadyOn: the action is about a method that is off, or on already.
        StepUpRequired: the account has nothing this action could be proven by.
        FieldRefused: a proof that is asked is missing.
        WrongPassword: field "password".
        CodeRefused: wrong, used, or of a method that does not serve.
        TooManyAttempts, MethodSuspended, Overloaded: as the proofs say.
    """
    async with reading() as db:
        account = await db.get(Account, actor.account_id)
        if account is None:
            raise SignInRequired
        methods = await methods_of(db, actor.account_id)
    wanted = needed_for(action, methods)
    _require_method(step_up_row(action), methods)
    if not (wanted.password or wanted.methods):
        # Nothing to ask for is no proof (S-45).
        raise StepUpRequired
    if wanted.password and not proofs.password:
        raise FieldRefused("Enter your password.", field="password")
    if wanted.methods and not proofs.code.strip():
        raise FieldRefused("Enter a code.", field="code")
    if wanted.password:
        await _prove_password(actor, proofs.password, account.password_hash)
    if wanted.methods:
        await _prove_code(actor, proofs, wanted, Occasion(action, actor.session_id))
    async with transaction() as db:
        db.add(
            StepUpGrant(
                account_id=actor.account_id,
                session_id=actor.session_id,
                action=action,
                expires_at=now() + GRANT_LIFE,
            )
        )


async def spend(db: AsyncSession, actor: Actor, action: str) -> None:
    """Use up the actor's grant for an action, in the transaction that does it.

    Raises:
        StepUpRequired: there is none, it is used, too old, or another session's.
    """
    at = now()
    result = await db.exec(
        update(StepUpGrant)
        .where(
            col(StepUpGrant.session_id) == actor.session_id,
            col(StepUpGrant.account_id) == actor.account_id,
            col(StepUpGrant.action) == action,
            col(StepUpGrant.expires_at) > at,
            col(StepUpGrant.spent_at).is_(None),
        )
        .values(spent_at=at)
    )
    if result.rowcount == 0:
        raise StepUpRequired


async def revoke_of_account(db: AsyncSession, account_id: str) -> None:
    """Make every open grant of an account useless, when its factors change."""
    await db.exec(delete(StepUpGrant).where(col(StepUpGrant.account_id) == account_id))


async def forget_old(db: AsyncSession) -> None:
    """Drop grants that no longer work."""
    await db.exec(delete(StepUpGrant).where(col(StepUpGrant.expires_at) < now()))


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


def _require_method(row: StepUpRow, methods: Methods) -> None:
    """Refuse what the method's present state rules out, before any guess is counted."""
    is_about_it = row.factor in {Ask.OWN_METHOD, Ask.AUTHENTICATOR}
    if is_about_it and row.own_method not in methods.on:
        raise NotOn
    if row.factor is Ask.OTHER_METHOD and row.own_method in methods.on:
        raise AlreadyOn


def _codes(row: StepUpRow, methods: Methods) -> tuple[str, ...]:
    on = methods.on
    if row.factor is Ask.OWN_METHOD and row.own_method not in on:
        return ()
    if row.factor is Ask.ANY_METHOD:
        return (*on, "recovery_code") if "totp" in on else on
    if row.factor is Ask.OTHER_METHOD:
        return tuple(method for method in on if method != row.own_method)
    if row.factor is Ask.OWN_METHOD:
        return ("totp", "recovery_code") if row.own_method == "totp" else (row.own_method,)
    if row.factor is Ask.AUTHENTICATOR:
        return ("totp",)
    return ()
