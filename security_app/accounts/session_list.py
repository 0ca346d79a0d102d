"""The sessions of an account as its owner sees them: listed, counted and named."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, String, bindparam, func, select, tuple_, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import activity
from security_app.accounts.activity import Page
from security_app.accounts.actor import Actor
from security_app.accounts.devices import describe
from security_app.accounts.errors import SessionGone
from security_app.accounts.names import parse_name
from security_app.accounts.sessions import LIVE, live_at
from security_app.clock import now
from security_app.db.engine import execute
from security_app.db.tables import Session, known_id
from security_app.db.tables.columns import UtcDateTime
from security_app.live.hub import Change, announce

#: Longest name an owner can give a session, in characters.
NAME_MAX_CHARS = 60

_IS_THEIRS = col(Session.account_id) == bindparam("of")
#: Built once, as each click on the card needs them.
_ALL = select(Session).where(_IS_THEIRS, LIVE)
_PAGE = _ALL.order_by(col(Session.last_active_at).desc(), col(Session.id).desc()).limit(
    bindparam("limit")
)
_NEXT_PAGE = _PAGE.where(
    tuple_(col(Session.last_active_at), col(Session.id))
    < tuple_(bindparam("last_active_at", type_=UtcDateTime()), bindparam("last_id", type_=String()))
)
_LAST = select(col(Session.last_active_at)).where(_IS_THEIRS, col(Session.id) == bindparam("id"))
_ONE = _ALL.where(col(Session.id) == bindparam("id"))
_COUNT = select(func.count()).select_from(Session).where(_IS_THEIRS, LIVE)
_RENAME = (
    update(Session)
    .where(_IS_THEIRS, col(Session.id) == bindparam("session"), LIVE)
    .values(name=bindparam("new_name"))
)


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
        limit: rows, at least 1.
        cursor: the id of the last row seen; unknown and foreign ids give the first page.
    """
    statement, values = _PAGE, {"of": actor.account_id, "limit": limit + 1, **live_at(now())}
    if cursor:
        of = {"of": actor.account_id, "id": known_id(cursor)}
        last_active_at = (await execute(db, _LAST, of)).scalar()
        if last_active_at is not None:
            statement = _NEXT_PAGE
            values |= {"last_active_at": last_active_at, "last_id": cursor}
    rows = (await execute(db, statement, values)).all()
    items = tuple(_as_open_session(row, actor) for row in rows[:limit])
    return Page(items, items[-1].id if len(rows) > limit else "")


async def current_session(db: AsyncSession, actor: Actor) -> OpenSession | None:
    """The actor's own session, for the top of the list."""
    values = {"of": actor.account_id, "id": actor.session_id, **live_at(now())}
    row = (await execute(db, _ONE, values)).first()
    return _as_open_session(row, actor) if row else None


async def count_sessions(db: AsyncSession, account_id: str) -> int:
    """How many sessions live now."""
    return (await execute(db, _COUNT, {"of": account_id, **live_at(now())})).scalar_one()


async def rename_session(db: AsyncSession, actor: Actor, session_id: str, name: str) -> None:
    """Give a session a name of the owner's own; empty takes it away.

    Raises:
        FieldRefused: longer than 60 characters, or control characters in it.
        SessionGone: unknown, foreign or ended.
    """
    name = parse_name(name, max_chars=NAME_MAX_CHARS)
    of = {"of": actor.account_id, "session": known_id(session_id)}
    result = await execute(db, _RENAME, {**of, "new_name": name, **live_at(now())})
    if result.rowcount == 0:
        raise SessionGone
    activity.record(db, actor, "session.renamed", session_id)
    announce(db, Change(actor.account_id, "sessions", by=actor.session_id))


def _as_open_session(row: Row[*tuple[Any, ...]], actor: Actor) -> OpenSession:
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
