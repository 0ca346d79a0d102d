"""Browsers that signed in before: each has its own failure budget (S-50).

Knowing a browser buys nothing else: it opens no session and skips no factor.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Executable, bindparam
from sqlalchemy import select as select_columns
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.clock import now
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
_ANY = select_columns(_ACCOUNT).where(bindparam("account_id") == _ACCOUNT).limit(1)
_THIS = _ANY.where(bindparam("browser_hash") == _BROWSER)
_REMEMBER = {"sqlite": _remembering(sqlite_insert), "postgresql": _remembering(postgresql_insert)}


async def is_known(db: AsyncSession, account_id: str, browser_hash: str) -> bool:
    """Whether this browser signed in to this account before."""
    if not browser_hash:
        return False
    return await _finds(db, _THIS, account_id=account_id, browser_hash=browser_hash)


async def remember(db: AsyncSession, account_id: str, browser_hash: str) -> None:
    """Note a browser after a complete sign-in."""
    if not browser_hash:
        return
    connection = await db.connection()
    values = {"account_id": account_id, "browser_hash": browser_hash, "at": now()}
    await connection.execute(_REMEMBER[connection.dialect.name], values)


async def has_any(db: AsyncSession, account_id: str) -> bool:
    """Whether anything ever signed in to this account."""
    return await _finds(db, _ANY, account_id=account_id)


async def _finds(db: AsyncSession, statement: Executable, **values: str) -> bool:
    return (await (await db.connection()).execute(statement, values)).first() is not None
