"""Writing mail that waits, a sender that runs, and a transport that tells when it tried."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from email.message import EmailMessage

from sqlalchemy import update
from sqlmodel import select

from security_app.db.engine import reading, transaction
from security_app.db.tables import OutboxMessage
from security_app.mail.envelope import sender_address
from security_app.mail.errors import DeliveryFailed
from security_app.mail.outbox import Sender, enqueue
from security_app.mail.transports import Transport
from security_app.settings import get_settings

LINK = f"{get_settings().public_url}/confirm-email?token=canary-token"

PARAMS = {
    "when": "2026-05-04T12:31:00Z",
    "device": "Chrome on Windows",
    "place": "Lisbon",
    "link": LINK,
}


class Watched:
    """A transport that says when a try is over, and can be told to fail or to wait."""

    def __init__(self, inner: Transport | None = None) -> None:
        self.inner = inner
        self.failures: list[DeliveryFailed | Exception] = []
        self.gate: dict[str, asyncio.Event] = {}
        self.begun: asyncio.Queue[str] = asyncio.Queue()
        self.tried: asyncio.Queue[str] = asyncio.Queue()
        self.messages: list[EmailMessage] = []

    async def send(self, message: EmailMessage) -> None:
        to = str(message["To"])
        self.begun.put_nowait(to)
        try:
            if to in self.gate:
                await self.gate[to].wait()
            if self.failures:
                raise self.failures.pop(0)
            if self.inner is not None:
                await self.inner.send(message)
            self.messages.append(message)
        finally:
            self.tried.put_nowait(to)


@contextlib.asynccontextmanager
async def running(transport: Transport) -> AsyncIterator[Sender]:
    """A sender at work; at the end what is on its way is finished."""
    one = Sender(transport, sender_address("noreply@example.com"))
    task = asyncio.create_task(one.run())
    try:
        yield one
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def write(*recipients: str, kind: str = "confirm_email") -> list[str]:
    async with transaction() as db:
        return [await enqueue(db, kind, recipient, PARAMS) for recipient in recipients]


async def row(message_id: str) -> OutboxMessage:
    async with reading() as db:
        return (await db.exec(select(OutboxMessage).where(OutboxMessage.id == message_id))).one()


async def change(message_id: str, **values: object) -> None:
    async with transaction() as db:
        statement = update(OutboxMessage).where(OutboxMessage.id == message_id)  # pyright: ignore[reportArgumentType]
        await db.exec(statement.values(**values))


async def within(awaitable: "asyncio.Queue[str]") -> str:
    """The next item; a test that waits longer than this has failed."""
    return await asyncio.wait_for(awaitable.get(), 10)


async def recorded(message_id: str) -> OutboxMessage:
    """The row, once the outcome of its last try is written."""
    async with asyncio.timeout(10):
        while True:
            found = await row(message_id)
            if found.last_error or found.sent_at or found.failed_at:
                return found
