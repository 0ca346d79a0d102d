"""What happened: sign-in history and the security log, written in the change's own commit."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy import tuple_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app import metrics
from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.devices import describe
from security_app.accounts.places import place_of
from security_app.clock import now
from security_app.db.engine import after_commit
from security_app.db.tables import SecurityEvent, SignInAttempt, known_id
from security_app.live.hub import Change, announce

T = TypeVar("T")
Row = TypeVar("Row", SignInAttempt, SecurityEvent)

#: Results of a sign-in try, as stored and as people read them.
RESULTS = {
    "signed_in": "Signed in",
    "wrong_password": "Wrong password",
    "throttled": "Refused: too many attempts",
    "code_needed": "Password right, no code entered",
    "wrong_code": "Password right, wrong code",
}
#: How a session was opened, as people read it.
METHODS = {
    "password": "Password",
    "password+totp": "Password and authenticator app",
    "password+email_code": "Password and e-mail code",
    "password+recovery_code": "Password and recovery code",
    "api": "API, password",
    "api+totp": "API, password and authenticator app",
    "api+email_code": "API, password and e-mail code",
    "api+recovery_code": "API, password and recovery code",
}
#: Actions of the security log, as people read them. `{}` takes the detail.
ACTIONS = {
    "account.created": "Account created",
    "account.renamed": "Name changed",
    "account.undone": 'Undone by "This wasn\'t me" in a mail: {}',
    "email.confirmed": "E-mail address confirmed",
    "email.change_asked": "Change of the e-mail address asked for",
    "email.change_cancelled": "Change of the e-mail address cancelled",
    "email.changed": "E-mail address changed",
    "password.changed": "Password changed; {} other sessions were signed out",
    "password.reset": "Password reset by mailed link; {} sessions were signed out",
    "password.reset_asked": "Password reset asked for",
    "session.ended": "A session was signed out",
    "sessions.ended": "{} other sessions were signed out",
    "session.renamed": "A session was renamed",
    "session.signed_out": "Signed out",
    "totp.enabled": "Authenticator app turned on",
    "totp.disabled": "Authenticator app turned off",
    "email_code.enabled": "E-mail code turned on",
    "email_code.disabled": "E-mail code turned off",
    "factors.suspension_lifted": "A suspended second factor works again, by support",
    "recovery_codes.viewed": "Recovery codes viewed",
    "recovery_codes.regenerated": "New recovery codes made: kit {}",
    "recovery_codes.mailed": "Recovery codes sent by e-mail",
    "recovery_code.used": "A recovery code was used",
}
#: What an open page says when somebody else did it, before "on <device>".
_ELSEWHERE = {
    "session.ended": "A session was signed out",
    "sessions.ended": "Other sessions were signed out",
    "session.signed_out": "A session signed out",
    "password.reset_asked": "A password reset link was asked for",
    "email.confirmed": "Your e-mail address is confirmed",
    "email.change_asked": "A change of your e-mail address was asked for",
    "email.change_cancelled": "The change of your e-mail address was cancelled",
    "email.changed": "Your e-mail address was changed",
    "totp.enabled": "The authenticator app was turned on",
    "totp.disabled": "The authenticator app was turned off",
    "email_code.enabled": "The e-mail code was turned on",
    "email_code.disabled": "The e-mail code was turned off",
    "recovery_codes.regenerated": "New recovery codes were made",
    "recovery_code.used": "A recovery code was used",
}


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
    device = describe(visitor.user_agent).title
    announce(db, Change(account_id, "activity", action=action, by=session_id, device=device))


def record_sign_in(
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
    row = SignInAttempt(
        account_id=account_id,
        at=now(),
        result=result,
        method=method,
        is_new_device=is_new_device,
        ip=visitor.ip,
        place=place_of(visitor.ip),
        user_agent=visitor.user_agent,
        session_id=session_id,
    )
    db.add(row)
    count_sign_in(db, result)
    if account_id:
        announce(db, Change(account_id, "activity"))
    return row.id


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
            device=describe(row.user_agent).title,
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
    return _ELSEWHERE.get(action, "")
