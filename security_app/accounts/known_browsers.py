"""Browsers that signed in before: each has its own failure budget (S-50).

Knowing a browser buys nothing else: it opens no session and skips no factor.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    SQLColumnExpression,
    bindparam,
    exists,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.clock import now
from security_app.db.engine import execute
from security_app.db.tables import KnownBrowser

_ACCOUNT, _BROWSER = col(KnownBrowser.account_id), col(KnownBrowser.browser_hash)


def _remembering(insert: Callable[..., Any]) -> Executable:
    remembering = insert(KnownBrowser).values(
        account_id=bindparam("account_id"),
        browser_hash=bindparam("browser_hash"),
        last_seen_at=bindparam("at"),
    )
    return remembering.on_conflict_do_update(
        index_elements=["account_id", "browser_hash"],
        set_={"last_seen_at": remembering.excluded.last_seen_at},
    )


#: Built once, as each sign-in needs them: putting one together costs more than running it.
_ANY = select(_ACCOUNT).where(bindparam("of") == _ACCOUNT).limit(1)
_RENEW = (
    update(KnownBrowser)
    .where(bindparam("of") == _ACCOUNT, bindparam("browser") == _BROWSER)
    .values(last_seen_at=bindparam("at"))
)
_REMEMBER = {"sqlite": _remembering(sqlite_insert), "postgresql": _remembering(postgresql_insert)}


def is_known_to(
    account_id: SQLColumnExpression[str], browser_hash: ColumnElement[str]
) -> ColumnElement[bool]:
    """Whether a browser signed in before to an account of a statement."""
    return exists().where(account_id == _ACCOUNT, browser_hash == _BROWSER)


async def renew(db: AsyncSession, account_id: str, browser_hash: str) -> bool:
    """Note that a browser signed in again; returns whether it did so before."""
    values = {"of": account_id, "browser": browser_hash, "at": now()}
    return (await execute(db, _RENEW, values)).rowcount > 0


async def remember(db: AsyncSession, account_id: str, browser_hash: str) -> None:
    """Note a browser after a complete sign-in."""
    if not browser_hash:
        return
    values = {"account_id": account_id, "browser_hash": browser_hash, "at": now()}
    await execute(db, _REMEMBER[db.get_bind().dialect.name], values)


async def has_any(db: AsyncSession, account_id: str) -> bool:
    """Whether anything ever signed in to this account."""
    return (await execute(db, _ANY, {"of": account_id})).first() is not None
