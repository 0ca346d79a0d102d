"""Mail that waits: written with the change, sent after it, never twice, never lost."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest
import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app import clock
from security_app.db.engine import transaction
from security_app.mail import outbox, queueing
from security_app.mail.errors import PermanentFailure, TemporaryFailure
from security_app.mail.outbox import enqueue
from security_app.mail.queueing import open_params
from security_app.mail.transports import SmtpServer, SmtpTransport
from security_app.settings import get_settings
from tests.mail.waiting_mail import (
    LINK,
    PARAMS,
    Watched,
    change,
    recorded,
    row,
    running,
    within,
    write,
)

from .conftest import Mailbox, StartServer

pytestmark = pytest.mark.usefixtures("database")


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
            waiting = await recorded(early)
            assert waiting.last_error == "unreachable"
            assert waiting.sent_at is None
            assert waiting.sealed_params is not None
            pause = waiting.not_before - before
            assert timedelta(seconds=24) <= pause <= timedelta(seconds=40)
            await recorded(message_id)
            transport.inner = None
            await write("third@example.com")
            tried = {await within(transport.tried) for _ in range(3)}
            assert tried == {"ada@example.com", "eve@example.com", "third@example.com"}
    assert (await row(early)).sent_at is not None
    assert (await row(message_id)).sent_at is not None


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
            await recorded(unknown)
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
                await recorded(message_id)
    assert {line["event"] for line in lines} == {"mail_postponed", "mail_given_up", "mail_sent"}
    assert {line["mail_id"] for line in lines} == set(ids)
    for secret in ("example.com", "canary", "Chrome", "Lisbon"):
        assert secret not in str(lines)
