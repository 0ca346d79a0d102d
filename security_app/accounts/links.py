"""Single-use links sent by mail."""

from datetime import timedelta

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts.errors import LinkDead
from security_app.accounts.tokens import digest, new_token
from security_app.clock import now
from security_app.db.tables import Account, MailedLink
from security_app.settings import get_settings


def new_link(
    db: AsyncSession, account: Account, *, purpose: str, path: str, life: timedelta
) -> str:
    """Make a link and keep its digest.

    Args:
        purpose: "confirm_email" or "reset_password".
        path: the page it opens; its host comes from the configuration only (S-08).

    Returns:
        The whole URL, to be mailed and nowhere else.
    """
    token = new_token()
    at = now()
    db.add(
        MailedLink(
            secret_hash=digest(token),
            account_id=account.id,
            purpose=purpose,
            email_key=account.email_key,
            created_at=at,
            expires_at=at + life,
        )
    )
    return f"{get_settings().public_url}{path}?token={token}"


async def account_of_link(db: AsyncSession, token: str, purpose: str) -> Account:
    """Whose link this is, without spending it.

    Raises:
        LinkDead: unknown, used, expired, or the account's address is another one by now.
    """
    statement = (
        select(Account)
        .join(MailedLink, col(MailedLink.account_id) == Account.id)
        .where(
            MailedLink.secret_hash == digest(token),
            MailedLink.purpose == purpose,
            MailedLink.expires_at > now(),
            MailedLink.email_key == Account.email_key,
            col(Account.disabled_at).is_(None),
        )
    )
    account = (await db.exec(statement)).first()
    if account is None:
        raise LinkDead
    return account


async def spend(db: AsyncSession, token: str, purpose: str) -> None:
    """Spend a link; the row count of one DELETE decides.

    Raises:
        LinkDead: unknown, used or expired.
    """
    result = await db.exec(
        delete(MailedLink).where(
            col(MailedLink.secret_hash) == digest(token),
            col(MailedLink.purpose) == purpose,
            col(MailedLink.expires_at) > now(),
        )
    )
    if result.rowcount == 0:
        raise LinkDead


async def revoke(db: AsyncSession, account_id: str, purpose: str) -> None:
    """Make every link of this purpose useless."""
    await db.exec(
        delete(MailedLink).where(
            col(MailedLink.account_id) == account_id, col(MailedLink.purpose) == purpose
        )
    )


async def revoke_all(db: AsyncSession, account_id: str) -> None:
    """Make every link of an account useless, when its address or its owner changes."""
    await db.exec(delete(MailedLink).where(col(MailedLink.account_id) == account_id))


async def forget_old(db: AsyncSession) -> None:
    """Drop links that no longer work."""
    await db.exec(delete(MailedLink).where(col(MailedLink.expires_at) < now()))
