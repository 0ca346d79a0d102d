"""The sender of waiting mail: several at once, several workers, stops and broken databases."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from sqlmodel import select

from security_app import clock
from security_app.db.engine import Database, reading, transaction
from security_app.db.tables import OutboxMessage
from security_app.mail import outbox
from security_app.mail.envelope import sender_address
from security_app.mail.outbox import Sender, forget_old, queue_status, sender, wake
from security_app.mail.transports import FileTransport
from tests.mail.waiting_mail import LINK, Watched, change, recorded, row, running, within, write

pytestmark = pytest.mark.usefixtures("database")


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
            await recorded(message_id)
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
        await recorded(message_id)
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
