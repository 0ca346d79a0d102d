"""Tickets: how an event, which cannot set a cookie, hands a session to the browser.

A ticket lives 30 seconds, works once, and only in the browser it was made for:
it is bound to the digest of that browser's own random cookie.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.errors import TicketDead
from security_app.accounts.tokens import digest, new_token
from security_app.clock import now
from security_app.db.engine import execute
from security_app.db.tables import Account, Ticket
from security_app.limits import TICKET_LIFE

#: Longest path a ticket may lead to.
_PATH_MAX_CHARS = 200

#: Built once, as each sign-in needs them.
_ISSUE = insert(Ticket)
_LOCK_ACCOUNT = (
    select(col(Account.id))
    .join(Ticket, col(Ticket.account_id) == Account.id)
    .where(col(Ticket.secret_hash) == bindparam("digest"))
    .with_for_update(of=Account, key_share=True)
)
_SPEND = (
    update(Ticket)
    .where(
        col(Ticket.secret_hash) == bindparam("digest"),
        col(Ticket.browser_hash) == bindparam("browser"),
        col(Ticket.browser_hash) != "",
        col(Ticket.expires_at) > bindparam("at"),
        col(Ticket.spent_at).is_(None),
    )
    .values(spent_at=bindparam("at"))
    .returning(
        col(Ticket.account_id),
        col(Ticket.session_id),
        col(Ticket.sign_in_id),
        col(Ticket.opened_by),
        col(Ticket.two_factor_verified),
        col(Ticket.next_path),
    )
)


@dataclass(frozen=True, slots=True)
class SpentTicket:
    """What a ticket was good for."""

    account_id: str
    session_id: str | None
    sign_in_id: str
    opened_by: str
    two_factor_verified: bool
    next_path: str


async def issue_for_sign_in(
    db: AsyncSession,
    account_id: str,
    visitor: Visitor,
    *,
    sign_in_id: str,
    next_path: str,
    opened_by: str = "password",
    two_factor_verified: bool = False,
) -> str:
    """Make the ticket that ends a sign-in; returns its secret.

    Args:
        opened_by: a key of ``activity_words.METHODS``.
    """
    return await _issue(
        db,
        account_id,
        visitor,
        next_path,
        sign_in_id=sign_in_id,
        opened_by=opened_by,
        two_factor_verified=two_factor_verified,
    )


async def issue_for_renewal(db: AsyncSession, actor: Actor, *, next_path: str) -> str:
    """Make the ticket that gives the actor's session a new cookie; returns its secret."""
    return await _issue(db, actor.account_id, actor.visitor, next_path, session_id=actor.session_id)


async def lock_account(db: AsyncSession, secret: str) -> None:
    """Lock the ticket's account first, as a password change does.

    So a session opened by a ticket is either seen and ended by a change of the
    same moment, or comes too late; and the two cannot deadlock (S-05, S-87).
    """
    await execute(db, _LOCK_ACCOUNT, {"digest": digest(secret)})


async def spend(db: AsyncSession, secret: str, visitor: Visitor) -> SpentTicket:
    """Spend a ticket: one conditional UPDATE decides.

    Raises:
        TicketDead: unknown, used, expired, or made for another browser.
    """
    values = {"digest": digest(secret), "browser": visitor.browser_hash, "at": now()}
    row = (await execute(db, _SPEND, values)).one_or_none()
    if row is None:
        raise TicketDead
    return SpentTicket(*row)


async def revoke_of_account(db: AsyncSession, account_id: str) -> None:
    """Make every open ticket of an account useless (S-05: pending sign-ins end too)."""
    await db.exec(delete(Ticket).where(col(Ticket.account_id) == account_id))


async def forget_old(db: AsyncSession) -> None:
    """Drop tickets that no longer work."""
    await db.exec(delete(Ticket).where(col(Ticket.expires_at) < now()))


async def _issue(
    db: AsyncSession, account_id: str, visitor: Visitor, next_path: str, **good_for: Any
) -> str:
    secret = new_token()
    row = {
        "secret_hash": digest(secret),
        "account_id": account_id,
        "browser_hash": visitor.browser_hash,
        "next_path": safe_path(next_path),
        "expires_at": now() + TICKET_LIFE,
        **good_for,
    }
    await execute(db, _ISSUE, row)
    return secret


def safe_path(path: str) -> str:
    """A path on this site, or "" when it is anything else (S-68).

    Refuses other origins, scheme-relative and backslash spellings, and control
    characters that browsers drop while parsing.
    """
    is_safe = (
        path.startswith("/")
        and not path.startswith(("//", "/\\"))
        and "\\" not in path
        and path.isprintable()
        and len(path) <= _PATH_MAX_CHARS
    )
    return path if is_safe else ""
