"""The outbox: what the rest of the product uses, and the task that empties it.

A message is sent at least once. A worker claims it by one conditional UPDATE
that also moves it two minutes into the future: should the worker die, another
one takes it up then.
"""

import asyncio
import contextlib
import functools
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.headerregistry import Address
from typing import Any

import structlog
from sqlalchemy import delete, update
from sqlmodel import col, select

from security_app import clock
from security_app.db.engine import reading, transaction
from security_app.db.errors import DatabaseUnavailable
from security_app.db.sealing import CannotOpen
from security_app.db.tables import OutboxMessage
from security_app.mail.envelope import build_message, sender_address
from security_app.mail.errors import DeliveryFailed, PermanentFailure, TemporaryFailure
from security_app.mail.messages import CannotRender, Message, render
from security_app.mail.queueing import (
    LEAVE_NO_TRACE,
    RECIPIENT,
    QueueStatus,
    enqueue,
    forget_old,
    is_waiting,
    listen,
    open_params,
    queue_status,
    resolvers,
    resolves,
    wake,
)
from security_app.mail.transports import Transport, transport_from
from security_app.metrics import mail_postponed, mail_sent
from security_app.settings import get_settings

__all__ = [
    "QueueStatus",
    "Sender",
    "enqueue",
    "forget_old",
    "queue_status",
    "resolves",
    "sender",
    "wake",
]

#: Messages on their way at one time: a tarpit must not hold up everybody else.
CONCURRENCY = 4
#: A claimed message is free again after this; four times the longest conversation.
LEASE = timedelta(minutes=2)
FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=48)
#: Looks again this often even when nobody wakes it: other processes write messages too.
POLL_S = 10.0
#: What a running conversation gets when the process is asked to stop.
_GRACE_S = 3.0
#: Failures that say nothing about the message: over as soon as one message gets through.
_OUTAGES = ("unreachable", "timeout", "dropped", "certificate", "protocol")

log = structlog.get_logger(__name__)


class Sender:
    """Sends what is due. One per process; its ``run`` lives as long as the process."""

    def __init__(self, transport: Transport, mail_from: Address) -> None:
        """Prepare.

        Args:
            transport: where messages go.
            mail_from: who they come from.
        """
        self._transport = transport
        self._mail_from = mail_from
        self._awake = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._is_down = False

    def wake(self) -> None:
        """Look for due messages now."""
        self._awake.set()

    async def run(self) -> None:
        """Send until cancelled; never ends because of a message or the database."""
        # Bound to the event loop that runs it, which need not be the one that made it.
        self._awake = asyncio.Event()
        stop_listening = listen(self.wake)
        try:
            while True:
                self._awake.clear()
                try:
                    pause_s = await self._start_due()
                except Exception as error:  # noqa: BLE001 - whatever it is, mail must go on later
                    log.warning("mail_queue_unavailable", reason=type(error).__name__)
                    await asyncio.sleep(POLL_S)
                    continue
                # Not wait_for: before Python 3.12 it loses a cancellation that comes with
                # the wake-up, and the process would never stop.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause_s):
                        await self._awake.wait()
        finally:
            stop_listening()
            await self._finish()

    async def deliver(self, message: Message, *, to: str, message_id: str) -> None:
        """Hand one rendered mail over, now.

        Raises:
            DeliveryFailed: it was not taken.
        """
        await self._transport.send(
            build_message(message, to=to, sender=self._mail_from, message_id=message_id)
        )

    async def _start_due(self) -> float:
        """Claim and start what is due and has a free place.

        Returns:
            Seconds until it is worth looking again, unless woken.
        """
        places = CONCURRENCY - len(self._running)
        if places == 0:
            return POLL_S
        at = clock.now()
        async with reading() as db:
            waiting = select(OutboxMessage).where(is_waiting())
            order = (col(OutboxMessage.not_before), col(OutboxMessage.id))
            messages = (await db.exec(waiting.order_by(*order).limit(places + 1))).all()
        for message in messages[:places]:
            if message.not_before <= at and await _claim(message, at):
                task = asyncio.create_task(self._deliver(message))
                self._running.add(task)
                task.add_done_callback(self._done)
        later = [message.not_before for message in messages if message.not_before > at]
        if not later:
            return POLL_S
        return min(POLL_S, max(0.05, (min(later) - at).total_seconds()))

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self.wake()

    async def _deliver(self, message: OutboxMessage) -> None:
        note = log.bind(mail_id=message.id, kind=message.kind, attempt=message.attempts + 1)
        try:
            is_sent, failure = await self._try(message)
            retry_at = _retry_at(message) if isinstance(failure, TemporaryFailure) else None
            if failure is None:
                await _close(message, sent_at=clock.now())
                note.info("mail_sent" if is_sent else "mail_not_wanted")
                if is_sent:
                    mail_sent.labels(message.kind).inc()
                    await self._recover()
            elif retry_at is not None:
                self._is_down = self._is_down or failure.kind in _OUTAGES
                await _write(message.id, not_before=retry_at, last_error=failure.kind[:100])
                note.warning("mail_postponed", reason=failure.kind)
                mail_postponed.labels(failure.word).inc()
            else:
                await _close(message, failed_at=clock.now(), last_error=failure.kind[:100])
                note.error("mail_given_up", reason=failure.kind)
        except DatabaseUnavailable as error:
            # The claim runs out by itself, and the message is tried again.
            note.warning("mail_not_recorded", reason=str(error))

    async def _try(self, message: OutboxMessage) -> tuple[bool, DeliveryFailed | None]:
        """Send one message: whether it went out, and what was in the way."""
        try:
            params = await _resolve(message)
            if params is None:
                return False, None
            await self._send(message, params)
        except DeliveryFailed as failure:
            return False, failure
        except (CannotOpen, CannotRender) as error:
            return False, PermanentFailure(type(error).__name__)
        except DatabaseUnavailable:
            return False, TemporaryFailure("database")
        except Exception as error:  # noqa: BLE001 - one message must not stop the others
            # The type only: a message or a traceback could hold a link.
            return False, TemporaryFailure(f"internal:{type(error).__name__}")
        return True, None

    async def _send(self, message: OutboxMessage, params: Mapping[str, str]) -> None:
        # A resolver may know the recipient's own spelling of the address somebody typed.
        to = params.get(RECIPIENT, message.recipient)
        # Off the event loop: the first of a kind compiles its templates.
        rendered = await asyncio.to_thread(render, message.kind, params, to=to)
        await self.deliver(rendered, to=to, message_id=message.id)

    async def _recover(self) -> None:
        """After an outage, try at once what would wait up to an hour."""
        if not self._is_down:
            return
        self._is_down = False
        async with transaction(is_relaxed=True) as db:
            await db.exec(
                update(OutboxMessage)
                .where(is_waiting(), col(OutboxMessage.last_error).in_(_OUTAGES))
                .values(not_before=clock.now())
            )
        self.wake()

    async def _finish(self) -> None:
        if not self._running:
            return
        running = set(self._running)
        await asyncio.wait(running, timeout=_GRACE_S)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@functools.cache
def sender() -> Sender:
    """The sender of this process, as the environment asks for.

    Raises:
        ValueError: ``SMTP_URL`` or ``MAIL_FROM`` cannot be used.
    """
    settings = get_settings()
    return Sender(transport_from(settings), sender_address(settings.mail_from))


async def _resolve(message: OutboxMessage) -> Mapping[str, str] | None:
    params = open_params(message)
    resolver = resolvers.get(message.kind)
    if resolver is None:
        return params
    async with transaction() as db:
        return await resolver(db, message.recipient, params)


async def _claim(message: OutboxMessage, at: datetime) -> bool:
    """Take a message, unless another worker was quicker; the row count decides."""
    statement = (
        update(OutboxMessage)
        .where(
            col(OutboxMessage.id) == message.id,
            col(OutboxMessage.attempts) == message.attempts,
            col(OutboxMessage.not_before) <= at,
            is_waiting(),
        )
        # An empty last_error marks it as on its way: _recover() leaves it alone.
        .values(not_before=at + LEASE, attempts=message.attempts + 1, last_error="")
    )
    # Relaxed: losing a claim or a mark to a power cut means a second copy of a mail.
    async with transaction(is_relaxed=True) as db:
        return (await db.exec(statement)).rowcount == 1


def _retry_at(message: OutboxMessage) -> datetime | None:
    """When to try again: doubling, with jitter; None after 48 hours."""
    at = clock.now()
    if at - message.created_at >= GIVE_UP_AFTER:
        return None
    # The exponent is capped: 2 to the 7th times 30 s is over an hour already.
    pause = min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(message.attempts, 7))
    return at + pause * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing


async def _close(message: OutboxMessage, **values: Any) -> None:
    """Mark as done; the parameters, with any secret link, leave the database."""
    if message.kind not in LEAVE_NO_TRACE:
        await _write(message.id, sealed_params=None, **values)
        return
    async with transaction(is_relaxed=True) as db:
        await db.exec(delete(OutboxMessage).where(col(OutboxMessage.id) == message.id))


async def _write(message_id: str, **values: Any) -> None:
    async with transaction(is_relaxed=True) as db:
        await db.exec(
            update(OutboxMessage)
            .where(col(OutboxMessage.id) == message_id, is_waiting())
            .values(**values)
        )
