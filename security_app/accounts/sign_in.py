"""Getting in with a password: check, write the history, hand over a ticket or a session."""

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import bindparam, update
from sqlalchemy import select as select_columns
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import (
    activity,
    challenges,
    known_browsers,
    memberships,
    notices,
    sessions,
    sso,
    throttle,
    tickets,
)
from security_app.accounts.actor import Visitor
from security_app.accounts.addresses import address_key
from security_app.accounts.challenges import CodeNeeded
from security_app.accounts.errors import InvalidCredentials, TicketDead, TooManyAttempts
from security_app.accounts.methods import methods_of
from security_app.accounts.places import network_key
from security_app.accounts.proofs.password import (
    PasswordCheck,
    budgets_at_the_door,
    checked_password,
)
from security_app.accounts.sessions import NewSession
from security_app.accounts.throttle import Budget
from security_app.accounts.tokens import digest
from security_app.accounts.workspace_mail import SECURITY_PATH
from security_app.clock import now
from security_app.db.engine import execute, read_row, transaction
from security_app.db.tables import Account, SignInAttempt
from security_app.live.hub import Change, announce

#: A refused flood leaves one row of history in this time, not one each.
_THROTTLED_ROW_EVERY = timedelta(minutes=1)

#: Built once, as each sign-in needs them.
_AT_THE_DOOR = select_columns(
    Account,
    known_browsers.is_known_to(col(Account.id), bindparam("browser")).label("is_known"),
).where(col(Account.email_key) == bindparam("key"))
_HOLD = (
    update(Account)
    .where(
        col(Account.id) == bindparam("of"),
        col(Account.password_hash) == bindparam("compared"),
        col(Account.disabled_at).is_(None),
    )
    .values(password_hash=bindparam("kept"))
)
_COMPLETE = (
    update(SignInAttempt)
    .where(col(SignInAttempt.id) == bindparam("of"))
    .values(session_id=bindparam("opened"), is_new_device=bindparam("is_new"))
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A browser that proved itself, or proved the password and owes a code.

    Attributes:
        ticket: brings the cookie; "" while a code is needed.
        code_needed: what to ask for, None when nothing more is.
    """

    ticket: str = field(repr=False)
    code_needed: CodeNeeded | None = None


@dataclass(frozen=True, slots=True)
class ApiSignIn:
    """An API client that is in, or owes a code: one of the two is None."""

    session: NewSession | None
    code_needed: CodeNeeded | None = None


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A ticket that was redeemed.

    Attributes:
        session: with its new secret, for the cookie.
        next_path: where to go, "" for the default page.
    """

    session: NewSession
    next_path: str


async def sign_in(visitor: Visitor, *, email: str, password: str, next_path: str = "") -> SignedIn:
    """Sign a browser in with e-mail and password.

    Args:
        next_path: a path on this site to go to; anything else is dropped.

    Raises:
        InvalidCredentials: unknown address or wrong password, alike in text and time (S-47).
        TooManyAttempts: throttled, whether the guess was right or not (S-52).
        Overloaded: no hashing thread is free.
        ManagedBySso: the password is right, but an organization's provider signs them in.
    """
    async with _proven(visitor, email, password, method="password") as (db, account):
        return await admit(db, account, visitor, proven_by="password", next_path=next_path)


async def admit(
    db: AsyncSession,
    account: Account,
    visitor: Visitor,
    *,
    proven_by: str,
    next_path: str,
    asks_code: bool = True,
) -> SignedIn:
    """Go on with a browser that proved itself: hand it a ticket, or ask for a code (S-67).

    Args:
        proven_by: "password", or the kind of provider: a key of ``activity_words.METHODS``.
        asks_code: whether the account's own second factor is asked, when one is on.
    """
    if asks_code:
        needed = await _code_needed(db, account, visitor, method=proven_by, next_path=next_path)
        if needed is not None:
            return SignedIn("", needed)
    sign_in_id = await activity.record_sign_in(
        db, account.id, visitor, result="signed_in", method=proven_by
    )
    ticket = await tickets.issue_for_sign_in(
        db,
        account.id,
        visitor,
        sign_in_id=sign_in_id,
        next_path=next_path,
        opened_by=proven_by,
    )
    return SignedIn(ticket)


async def sign_in_api(visitor: Visitor, *, email: str, password: str) -> ApiSignIn:
    """Sign an API client in, or begin to; raises as :func:`sign_in`."""
    async with _proven(visitor, email, password, method="api") as (db, account):
        needed = await _code_needed(db, account, visitor, method="api", next_path="")
        if needed is not None:
            return ApiSignIn(None, needed)
        session = await sessions.open_session(db, account.id, visitor, kind="api", opened_by="api")
        is_new = await note_api_device(db, account, visitor)
        await activity.record_sign_in(
            db,
            account.id,
            visitor,
            result="signed_in",
            method="api",
            is_new_device=is_new,
            session_id=session.id,
        )
    return ApiSignIn(session)


async def redeem_ticket(visitor: Visitor, ticket: str, *, former_secret: str = "") -> HandedOver:
    """Turn a ticket into a session's secret, once, in the browser it was made for.

    Args:
        former_secret: the session cookie the browser brought along, if any: that
            session ends, its value is never adopted (S-36).

    Raises:
        TicketDead: unknown, used, expired, or another browser's.
    """
    async with transaction() as db:
        await tickets.lock_account(db, ticket)
        spent = await tickets.spend(db, ticket, visitor)
        if spent.session_id:
            session = await sessions.renew_secret(db, spent.account_id, spent.session_id)
            announce(db, Change(spent.account_id, "renewed", by=spent.session_id))
            return HandedOver(session, spent.next_path)
        account = await db.get(Account, spent.account_id)
        if account is None or account.disabled_at is not None:
            raise TicketDead
        if former_secret:
            await sessions.end_by_secret(db, digest(former_secret), reason="replaced")
        session = await sessions.open_session(
            db,
            account.id,
            visitor,
            kind="browser",
            opened_by=spent.opened_by,
            two_factor_verified=spent.two_factor_verified,
        )
        is_new = await _note_device(db, account, visitor, visitor.browser_hash)
        await execute(
            db, _COMPLETE, {"of": spent.sign_in_id, "opened": session.id, "is_new": is_new}
        )
        # Whoever must set up a second factor is led there first, wherever they meant to go.
        leads_to_set_up = await memberships.must_set_up_2fa(db, account.id)
    return HandedOver(session, SECURITY_PATH if leads_to_set_up else spent.next_path)


@contextlib.asynccontextmanager
async def _proven(
    visitor: Visitor, email: str, password: str, *, method: str
) -> AsyncGenerator[tuple[AsyncSession, Account]]:
    """Check e-mail and password; the block is the transaction of what follows.

    Raises:
        InvalidCredentials, ManagedBySso: written to the history, in a commit (S-82).
    """
    account, budgets = await _find(visitor, email)
    stored = account.password_hash if account else None
    try:
        async with checked_password(password, stored, budgets) as checked:
            async with transaction() as db:
                refusal, result = InvalidCredentials(), "wrong_password"
                if account is not None and checked.is_right:
                    await _accept(db, account, checked)
                    managed = await sso.refusal_for(db, account.id)
                    if managed is None:
                        yield db, account
                        return
                    refusal, result = managed, "refused"
                account_id = account.id if account else None
                await activity.record_sign_in(db, account_id, visitor, result=result, method=method)
            raise refusal
    except TooManyAttempts:
        await _note_throttled(account, visitor, method)
        raise


async def _find(visitor: Visitor, email: str) -> tuple[Account | None, tuple[Budget, ...]]:
    """The account of an address, if it may sign in, and the counters this attempt draws on."""
    key = address_key(email)
    row = await read_row(_AT_THE_DOOR, {"key": key, "browser": visitor.browser_hash})
    account, is_known = None, False
    if row is not None and row.disabled_at is None:
        columns = row._asdict()  # pyright: ignore[reportPrivateUsage]
        is_known = columns.pop("is_known")
        account = Account(**columns)
    return account, budgets_at_the_door(key, visitor, account.id if account and is_known else None)


async def _accept(db: AsyncSession, account: Account, checked: PasswordCheck) -> None:
    """Commit to a password that was right, if it still is the account's.

    Raises:
        InvalidCredentials: it was changed, or the account disabled, in between.
    """
    compared = account.password_hash
    values = {"of": account.id, "compared": compared, "kept": checked.rehashed or compared}
    if (await execute(db, _HOLD, values)).rowcount == 0:
        raise InvalidCredentials
    await throttle.refund(db, checked.reservation)


async def _note_device(db: AsyncSession, account: Account, visitor: Visitor, device: str) -> bool:
    """Remember a device; mail the owner when it is new and not the very first one."""
    if await known_browsers.renew(db, account.id, device):
        return False
    is_first = not await known_browsers.has_any(db, account.id)
    await known_browsers.remember(db, account.id, device)
    if not is_first:
        await notices.tell(db, "new_sign_in", account, visitor)
    return not is_first


async def note_api_device(db: AsyncSession, account: Account, visitor: Visitor) -> bool:
    """Remember an API client by its network and name; mails the owner when it is new."""
    device = digest(f"api:{network_key(visitor.ip)}:{visitor.user_agent}")
    return await _note_device(db, account, visitor, device)


async def _code_needed(
    db: AsyncSession, account: Account, visitor: Visitor, *, method: str, next_path: str
) -> CodeNeeded | None:
    """Begin the second half of the sign-in, when a second factor is on."""
    methods = await methods_of(db, account.id)
    if not methods.on:
        return None
    sign_in_id = await activity.record_sign_in(
        db, account.id, visitor, result="code_needed", method=method
    )
    return await challenges.begin(
        db,
        account.id,
        visitor,
        methods=methods.serving,
        sign_in_id=sign_in_id,
        proven_by=method,
        next_path=next_path,
    )


async def _note_throttled(account: Account | None, visitor: Visitor, method: str) -> None:
    if account is None:
        return
    recent = (
        select(SignInAttempt.id)
        .where(
            SignInAttempt.account_id == account.id,
            SignInAttempt.at > now() - _THROTTLED_ROW_EVERY,
            SignInAttempt.result == "throttled",
        )
        .limit(1)
    )
    async with transaction(is_relaxed=True) as db:
        if (await db.exec(recent)).first() is None:
            await activity.record_sign_in(
                db, account.id, visitor, result="throttled", method=method
            )
