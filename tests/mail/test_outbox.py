"""Mail that waits: written with the change, sent after it, never twice, never lost."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
import structlog
from sqlalchemy import update
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app import clock
from security_app.db.engine import Database, reading, transaction
from security_app.db.tables import OutboxMessage
from security_app.mail import outbox, queueing
from security_app.mail.envelope import sender_address
from security_app.mail.errors import DeliveryFailed, PermanentFailure, TemporaryFailure
from security_app.mail.outbox import Sender, enqueue, forget_old, queue_status, sender, wake
from security_app.mail.queueing import open_params
from security_app.mail.transports import FileTransport, SmtpServer, SmtpTransport, Transport
from security_app.settings import get_settings

from .conftest import Mailbox, StartServer

LINK = f"{get_settings().public_url}/confirm-email?token=canary-token"
PARAMS = {
    "when": "2026-05-04T12:31:00Z",
    "device": "Chrome on Windows",
    "place": "Lisbon",
    "link": LINK,
}

pytestmark = pytest.mark.usefixtures("database")


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


async def test_a_message_is_sent_after_the_commit_and_its_link_leaves_the_database_s78(
    start_server: StartServer,
) -> None:
    mailbox = Mailbox()
    transport = SmtpTransport(await start_server(mailbox), "x")
    async with running(transport):
        (message_id,) = await write("ada@example.com")
        mail = await asyncio.wait_for(mailbox.received.get(), 10)
    text = mail.get_body(("plain",))
    assert text is not None
    assert LINK in text.get_content()
    assert mail["Message-ID"] == f"<{message_id}@example.com>"
    sent = await row(message_id)
    assert sent.sent_at is not None
    assert sent.sealed_params is None
    assert sent.attempts == 1


async def test_what_rolled_back_is_not_mailed() -> None:
    transport = Watched()
    async with running(transport):
        with contextlib.suppress(RuntimeError):
            async with transaction() as db:
                await enqueue(db, "confirm_email", "never@example.com", PARAMS)
                raise RuntimeError
        await write("ada@example.com")
        assert await within(transport.tried) == "ada@example.com"
    assert transport.tried.empty()


async def test_parameters_are_sealed_while_they_wait_s74() -> None:
    (message_id,) = await write("ada@example.com")
    waiting = await row(message_id)
    assert waiting.sealed_params is not None
    assert b"canary" not in waiting.sealed_params
    assert open_params(waiting) == PARAMS


async def test_a_value_moved_to_another_row_does_not_open_s74() -> None:
    first, second = await write("ada@example.com", "eve@example.com")
    await change(second, sealed_params=(await row(first)).sealed_params)
    transport = Watched()
    async with running(transport):
        assert await within(transport.tried) == "ada@example.com"
        await write("last@example.com")
        assert await within(transport.tried) == "last@example.com"
    failed = await row(second)
    assert failed.failed_at is not None
    assert failed.last_error == "CannotOpen"
    assert failed.sealed_params is None


async def test_an_unknown_kind_is_refused_where_it_is_written() -> None:
    async with transaction() as db:
        with pytest.raises(ValueError, match="unknown kind"):
            await enqueue(db, "no_such_kind", "ada@example.com", {})


async def test_a_dead_server_delays_and_its_return_sends_at_once_s84_s90() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        dead = SmtpServer.parse(f"smtp://127.0.0.1:{taken.getsockname()[1]}")
        transport = Watched(SmtpTransport(dead, "x"))
        async with running(transport):
            before = clock.now()
            (early,) = await write("ada@example.com")
            assert await within(transport.tried) == "ada@example.com"
            # A second try to be sure that the first one is recorded by now.
            (message_id,) = await write("eve@example.com")
            assert await within(transport.tried) == "eve@example.com"
            waiting = await _recorded(early)
            assert waiting.last_error == "unreachable"
            assert waiting.sent_at is None
            assert waiting.sealed_params is not None
            pause = waiting.not_before - before
            assert timedelta(seconds=24) <= pause <= timedelta(seconds=40)
            await _recorded(message_id)
            transport.inner = None
            await write("third@example.com")
            tried = {await within(transport.tried) for _ in range(3)}
            assert tried == {"ada@example.com", "eve@example.com", "third@example.com"}
    assert (await row(early)).sent_at is not None
    assert (await row(message_id)).sent_at is not None


async def _recorded(message_id: str) -> OutboxMessage:
    """The row, once the outcome of its last try is written."""
    async with asyncio.timeout(10):
        while True:
            found = await row(message_id)
            if found.last_error or found.sent_at or found.failed_at:
                return found


@pytest.mark.parametrize(
    ("attempts", "least_s", "most_s"), [(0, 24, 36), (1, 48, 72), (3, 192, 288), (40, 2880, 4320)]
)
async def test_the_wait_doubles_up_to_an_hour(attempts: int, least_s: int, most_s: int) -> None:
    (message_id,) = await write("ada@example.com")
    await change(message_id, attempts=attempts)
    transport = Watched()
    transport.failures = [TemporaryFailure("message_refused:451")]
    before = clock.now()
    async with running(transport):
        await within(transport.tried)
    waiting = await row(message_id)
    assert waiting.attempts == attempts + 1
    pause_s = (waiting.not_before - before).total_seconds()
    assert least_s <= pause_s <= most_s + 5


async def test_after_two_days_it_is_given_up_and_the_link_leaves() -> None:
    (message_id,) = await write("ada@example.com")
    await change(message_id, created_at=clock.now() - timedelta(hours=48, seconds=1))
    transport = Watched()
    transport.failures = [TemporaryFailure("unreachable")]
    async with running(transport):
        await within(transport.tried)
    failed = await row(message_id)
    assert failed.failed_at is not None
    assert failed.last_error == "unreachable"
    assert failed.sealed_params is None


async def test_a_refusal_for_good_is_not_repeated(start_server: StartServer) -> None:
    mailbox = Mailbox(rcpt_reply="550 no such user")
    transport = Watched(SmtpTransport(await start_server(mailbox), "x"))
    async with running(transport):
        (message_id,) = await write("ada@example.com")
        await within(transport.tried)
    failed = await row(message_id)
    assert failed.failed_at is not None
    assert failed.last_error == "recipient_refused:550"


async def test_an_address_that_is_none_fails_alone_s22() -> None:
    transport = Watched()
    async with running(transport):
        bad, good = await write("ada@example.com\r\nBcc: eve@evil.test", "eve@example.com")
        assert await within(transport.tried) == "eve@example.com"
    assert (await row(good)).sent_at is not None
    assert (await row(bad)).last_error == "invalid_address"


async def test_an_error_of_ours_is_kept_without_its_text_s76() -> None:
    transport = Watched()
    transport.failures = [KeyError("canary-token")]
    with structlog.testing.capture_logs() as lines:
        async with running(transport):
            (message_id,) = await write("ada@example.com")
            await within(transport.tried)
    assert (await row(message_id)).last_error == "internal:KeyError"
    assert "canary" not in str(lines)


async def test_a_slow_message_holds_up_nobody() -> None:
    transport = Watched()
    slow = [f"slow{number}@example.com" for number in range(3)]
    for address in slow:
        transport.gate[address] = asyncio.Event()
    async with running(transport):
        await write(*slow)
        for _ in slow:
            await within(transport.begun)
        quick = [f"quick{number}@example.com" for number in range(9)]
        await write(*quick)
        assert {await within(transport.tried) for _ in quick} == set(quick)
        for gate in transport.gate.values():
            gate.set()
        assert {await within(transport.tried) for _ in slow} == set(slow)


async def test_no_more_than_four_at_one_time() -> None:
    transport = Watched()
    addresses = [f"n{number}@example.com" for number in range(6)]
    for address in addresses:
        transport.gate[address] = asyncio.Event()
    async with running(transport) as one:
        await write(*addresses)
        first = [await within(transport.begun) for _ in range(outbox.CONCURRENCY)]
        assert len(one._running) == outbox.CONCURRENCY
        assert transport.begun.empty()
        for gate in transport.gate.values():
            gate.set()
        rest = [await within(transport.begun) for _ in range(2)]
    assert sorted(first + rest) == addresses


async def test_two_workers_send_each_message_once() -> None:
    first, second = Watched(), Watched()
    addresses = [f"n{number:02}@example.com" for number in range(24)]
    ids = await write(*addresses)
    async with running(first), running(second):
        for message_id in ids:
            await _recorded(message_id)
    sent = [str(mail["To"]) for mail in first.messages + second.messages]
    assert sorted(sent) == addresses
    assert {(await row(message_id)).attempts for message_id in ids} == {1}


async def test_a_message_claimed_by_a_dead_worker_is_taken_up_when_its_time_is_over() -> None:
    (claimed,) = await write("claimed@example.com")
    await change(claimed, attempts=1, not_before=clock.now() + outbox.LEASE)
    transport = Watched()
    async with running(transport):
        await write("ada@example.com")
        assert await within(transport.tried) == "ada@example.com"
        assert (await row(claimed)).attempts == 1
        await change(claimed, not_before=clock.now())
        wake()
        assert await within(transport.tried) == "claimed@example.com"


async def test_stopping_lets_the_conversation_end() -> None:
    transport = Watched()
    transport.gate["ada@example.com"] = asyncio.Event()
    async with running(transport):
        (message_id,) = await write("ada@example.com")
        await within(transport.begun)
        asyncio.get_running_loop().call_later(0.1, transport.gate["ada@example.com"].set)
    assert (await row(message_id)).sent_at is not None


async def test_a_message_due_soon_is_sent_without_being_woken() -> None:
    (message_id,) = await write("ada@example.com")
    await change(message_id, not_before=clock.now() + timedelta(seconds=0.5))
    transport = Watched()
    async with running(transport):
        await within(transport.tried)
    assert (await row(message_id)).sent_at is not None


@pytest.fixture
def known_addresses() -> Iterator[dict[str, str]]:
    """A resolver for ``reset_password`` that knows these addresses and their links."""
    known: dict[str, str] = {}

    async def resolve(
        db: AsyncSession, recipient: str, params: Mapping[str, str]
    ) -> Mapping[str, str] | None:
        assert db.in_transaction()
        link = known.get(recipient)
        return None if link is None else {**params, "link": link}

    former = queueing.resolvers.get("reset_password")
    outbox.resolves("reset_password")(resolve)
    yield known
    queueing.resolvers.pop("reset_password")
    if former is not None:
        queueing.resolvers["reset_password"] = former


async def test_a_resolver_completes_or_drops_a_message_s47(known_addresses: dict[str, str]) -> None:
    link = f"{get_settings().public_url}/reset-password?token=made-later"
    known_addresses["ada@example.com"] = link
    transport = Watched()
    with structlog.testing.capture_logs() as lines:
        async with running(transport):
            unknown, known = await write(
                "nobody@example.com", "ada@example.com", kind="reset_password"
            )
            assert await within(transport.tried) == "ada@example.com"
            await _recorded(unknown)
    assert transport.tried.empty()
    text = transport.messages[0].get_body(("plain",))
    assert text is not None
    assert link in text.get_content()
    for message_id in (unknown, known):
        done = await row(message_id)
        assert done.sent_at is not None
        assert done.sealed_params is None
    assert "example.com" not in str(lines)


async def test_logs_hold_ids_and_kinds_only_s76() -> None:
    transport = Watched()
    transport.failures = [TemporaryFailure("timeout"), PermanentFailure("recipient_refused:550")]
    with structlog.testing.capture_logs() as lines:
        async with running(transport):
            ids = await write("one@example.com", "two@example.com", "three@example.com")
            for message_id in ids:
                await _recorded(message_id)
    assert {line["event"] for line in lines} == {"mail_postponed", "mail_given_up", "mail_sent"}
    assert {line["mail_id"] for line in lines} == set(ids)
    for secret in ("example.com", "canary", "Chrome", "Lisbon"):
        assert secret not in str(lines)


async def test_the_operator_sees_how_the_queue_stands() -> None:
    async with reading() as db:
        empty = await queue_status(db)
    assert (empty.waiting, empty.oldest_at, empty.failed) == (0, None, 0)
    first, failed, sent, _ = await write("a@x.test", "b@x.test", "c@x.test", "d@x.test")
    at = clock.now()
    await change(first, created_at=at - timedelta(hours=3))
    await change(failed, failed_at=at)
    await change(sent, sent_at=at)
    async with reading() as db:
        status = await queue_status(db)
    assert (status.waiting, status.failed) == (2, 1)
    assert status.oldest_at is not None
    assert abs(at - timedelta(hours=3) - status.oldest_at) < timedelta(seconds=1)


async def test_old_rows_are_forgotten_and_waiting_ones_stay() -> None:
    at = clock.now()
    old, recent, failed, waiting = await write("a@x.test", "b@x.test", "c@x.test", "d@x.test")
    await change(old, sent_at=at - timedelta(days=8))
    await change(recent, sent_at=at - timedelta(days=6))
    await change(failed, failed_at=at - timedelta(days=31))
    await change(waiting, created_at=at - timedelta(days=400))
    async with transaction() as db:
        await forget_old(db)
    async with reading() as db:
        left = set((await db.exec(select(OutboxMessage.id))).all())
    assert left == {recent, waiting}


async def test_the_sender_outlives_a_broken_database(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "POLL_S", 0.05)
    transport = Watched()
    with structlog.testing.capture_logs() as lines:
        async with running(transport):
            await change_table_name(database, "outbox_message", "hidden")
            try:
                wake()
                async with asyncio.timeout(10):
                    while not any(line["event"] == "mail_queue_unavailable" for line in lines):
                        await asyncio.sleep(0)
            finally:
                await change_table_name(database, "hidden", "outbox_message")
            await write("ada@example.com")
            assert await within(transport.tried) == "ada@example.com"


async def change_table_name(database: Database, old: str, new: str) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")


async def test_without_a_server_mail_lands_in_files(tmp_path: Path) -> None:
    async with running(Watched(FileTransport(tmp_path / "outbox"))) as one:
        (message_id,) = await write("ada@example.com")
        assert one is not sender()
        await _recorded(message_id)
    (file,) = (tmp_path / "outbox").iterdir()
    assert LINK in file.read_text()


@pytest.mark.parametrize("turns", range(6))
async def test_stopping_at_the_moment_of_a_wake_up_stops(turns: int) -> None:
    one = Sender(Watched(), sender_address("noreply@example.com"))
    task = asyncio.create_task(one.run())
    async with asyncio.timeout(10):
        while not one._awake._waiters:  # pyright: ignore[reportAttributeAccessIssue]
            await asyncio.sleep(0)
    one.wake()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=5)
    assert task.cancelled()
