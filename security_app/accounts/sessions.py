"""Who is signed in: sessions, opened, found and ended; ``session_list`` shows and names them.

A session is known by 256 random bits whose SHA-256 alone is stored (S-35);
lists use another, public id. Whether a session lives is read from its row each
time, never remembered (S-39, S-54).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, insert, tuple_, update
from sqlalchemy import select as select_columns
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import activity
from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.errors import SessionGone
from security_app.accounts.places import place_of
from security_app.accounts.tokens import digest, new_token
from security_app.clock import now
from security_app.db.engine import execute, read_row, reading, transaction
from security_app.db.tables import Account, Session, known_id, new_id
from security_app.limits import ACTIVITY_RESOLUTION, MAX_LIVE_SESSIONS
from security_app.live.hub import Change, announce
from security_app.settings import get_settings

Instant = datetime | BindParameter[datetime]


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just opened or given a new secret.

    Attributes:
        id: its public id.
        secret: what the cookie or bearer token carries; shown to nobody else, stored nowhere.
        expires_at: the absolute end.
    """

    id: str
    secret: str
    expires_at: datetime

    def __repr__(self) -> str:
        """Hide the secret."""
        return f"NewSession(id={self.id!r})"


def is_live(at: datetime) -> ColumnElement[bool]:
    """The condition under which a session lives at an instant (S-38)."""
    return _lives(**live_at(at))


def live_at(at: datetime) -> dict[str, datetime]:
    """The parameters of :data:`LIVE` at an instant."""
    return {"at": at, "idle_since": at - get_settings().session_idle}


def _lives(at: Instant, idle_since: Instant) -> ColumnElement[bool]:
    return and_(
        col(Session.ended_at).is_(None),
        col(Session.last_active_at) > idle_since,
        col(Session.expires_at) > at,
    )


#: The condition under which a session lives, for statements that are built once: putting
#: one together costs more than running it (B-1, B-10).
LIVE = _lives(bindparam("at"), bindparam("idle_since"))
_FIND = (
    select_columns(
        col(Session.id),
        col(Session.account_id),
        col(Session.kind),
        col(Session.expires_at),
        col(Session.last_active_at),
    )
    .join(Account, col(Account.id) == Session.account_id)
    .where(
        col(Session.secret_hash) == bindparam("digest"),
        LIVE,
        col(Account.disabled_at).is_(None),
    )
)
_OPEN = insert(Session)
_OLDEST_KEPT = (
    select_columns(col(Session.last_active_at), col(Session.id))
    .where(col(Session.account_id) == bindparam("of"), LIVE)
    .order_by(col(Session.last_active_at).desc(), col(Session.id).desc())
    .offset(MAX_LIVE_SESSIONS - 1)
    .limit(1)
)


async def find_actor(secret_hash: str, visitor: Visitor) -> Actor | None:
    """The person behind a cookie or bearer token, from the row of this moment.

    Args:
        secret_hash: hex SHA-256 of the secret.
        visitor: this call's address, user agent and browser.

    Returns:
        None when there is no such session, it ended, or the account is disabled.
    """
    row = await read_row(_FIND, {"digest": secret_hash, **live_at(now())})
    if row is None:
        return None
    session_id, account_id, kind, expires_at, last_active_at = row
    return Actor(
        account_id=account_id,
        session_id=session_id,
        kind=kind,
        expires_at=expires_at,
        idle_at=last_active_at + get_settings().session_idle,
        visitor=visitor,
    )


async def lost_its_phone(actor: Actor, totp_at: datetime | None) -> bool:
    """Whether this session began with a recovery code, and the same app is still on.

    Args:
        actor: whose session.
        totp_at: since when the authenticator app is on, None when off.
    """
    statement = select(Session.opened_by, Session.opened_at).where(Session.id == actor.session_id)
    row = await read_row(statement)
    if row is None or totp_at is None:
        return False
    opened_by, opened_at = row
    return opened_by.endswith("+recovery_code") and totp_at < opened_at


async def is_alive(session_id: str) -> bool:
    """Whether a session lives, whatever its secret is by now."""
    statement = select(Session.id).where(Session.id == session_id, is_live(now()))
    return await read_row(statement) is not None


async def touch(actor: Actor) -> None:
    """Note that the person did something, at most once a minute.

    Heartbeats and background refresh must not call this (S-38).
    """
    at = now()
    if actor.idle_at - get_settings().session_idle > at - ACTIVITY_RESOLUTION:
        return
    async with transaction(is_relaxed=True) as db:
        await db.exec(
            update(Session)
            .where(
                col(Session.id) == actor.session_id,
                col(Session.last_active_at) <= at - ACTIVITY_RESOLUTION,
                is_live(at),
            )
            .values(last_active_at=at, ip=actor.visitor.ip, place=place_of(actor.visitor.ip))
        )


async def open_session(
    db: AsyncSession,
    account_id: str,
    visitor: Visitor,
    *,
    kind: str,
    opened_by: str,
    two_factor_verified: bool = False,
) -> NewSession:
    """Open a session; beyond 500 live ones the one idle for longest goes (S-40).

    Args:
        kind: "browser" or "api".
        opened_by: a key of ``activity_words.METHODS``.
    """
    at = now()
    secret = new_token()
    session = NewSession(new_id(), secret, at + get_settings().session_max)
    row = {
        "id": session.id,
        "account_id": account_id,
        "secret_hash": digest(secret),
        "kind": kind,
        "opened_by": opened_by,
        "two_factor_verified": two_factor_verified,
        "browser_hash": visitor.browser_hash,
        "ip": visitor.ip,
        "place": place_of(visitor.ip),
        "user_agent": visitor.user_agent,
        "opened_at": at,
        "last_active_at": at,
        "expires_at": session.expires_at,
    }
    await execute(db, _OPEN, row)
    oldest = (await execute(db, _OLDEST_KEPT, {"of": account_id, **live_at(at)})).first()
    if oldest is not None:
        surplus = tuple_(col(Session.last_active_at), col(Session.id)) < tuple_(*oldest)
        await _end(db, "limit", Session.account_id == account_id, surplus)
    announce(db, Change(account_id, "sessions", by=session.id))
    return session


async def renew_secret(db: AsyncSession, account_id: str, session_id: str) -> NewSession:
    """Give a session a new secret; the former dies in this transaction (S-36).

    Raises:
        SessionGone: the session has ended meanwhile.
    """
    secret = new_token()
    result = await db.exec(
        update(Session)
        .where(col(Session.id) == session_id, col(Session.account_id) == account_id, is_live(now()))
        .values(secret_hash=digest(secret))
        .returning(col(Session.expires_at))
    )
    expires_at = result.scalar_one_or_none()
    if expires_at is None:
        raise SessionGone
    return NewSession(session_id, secret, expires_at)


async def end_session(db: AsyncSession, actor: Actor, session_id: str) -> None:
    """Sign out one session of the actor's account.

    Raises:
        SessionGone: unknown, foreign or ended: they look alike (S-56).
    """
    ended = await _end(
        db, "owner", Session.account_id == actor.account_id, Session.id == known_id(session_id)
    )
    if not ended:
        raise SessionGone
    activity.record(db, actor, "session.ended", session_id)
    announce(db, Change(actor.account_id, "sessions", by=actor.session_id))


async def end_other_sessions(db: AsyncSession, actor: Actor, *, reason: str = "owner") -> int:
    """End every session of the account but the actor's; returns how many lived.

    Does not write the security log: the caller says what it was part of.
    """
    ended = await _end(
        db, reason, Session.account_id == actor.account_id, Session.id != actor.session_id
    )
    announce(db, Change(actor.account_id, "sessions", by=actor.session_id))
    return ended


async def end_all_sessions(db: AsyncSession, account_id: str, *, reason: str) -> int:
    """End every session of an account; returns how many lived."""
    ended = await _end(db, reason, Session.account_id == account_id)
    announce(db, Change(account_id, "sessions"))
    return ended


async def sign_out_others(db: AsyncSession, actor: Actor) -> int:
    """The "Sign out all other sessions" button; returns how many ended (D6: one click)."""
    ended = await end_other_sessions(db, actor)
    if ended:
        activity.record(db, actor, "sessions.ended", str(ended))
    return ended


async def sign_out(db: AsyncSession, actor: Actor) -> None:
    """End the actor's own session."""
    if await _end(
        db, "sign_out", Session.account_id == actor.account_id, Session.id == actor.session_id
    ):
        activity.record(db, actor, "session.signed_out")
        announce(db, Change(actor.account_id, "sessions", by=actor.session_id))


async def end_by_secret(db: AsyncSession, secret_hash: str, *, reason: str) -> None:
    """End the session a browser brought along, when another takes its place."""
    account = (
        await db.exec(select(Session.account_id).where(Session.secret_hash == secret_hash))
    ).first()
    if account and await _end(db, reason, Session.secret_hash == secret_hash):
        announce(db, Change(account, "sessions"))


async def take_notice(actor: Actor) -> str:
    """The notice left for the actor's next page load, once."""
    async with reading() as db:
        notice = (
            await db.exec(select(Session.notice).where(Session.id == actor.session_id))
        ).first()
    if not notice:
        return ""
    async with transaction() as db:
        result = await db.exec(
            update(Session)
            .where(col(Session.id) == actor.session_id, col(Session.notice) == notice)
            .values(notice="")
        )
    return notice if result.rowcount else ""


async def leave_notice(db: AsyncSession, session_id: str, notice: str) -> None:
    """Leave a notice for the session's next page load, as ``kind:number``."""
    await db.exec(update(Session).where(col(Session.id) == session_id).values(notice=notice))


def lifetime_left(actor: Actor) -> timedelta:
    """How long until the session ends by itself if nothing more happens."""
    return min(actor.expires_at, actor.idle_at) - now()


async def _end(db: AsyncSession, reason: str, *conditions: ColumnElement[bool] | bool) -> int:
    at = now()
    result = await db.exec(
        update(Session).where(*conditions, is_live(at)).values(ended_at=at, ended_by=reason)  # pyright: ignore[reportArgumentType]
    )
    return result.rowcount
