"""Changes between server processes: heard by the others, once, and nothing is missed for good."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis

from security_app.live.hub import Change, Hub, Subscription
from security_app.live.redis_relay import RedisRelay
from tests.conftest import REDIS_URL, require_service

WITHIN_S = 20
#: A site of this test process alone.
SITE = f"http://{secrets.token_hex(8)}.example"
CHANGE = Change("ada", "sessions", action="session.ended", by="s1", device="Chrome on Windows")


class Line:
    """A wire to Redis that can be cut."""

    def __init__(self) -> None:
        self._open: set[asyncio.StreamWriter] = set()
        self._is_cut = False
        self.url = ""

    @contextlib.asynccontextmanager
    async def up(self) -> AsyncIterator["Line"]:
        """Let connections through to Redis."""
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        self.url = urlsplit(REDIS_URL)._replace(netloc=f"127.0.0.1:{port}").geturl()
        try:
            yield self
        finally:
            self.cut()
            server.close()

    def cut(self) -> None:
        """Break every connection, and let no new one through."""
        self._is_cut = True
        for writer in self._open:
            writer.close()

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut = False

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.close()
            return
        to = urlsplit(REDIS_URL)
        far_reader, far_writer = await asyncio.open_connection(to.hostname, to.port)
        self._open |= {writer, far_writer}
        with contextlib.suppress(OSError):
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        self._open -= {writer, far_writer}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def process(url: str = REDIS_URL) -> AsyncIterator[Hub]:
    """What one server process has of this: its hub, and the relay that runs."""
    hub = Hub()
    running = asyncio.create_task(RedisRelay(url, hub, site=SITE).run())
    try:
        yield hub
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def heard(page: Subscription) -> list[Change]:
    """The next changes a page hears."""
    changes = await page.next(WITHIN_S)
    assert changes, "nothing was heard"
    return changes


async def until_heard(hub: Hub, page: Subscription) -> None:
    """Publish until the other process hears it: both relays are connected then."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            hub.publish(Change("ada", "probe"))
            if await page.next(0.1):
                break
    # What was published meanwhile is on its way too.
    while await page.next(0.3):
        pass


@pytest.fixture(autouse=True)
def _redis() -> None:
    require_service("Redis", REDIS_URL)


async def test_s39_a_change_reaches_the_pages_of_another_process() -> None:
    async with process() as here, process() as there:
        with (
            here.subscribe("ada") as own,
            there.subscribe("ada") as page,
            there.subscribe("eve") as other,
        ):
            await until_heard(here, page)
            await own.next(0)
            here.publish(CHANGE)
            assert await heard(page) == [CHANGE]
            assert await other.next(0) == []
            # The process that did it hears its own change from itself, once.
            assert await own.next(0) == [CHANGE]
            await until_heard(there, own)


async def test_s90_without_redis_pages_of_the_same_process_hear() -> None:
    async with process("redis://127.0.0.1:1/0") as here:
        with here.subscribe("ada") as page:
            here.publish(CHANGE)
            assert await heard(page) == [CHANGE]


async def test_s90_what_was_missed_while_redis_was_away_is_read_anew() -> None:
    async with Line().up() as line, process(line.url) as here, process() as there:
        with here.subscribe("ada") as page, there.subscribe("ada") as far:
            await until_heard(there, page)
            await until_heard(here, far)
            line.cut()
            there.publish(CHANGE)
            line.mend()
            topics: set[str] = set()
            async with asyncio.timeout(WITHIN_S):
                while "all" not in topics:
                    topics |= {change.topic for change in await heard(page)}


async def test_s90_a_change_made_while_redis_was_away_is_told_when_it_is_back() -> None:
    async with Line().up() as line, process(line.url) as here, process() as there:
        with there.subscribe("ada") as far:
            await until_heard(here, far)
            line.cut()
            here.publish(CHANGE)
            line.mend()
            assert CHANGE in await heard(far)


async def test_what_is_no_change_is_left_alone() -> None:
    async with process() as here, process() as there:
        with there.subscribe("ada") as page:
            await until_heard(here, page)
            async with Redis.from_url(REDIS_URL) as stranger:
                half = json.dumps({"from": "x", "kind": "change"})
                for text in ("", "no json", "[]", "{}", half):
                    await stranger.publish(f"changes:{SITE}", text)
            here.publish(CHANGE)
            assert await heard(page) == [CHANGE]
