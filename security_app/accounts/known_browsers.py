"""Browsers that signed in before: each has its own failure budget (S-50).

Knowing a browser buys nothing else: it opens no session and skips no factor.
"""

from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.clock import now
from security_app.db.tables import KnownBrowser


async def is_known(db: AsyncSession, account_id: str, browser_hash: str) -> bool:
    """Whether this browser signed in to this account before."""
    if not browser_hash:
        return False
    statement = select(KnownBrowser.account_id).where(
        KnownBrowser.account_id == account_id, KnownBrowser.browser_hash == browser_hash
    )
    return (await db.exec(statement)).first() is not None


async def remember(db: AsyncSession, account_id: str, browser_hash: str) -> None:
    """Note a browser after a complete sign-in."""
    if not browser_hash:
        return
    insert = sqlite_insert if db.get_bind().dialect.name == "sqlite" else postgresql_insert
    at = now()
    await db.exec(
        insert(KnownBrowser)
        .values(account_id=account_id, browser_hash=browser_hash, last_seen_at=at)
        .on_conflict_do_update(
            index_elements=["account_id", "browser_hash"], set_={"last_seen_at": at}
        )
    )


async def has_any(db: AsyncSession, account_id: str) -> bool:
    """Whether anything ever signed in to this account."""
    statement = select(KnownBrowser.account_id).where(KnownBrowser.account_id == account_id)
    return (await db.exec(statement.limit(1))).first() is not None
