"""The API keys of an account as their owner sees them: what is known of a key but the key."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, or_, tuple_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts.activity import Page
from security_app.accounts.actor import Actor
from security_app.accounts.api_keys import is_live
from security_app.clock import now
from security_app.db.tables import ApiKey, known_id
from security_app.limits import API_KEY_MEMORY


@dataclass(frozen=True, slots=True)
class ShownKey:
    """One row of the API keys card.

    Attributes:
        name: as its owner calls it; plain text, may look like markup.
        prefix: its beginning, "sapp_3fKd".
        last_four: its end.
        scopes: keys of ``policy.API_KEY_SCOPES``, in that order.
        last_used_place: rough place of the latest use, may be empty.
        status: "active", "replaced" (works for its last hours), or "expired".
    """

    id: str
    name: str = field(repr=False)
    prefix: str
    last_four: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    last_used_place: str
    status: str


async def list_keys(
    db: AsyncSession, actor: Actor, *, limit: int, cursor: str = ""
) -> Page[ShownKey]:
    """One page of the actor's keys, by keyset, newest first.

    Those that work, and for a month those that expired: their scripts have stopped,
    and somebody looks for the reason. Revoked keys are gone, and so is a replaced
    one once its last hours are over.

    Args:
        limit: rows, at least 1.
        cursor: the id of the last row seen; unknown and foreign ids give the first page.
    """
    at = now()
    has_expired = and_(
        col(ApiKey.revoked_at).is_(None),
        col(ApiKey.replaced_by) == "",
        col(ApiKey.expires_at) > at - API_KEY_MEMORY,
    )
    statement = (
        select(ApiKey)
        .where(ApiKey.account_id == actor.account_id, or_(is_live(at), has_expired))
        .order_by(col(ApiKey.created_at).desc(), col(ApiKey.id).desc())
        .limit(limit + 1)
    )
    if cursor:
        of_cursor = select(ApiKey.created_at, ApiKey.id).where(
            ApiKey.id == known_id(cursor), ApiKey.account_id == actor.account_id
        )
        if (last := (await db.exec(of_cursor)).first()) is not None:
            statement = statement.where(
                tuple_(col(ApiKey.created_at), col(ApiKey.id)) < tuple_(*last)
            )
    rows = (await db.exec(statement)).all()
    items = tuple(shown(row) for row in rows[:limit])
    return Page(items, items[-1].id if len(rows) > limit else "")


def hint_of(row: ApiKey) -> str:
    """Beginning and end of a key, by which its owner knows it again."""
    return f"{row.prefix}...{row.last_four}"


def shown(row: ApiKey) -> ShownKey:
    """What is shown of a key."""
    return ShownKey(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        last_four=row.last_four,
        scopes=tuple(row.scopes.split()),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        last_used_place=row.last_used_place,
        status=_status(row),
    )


def _status(row: ApiKey) -> str:
    if row.expires_at <= now():
        return "expired"
    return "replaced" if row.replaced_by else "active"
