"""The sessions of an account as its owner sees them: listed, counted and named."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, tuple_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from security_app.accounts import activity
from security_app.accounts.activity import Page
from security_app.accounts.actor import Actor
from security_app.accounts.devices import describe
from security_app.accounts.errors import FieldRefused, SessionGone
from security_app.accounts.sessions import is_live
from security_app.clock import now
from security_app.db.tables import Session, known_id
from security_app.live.hub import Change, announce

#: Longest name an owner can give a session, in characters.
NAME_MAX_CHARS = 60


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One row of the Sessions card."""

    id: str
    kind: str
    opened_by: str
    two_factor_verified: bool
    name: str
    device: str
    device_kind: str
    place: str
    ip: str
    opened_at: datetime
    last_active_at: datetime
    is_current: bool


async def list_sessions(
    db: AsyncSession, actor: Actor, *, limit: int, cursor: str = ""
) -> Page[OpenSession]:
    """One page of the actor's live sessions, by keyset, newest activity first.

    Args:
        limit: rows, 1 to 100.
        cursor: the id of the last row seen; unknown and foreign ids give the first page.
    """
    statement = (
        _live_of(actor.account_id)
        .order_by(col(Session.last_active_at).desc(), col(Session.id).desc())
        .limit(limit + 1)
    )
    if cursor:
        last = (
            await db.exec(
                select(Session.last_active_at, Session.id).where(
                    Session.id == known_id(cursor), Session.account_id == actor.account_id
                )
            )
        ).first()
        if last is not None:
            statement = statement.where(
                tuple_(col(Session.last_active_at), col(Session.id)) < tuple_(*last)
            )
    rows = (await db.exec(statement)).all()
    items = tuple(_as_open_session(row, actor) for row in rows[:limit])
    return Page(items, items[-1].id if len(rows) > limit else "")


async def current_session(db: AsyncSession, actor: Actor) -> OpenSession | None:
    """The actor's own session, for the top of the list."""
    row = (await db.exec(_live_of(actor.account_id).where(Session.id == actor.session_id))).first()
    return _as_open_session(row, actor) if row else None


async def count_sessions(db: AsyncSession, account_id: str) -> int:
    """How many sessions live now."""
    statement = (
        select(func.count())
        .select_from(Session)
        .where(Session.account_id == account_id, is_live(now()))
    )
    return (await db.exec(statement)).one()


async def rename_session(db: AsyncSession, actor: Actor, session_id: str, name: str) -> None:
    """Give a session a name of the owner's own; empty takes it away.

    Raises:
        FieldRefused: longer than 60 characters, or control characters in it.
        SessionGone: unknown, foreign or ended.
    """
    name = " ".join(name.split())
    if len(name) > NAME_MAX_CHARS:
        msg = f"A name has at most {NAME_MAX_CHARS} characters."
        raise FieldRefused(msg, field="name")
    if not name.isprintable():
        msg = "Use letters, digits and spaces."
        raise FieldRefused(msg, field="name")
    result = await db.exec(
        update(Session)
        .where(
            col(Session.id) == known_id(session_id),
            col(Session.account_id) == actor.account_id,
            is_live(now()),
        )
        .values(name=name)
    )
    if result.rowcount == 0:
        raise SessionGone
    activity.record(db, actor, "session.renamed", session_id)
    announce(db, Change(actor.account_id, "sessions", by=actor.session_id))


def _live_of(account_id: str) -> SelectOfScalar[Session]:
    return select(Session).where(Session.account_id == account_id, is_live(now()))


def _as_open_session(row: Session, actor: Actor) -> OpenSession:
    device = describe(row.user_agent)
    return OpenSession(
        id=row.id,
        kind=row.kind,
        opened_by=row.opened_by,
        two_factor_verified=row.two_factor_verified,
        name=row.name,
        device=device.title,
        device_kind="api" if row.kind == "api" else device.kind,
        place=row.place,
        ip=row.ip,
        opened_at=row.opened_at,
        last_active_at=row.last_active_at,
        is_current=row.id == actor.session_id,
    )
