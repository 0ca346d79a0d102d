"""What a page showed of secrets goes when its socket is gone for good (S-59, S-77, S-89)."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from tests.attacks.people import fresh_address
from tests.attacks.raw_client import STATE, RawClient, handler, new_token
from tests.attacks.second_factor import TOTP, open_page, turn_on
from tests.conftest import REDIS_URL, require_service
from tests.server import POLL_S, Browser, Person, Server

PAGE = "/settings/personal/api-keys"
MAKING = "cards.api_keys.making.NewKeyState"
EMPTIED = "vanished_tab_emptied"
#: The grace of these servers and a slow machine.
WITHIN_S = 30.0


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One process, states in its memory."""
    with Server({"EXTENSIONS": "tests.attacks.impatient"}) as running:
        yield running


@pytest.fixture(scope="module")
def two_workers() -> Iterator[Server]:
    """Two processes behind one port, states in Redis."""
    require_service("Redis", REDIS_URL)
    with Server(
        {"EXTENSIONS": "tests.attacks.impatient", "WORKERS": "2", "REDIS_URL": REDIS_URL},
        postgresql=True,
    ) as running:
        yield running


@pytest.fixture
async def redis() -> AsyncIterator[Redis]:
    async with Redis.from_url(REDIS_URL) as client:
        yield client


async def until_emptied(server: Server, count: int) -> None:
    """Wait until so many tabs were emptied since the server began."""
    deadline = time.monotonic() + WITHIN_S
    while server.log_text().count(EMPTIED) < count:
        assert time.monotonic() < deadline, server.log_text()[-2000:]
        await asyncio.sleep(POLL_S)


def emptied(server: Server) -> int:
    return server.log_text().count(EMPTIED)


def tab(server: Server, browser: Browser, token: str) -> RawClient:
    return RawClient(server, browser=browser, token=token, path=PAGE, source=fresh_address())


async def show_key(page: RawClient, person: Person) -> str:
    """Make an API key; gives it."""
    await page.load()
    await page.call(handler(MAKING, "start"))
    form = {"name": "x", "days": "30", "scope_account_read": "on", "password": person.password}
    await page.send(handler(MAKING, "create"), {"form": form})
    await page.until(lambda: page.value(MAKING, "key"))
    # It is sent before it is stored.
    await page.fence()
    return page.value(MAKING, "key")


async def come_back(page: RawClient) -> str:
    """Do what a page does that has its network again; gives the key it shows."""
    await page.send(f"{STATE}.hydrate_and_load", {"vars": {}})
    await page.fence()
    return page.value(MAKING, "key")


async def test_a_tab_that_comes_back_in_time_keeps_what_it_shows_and_another_does_not(
    server: Server,
) -> None:
    person = server.add_account()
    browser = server.add_session(person)
    stays, goes = new_token(), new_token()
    before = emptied(server)
    async with tab(server, browser, stays) as page:
        kept = await show_key(page, person)
    async with tab(server, browser, stays) as page:
        async with tab(server, browser, goes) as other:
            assert await show_key(other, person)
        # It went later than the one that came back: that one's time is over, too.
        await until_emptied(server, before + 1)
        assert await come_back(page) == kept
    await until_emptied(server, before + 2)
    for token in (stays, goes):
        async with tab(server, browser, token) as page:
            assert await come_back(page) == ""
            assert page.value(MAKING, "step") == ""
            assert "This page was offline for a while" in page.text
            assert kept not in page.text


async def test_the_set_up_of_the_app_and_its_codes_go_too(server: Server) -> None:
    person = server.add_account()
    browser = server.add_session(person)
    before = emptied(server)
    async with open_page(server, browser) as page:
        token = page.token
        secret, codes = await turn_on(page, person)
    await until_emptied(server, before + 1)
    async with RawClient(server, browser=browser, token=token, path=page.path) as page:
        await page.send(f"{STATE}.hydrate_and_load", {"vars": {}})
        await page.fence()
        assert page.value(TOTP, "codes") == []
        assert page.value(TOTP, "file_text") == ""
        assert [code for code in (*codes, secret) if code in page.text] == []


async def test_tabs_that_show_nothing_are_left_as_they_are(server: Server) -> None:
    person = server.add_account()
    browser = server.add_session(person)
    plain, showing = new_token(), new_token()
    before = emptied(server)
    async with tab(server, browser, plain) as page:
        await page.load()
        await page.call(handler(MAKING, "start"))
        assert page.value(MAKING, "step") == "create"
    async with tab(server, browser, showing) as page:
        await show_key(page, person)
    await until_emptied(server, before + 1)
    async with tab(server, browser, plain) as page:
        await come_back(page)
        assert page.value(MAKING, "step") == "create"
        assert "offline" not in page.text


async def test_s89_a_crowd_of_sockets_that_come_and_go_empties_each_tab_once(
    server: Server,
) -> None:
    person = server.add_account()
    browser = server.add_session(person)
    token = new_token()
    before = emptied(server)
    async with tab(server, browser, token) as page:
        await show_key(page, person)
    for _ in range(5):
        async with tab(server, browser, token):
            pass
    # Without a session, with a made-up label, and not even joined.
    for _ in range(20):
        async with RawClient(server, source=fresh_address()):
            pass
        alone = RawClient(server, source=fresh_address())
        await alone.open()
        await alone.close()
    other = new_token()
    async with tab(server, browser, other) as page:
        await show_key(page, person)
    await until_emptied(server, before + 2)
    assert emptied(server) == before + 2
    assert '"fault"' not in server.log_text()


async def test_s56_the_label_of_a_vanished_tab_shows_a_stranger_nothing(server: Server) -> None:
    person = server.add_account()
    token = new_token()
    async with tab(server, server.add_session(person), token) as page:
        key = await show_key(page, person)
    async with tab(server, server.add_session(server.add_account()), token) as page:
        await come_back(page)
        assert key not in page.text
        assert person.email not in page.text


async def test_a_shutdown_does_not_wait_for_them() -> None:
    with Server() as server:
        person = server.add_account()
        async with tab(server, server.add_session(person), new_token()) as page:
            await show_key(page, person)
        await asyncio.to_thread(server.stop)
        # The last word of an orderly end.
        assert '"stopped"' in server.log_text()
        assert EMPTIED not in server.log_text()


@pytest.mark.postgres
async def test_s77_two_workers_leave_no_secret_in_redis(two_workers: Server, redis: Redis) -> None:
    server = two_workers
    person = server.add_account()
    browser = server.add_session(person)
    stays, goes = new_token(), new_token()
    before = emptied(server)
    async with tab(server, browser, stays) as page:
        kept = await show_key(page, person)
    async with tab(server, browser, stays) as page:
        async with tab(server, browser, goes) as other:
            gone = await show_key(other, person)
            await _until_in_redis(redis, gone)
        await until_emptied(server, before + 1)
        await _until_in_redis(redis, gone, is_there=False)
        assert await come_back(page) == kept
    await until_emptied(server, before + 2)
    await _until_in_redis(redis, kept, is_there=False)
    async with tab(server, browser, stays) as page:
        assert await come_back(page) == ""
    assert not re.search('"fault"|LockExpired', server.log_text())


async def _until_in_redis(redis: Redis, secret: str, *, is_there: bool = True) -> None:
    """Wait until a worker has written the state it works on: it keeps it for some seconds."""
    deadline = time.monotonic() + WITHIN_S
    while await _is_in_redis(redis, secret) is not is_there:
        assert time.monotonic() < deadline, f"is_there is not {is_there}"
        await asyncio.sleep(POLL_S)


async def _is_in_redis(redis: Redis, secret: str) -> bool:
    """Whether a secret rests in anything that is stored."""
    keys = [key async for key in redis.scan_iter(_type="string")]
    assert keys
    return any(secret.encode() in (value or b"") for value in await redis.mget(keys))
