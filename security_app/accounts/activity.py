"""What happened: sign-in history and the security log, written in the change's own commit."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy import insert, tuple_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app import metrics
from security_app.accounts.activity_words import ACTIONS, ELSEWHERE
from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.devices import describe
from security_app.accounts.places import place_of
from security_app.clock import now
from security_app.db.engine import after_commit, execute
from security_app.db.tables import SecurityEvent, SignInAttempt, known_id, new_id
from security_app.live.hub import Change, announce

T = TypeVar("T")
Row = TypeVar("Row", SignInAttempt, SecurityEvent)

_ADD_SIGN_IN = insert(SignInAttempt)
#: Who did it is somebody else, whose device is none of the account's business.
_NOBODY = Visitor("", "")


@dataclass(frozen=True, slots=True)
class SignIn:
    """One row of the login history."""

    id: str
    at: datetime
    result: str
    method: str
    two_factor_verified: bool
    is_new_device: bool
    ip: str
    place: str
    device: str


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the security log."""

    id: str
    at: datetime
    action: str
    detail: str
    place: str
    device: str


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page, newest first; ``next`` is the cursor of the following one or empty."""

    items: tuple[T, ...]
    next: str


def record(db: AsyncSession, actor: Actor, action: str, detail: str = "") -> None:
    """Write a row of the security log into this transaction (S-82)."""
    _record(db, actor.account_id, actor.session_id, actor.visitor, action, detail)


def record_for(
    db: AsyncSession, account_id: str, visitor: Visitor, action: str, detail: str = ""
) -> None:
    """Write a row about an account whose owner is not signed in here."""
    _record(db, account_id, "", visitor, action, detail)


def record_elsewhere(db: AsyncSession, account_id: str, action: str, detail: str = "") -> None:
    """Write a row about an account of what another person did, without their device and place."""
    _record(db, account_id, "", _NOBODY, action, detail)


def _record(
    db: AsyncSession, account_id: str, session_id: str, visitor: Visitor, action: str, detail: str
) -> None:
    if action not in ACTIONS:
        msg = f"unknown action {action}"
        raise ValueError(msg)
    db.add(
        SecurityEvent(
            account_id=account_id,
            at=now(),
            action=action,
            detail=detail,
            session_id=session_id,
            ip=visitor.ip,
            place=place_of(visitor.ip),
            user_agent=visitor.user_agent,
        )
    )
    device = "" if visitor is _NOBODY else describe(visitor.user_agent).title
    announce(db, Change(account_id, "activity", action=action, by=session_id, device=device))


async def record_sign_in(
    db: AsyncSession,
    account_id: str | None,
    visitor: Visitor,
    *,
    result: str,
    method: str,
    is_new_device: bool = False,
    session_id: str = "",
) -> str:
    """Write a row of the login history into this transaction.

    Args:
        account_id: None when the address belongs to nobody: the row is written
            all the same, so that both take the same time (S-47).

    Returns:
        The row's id.
    """
    row_id = new_id()
    row = {
        "id": row_id,
        "account_id": account_id,
        "at": now(),
        "result": result,
        "method": method,
        "is_new_device": is_new_device,
        "ip": visitor.ip,
        "place": place_of(visitor.ip),
        "user_agent": visitor.user_agent,
        "session_id": session_id,
    }
    await execute(db, _ADD_SIGN_IN, row)
    count_sign_in(db, result)
    if account_id:
        announce(db, Change(account_id, "sign_ins"))
    return row_id


def count_sign_in(db: AsyncSession, result: str) -> None:
    """Count a step of a sign-in for the operator, once this transaction is committed.

    Args:
        result: a key of ``RESULTS``.
    """
    after_commit(db, metrics.sign_ins.labels(result).inc)


async def sign_ins(
    db: AsyncSession, account_id: str, *, limit: int, cursor: str = ""
) -> Page[SignIn]:
    """One page of an account's login history, by keyset, newest first.

    Args:
        limit: rows, 1 to 100.
        cursor: the id of the last row seen; unknown and foreign ids give the first page.
    """
    statement = (
        select(SignInAttempt)
        .where(SignInAttempt.account_id == account_id)
        .order_by(col(SignInAttempt.at).desc(), col(SignInAttempt.id).desc())
        .limit(limit + 1)
    )
    last = await _row_at(db, SignInAttempt, account_id, cursor)
    if last is not None:
        statement = statement.where(
            tuple_(SignInAttempt.at, SignInAttempt.id) < tuple_(last.at, last.id)
        )
    rows = (await db.exec(statement)).all()
    items = tuple(
        SignIn(
            id=row.id,
            at=row.at,
            result=row.result,
            method=row.method,
            two_factor_verified=row.two_factor_verified,
            is_new_device=row.is_new_device,
            ip=row.ip,
            place=row.place,
            device=describe(row.user_agent).title,
        )
        for row in rows[:limit]
    )
    return Page(items, items[-1].id if len(rows) > limit else "")


async def events(db: AsyncSession, account_id: str, *, limit: int, cursor: str = "") -> Page[Event]:
    """One page of an account's security log, by keyset, newest first."""
    statement = (
        select(SecurityEvent)
        .where(SecurityEvent.account_id == account_id)
        .order_by(col(SecurityEvent.at).desc(), col(SecurityEvent.id).desc())
        .limit(limit + 1)
    )
    last = await _row_at(db, SecurityEvent, account_id, cursor)
    if last is not None:
        statement = statement.where(
            tuple_(SecurityEvent.at, SecurityEvent.id) < tuple_(last.at, last.id)
        )
    rows = (await db.exec(statement)).all()
    items = tuple(
        Event(
            id=row.id,
            at=row.at,
            action=row.action,
            detail=row.detail,
            place=row.place,
            device=describe(row.user_agent).title if row.ip else "Somebody else",
        )
        for row in rows[:limit]
    )
    return Page(items, items[-1].id if len(rows) > limit else "")


async def _row_at(db: AsyncSession, table: type[Row], account_id: str, row_id: str) -> Row | None:
    if not row_id:
        return None
    statement = select(table).where(table.id == known_id(row_id), table.account_id == account_id)
    return (await db.exec(statement)).first()


def in_words(action: str, detail: str) -> str:
    """A row of the security log as a sentence."""
    return ACTIONS.get(action, action).format(detail or "0")


def elsewhere(action: str) -> str:
    """What other open pages say about an action; "" when it is no news to them."""
    return ELSEWHERE.get(action, "")
