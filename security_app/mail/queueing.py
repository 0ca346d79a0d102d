"""Messages that wait: written in the transaction of the change it tells of, sent after its commit.

A message holds its parameters sealed (they may contain a secret link) and only
until it is sent or given up.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app import clock
from security_app.db.engine import after_commit
from security_app.db.sealing import CannotOpen, open_sealed, seal
from security_app.db.tables import OutboxMessage, new_id
from security_app.mail.messages import SUBJECTS

#: How long rows about sent and given-up messages stay, for the operator.
KEPT_WHEN_SENT = timedelta(days=7)
KEPT_WHEN_FAILED = timedelta(days=30)

#: Kinds whose rows leave with the sending: not even the address may stay.
LEAVE_NO_TRACE = frozenset({"account_deleted"})

#: A resolver's parameter that replaces the recipient.
RECIPIENT = "recipient"
#: Completes the parameters at the moment of sending; None drops the message silently.
Resolver = Callable[[AsyncSession, str, Mapping[str, str]], Awaitable[Mapping[str, str] | None]]
resolvers: dict[str, Resolver] = {}
_wakers: set[Callable[[], None]] = set()


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """What an operator wants to know.

    Attributes:
        waiting: messages neither sent nor given up.
        oldest_at: when the oldest of them was written.
        failed: messages given up in the last 30 days.
    """

    waiting: int
    oldest_at: datetime | None
    failed: int


def resolves(kind: str) -> Callable[[Resolver], Resolver]:
    """Register the function that completes a kind's parameters when it is sent.

    It runs in its own transaction at each try. So a link can be made for an
    address that may have no account, without the request taking longer for one
    that has (S-47).
    """

    def register(resolver: Resolver) -> Resolver:
        resolvers[kind] = resolver
        return resolver

    return register


async def enqueue(db: AsyncSession, kind: str, recipient: str, params: Mapping[str, str]) -> str:
    """Write a message into the caller's transaction; it is sent after the commit.

    Args:
        db: the session ``transaction()`` gave.
        kind: a kind of mail, see ``messages.SUBJECTS``.
        recipient: one address, at most 254 characters.
        params: what the template or the kind's resolver needs.

    Returns:
        The message's id.

    Raises:
        ValueError: unknown kind.
    """
    if kind not in SUBJECTS:
        raise ValueError(f"unknown kind of mail: {kind}")
    message_id = new_id()
    at = clock.now()
    db.add(
        OutboxMessage(
            id=message_id,
            kind=kind,
            recipient=recipient,
            sealed_params=seal(json.dumps(dict(params)).encode(), seal_context(message_id)),
            created_at=at,
            not_before=at,
        )
    )
    after_commit(db, wake)
    return message_id


def open_params(message: OutboxMessage) -> dict[str, str]:
    """The parameters of a waiting message.

    Raises:
        CannotOpen: sealed under a key that is gone, changed, or already erased.
    """
    if message.sealed_params is None:
        raise CannotOpen("erased")
    return json.loads(open_sealed(message.sealed_params, seal_context(message.id)))


def wake() -> None:
    """Tell the senders of this process that there is something to send."""
    for waker in tuple(_wakers):
        waker()


def listen(waker: Callable[[], None]) -> Callable[[], None]:
    """Call ``waker`` at each :func:`wake`, until the returned function is called."""
    _wakers.add(waker)
    return lambda: _wakers.discard(waker)


async def queue_status(db: AsyncSession) -> QueueStatus:
    """How the queue stands."""
    statement = select(func.count(), func.min(OutboxMessage.created_at)).where(is_waiting())
    waiting, oldest_at = (await db.exec(statement)).one()
    failed = select(func.count()).where(col(OutboxMessage.failed_at).is_not(None))
    return QueueStatus(waiting, oldest_at, (await db.exec(failed)).one())


def is_waiting() -> ColumnElement[bool]:
    """The condition of messages neither sent nor given up."""
    return col(OutboxMessage.sent_at).is_(None) & col(OutboxMessage.failed_at).is_(None)


async def forget_old(db: AsyncSession) -> None:
    """Drop rows about messages that are done with; addresses do not stay for ever."""
    at = clock.now()
    await db.exec(
        delete(OutboxMessage).where(
            (col(OutboxMessage.sent_at) < at - KEPT_WHEN_SENT)
            | (col(OutboxMessage.failed_at) < at - KEPT_WHEN_FAILED)
        )
    )


def seal_context(message_id: str) -> str:
    """What the sealed parameters of a message are bound to."""
    return f"outbox:{message_id}"
