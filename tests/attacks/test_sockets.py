"""Too many sockets, and too many events on one (S-89): others notice nothing, and it passes."""

import asyncio
import contextlib
from collections.abc import Callable

import pytest
import websockets

from security_app.policy import get_policy
from tests.attacks.conftest import Victim
from tests.attacks.people import HOME, fresh_address
from tests.attacks.raw_client import RawClient, handler
from tests.server import Server

SESSIONS = "cards.sessions.state.SessionsState"
OPENS_WITHIN_S = 10


async def _assert_refused(client: RawClient) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        await client.open()
    assert refused.value.response.status_code == 403


async def _opens_soon(make: Callable[[], RawClient]) -> RawClient:
    """Open it once the server has noticed that another one closed."""
    async with asyncio.timeout(OPENS_WITHIN_S):
        while True:
            with contextlib.suppress(websockets.InvalidStatus):
                client = make()
                await client.open()
                await client.join()
                return client


async def _open(count: int, make: Callable[[], RawClient]) -> list[RawClient]:
    opened = [make() for _ in range(count)]
    for client in opened:
        await client.open()
    return opened


async def test_who_floods_is_cut_off_and_nobody_else_notices(
    server: Server, victim: Victim
) -> None:
    async with (
        RawClient(server, browser=victim.here, path=HOME) as bystander,
        RawClient(server, browser=victim.there, path=HOME, is_paced=False) as attacker,
    ):
        await bystander.load()
        frame = attacker.event(handler(SESSIONS, "load"))
        with contextlib.suppress(websockets.ConnectionClosed):
            while not attacker.is_closed:
                await attacker.emit(frame)
        await attacker.until_closed()
        await bystander.call(handler(SESSIONS, "load"))
        assert len(bystander.value(SESSIONS, "rows")) == 2
    async with RawClient(server, browser=victim.there, path=HOME) as again:
        await again.load()
        assert len(again.value(SESSIONS, "rows")) == 2
    assert "Traceback" not in server.log_text()


async def test_a_burst_is_served_to_its_end(server: Server, victim: Victim) -> None:
    """Who clicks fast for a moment loses no click."""
    async with RawClient(server, browser=victim.here, path=HOME) as page:
        await page.load()
        for _ in range(2 * get_policy().socket_messages_per_s):
            await page.send(handler(SESSIONS, "start_renaming"), {"session_id": "any"})
        await page.fence()
        assert not page.is_closed


async def test_the_twenty_first_page_of_a_session_is_refused(
    server: Server, victim: Victim
) -> None:
    def make() -> RawClient:
        return RawClient(server, browser=victim.here, path=HOME)

    opened = await _open(get_policy().sockets_per_session, make)
    await _assert_refused(make())
    async with RawClient(server, browser=victim.there, path=HOME) as other:
        await other.load()
        assert len(other.value(SESSIONS, "rows")) == 2
    await opened[0].close()
    late = await _opens_soon(make)
    await late.load()
    assert len(late.value(SESSIONS, "rows")) == 2


async def test_the_hundred_and_first_stranger_of_a_network_is_refused(
    server: Server, victim: Victim
) -> None:
    source = fresh_address()

    def make() -> RawClient:
        return RawClient(server, source=source)

    opened = await _open(get_policy().sockets_per_address, make)
    await _assert_refused(make())
    # A made-up cookie is no session, and no budget of its own.
    await _assert_refused(RawClient(server, source=source, headers={"Cookie": "session=made-up"}))
    async with RawClient(server, browser=victim.here, source=source, path=HOME) as signed_in:
        await signed_in.load()
        assert len(signed_in.value(SESSIONS, "rows")) == 2
    async with RawClient(server, source=fresh_address()) as elsewhere:
        await elsewhere.fence()
    await opened[0].close()
    await (await _opens_soon(make)).fence()
