"""Places for sockets and the messages on each, counted (S-89)."""

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from security_app.accounts.tokens import digest
from security_app.db.engine import Database
from security_app.policy import get_policy
from security_app.web import sockets
from security_app.web.sockets import Meter, serve_socket
from tests.accounts.cast import make_account, open_session
from tests.environment import SetEnvironment

EVENT: Message = {"type": "websocket.receive", "text": "42"}
END: Message = {"type": "websocket.disconnect", "code": 1000}


class Clock:
    """Seconds that pass when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_and_then_so_many_a_second() -> None:
    clock = Clock()
    meter = Meter(20, clock)
    assert [meter.take() for _ in range(61)] == [True] * 60 + [False]
    clock.now += 1
    assert [meter.take() for _ in range(21)] == [True] * 20 + [False]


def test_a_steady_pace_within_the_limit_is_never_refused() -> None:
    clock = Clock()
    meter = Meter(20, clock)
    for _ in range(1000):
        clock.now += 1 / 20
        assert meter.take()


def test_who_does_not_stop_is_a_flood_and_who_pauses_is_not() -> None:
    clock = Clock()
    meter = Meter(20, clock)
    for _ in range(60 + 99):
        meter.take()
    assert not meter.is_flooded
    clock.now += 3
    meter.take()
    for _ in range(59 + 99):
        meter.take()
    assert not meter.is_flooded
    meter.take()
    assert meter.is_flooded


class Socket:
    """One socket and the application that serves it, until the socket says it ends."""

    def __init__(self, *messages: Message, address: str = "203.0.113.7", cookie: str = "") -> None:
        self.taken: list[Message] = []
        self.sent: list[Message] = []
        self.is_served = asyncio.Event()
        self._messages = iter(messages)
        self._end = asyncio.Event()
        headers = [(b"cookie", cookie.encode())] if cookie else []
        self._scope: Scope = {"type": "websocket", "client": (address, 0), "headers": headers}
        self.task = asyncio.create_task(
            serve_socket(self._app, self._scope, self._receive, self._send)
        )

    async def close(self) -> None:
        self._end.set()
        await self.task

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.is_served.set()
        while True:
            message = await receive()
            self.taken.append(message)
            await send({"type": "websocket.send", "text": "answer"})
            if message["type"] == "websocket.disconnect":
                return

    async def _receive(self) -> Message:
        if (message := next(self._messages, None)) is not None:
            return message
        await self._end.wait()
        return END

    async def _send(self, message: Message) -> None:
        self.sent.append(message)


async def open_sockets(count: int, **options: str) -> list[Socket]:
    opened = [Socket(**options) for _ in range(count)]
    for socket in opened:
        await socket.is_served.wait()
    return opened


async def is_refused(**options: str) -> bool:
    socket = Socket(END, **options)
    await socket.task
    return socket.sent == [{"type": "websocket.close", "code": 1008}] and not socket.taken


async def test_a_flood_is_dropped_and_then_cut_off() -> None:
    socket = Socket(*[EVENT] * 1000)
    await socket.task
    assert socket.taken[-1] == {"type": "websocket.disconnect", "code": 1008}
    assert socket.sent[-1] == {"type": "websocket.close", "code": 1008}
    # A slow machine refills the bucket while the flood goes on.
    assert len(socket.taken) < 1000


async def test_the_hundred_and_first_anonymous_socket_of_a_network_is_refused() -> None:
    opened = await open_sockets(get_policy().sockets_per_address)
    assert await is_refused()
    assert await is_refused(cookie="session=made-up")
    assert not await is_refused(address="203.0.113.8")
    await opened.pop().close()
    assert not await is_refused()
    for socket in opened:
        await socket.close()
    assert not sockets._live


async def test_an_ipv6_network_is_one(environment: SetEnvironment) -> None:
    environment(POLICY_SOCKETS_PER_ADDRESS="1")
    (socket,) = await open_sockets(1, address="2001:db8:1:2::1")
    assert await is_refused(address="2001:db8:1:2:ffff::1")
    assert not await is_refused(address="2001:db8:1:3::1")
    await socket.close()


async def test_the_twenty_first_socket_of_a_session_is_refused(database: Database) -> None:
    _, mine = await open_session(await make_account())
    _, other = await open_session(await make_account("eve@example.org"))
    cookie = f"session={digest(mine.secret)}"
    opened = await open_sockets(get_policy().sockets_per_session, cookie=cookie)
    assert await is_refused(cookie=cookie)
    assert not await is_refused(cookie=f"session={digest(other.secret)}")
    assert not await is_refused()
    await opened.pop().close()
    assert not await is_refused(cookie=cookie)
    for socket in opened:
        await socket.close()
    assert not sockets._live


@pytest.mark.parametrize("error", [RuntimeError, asyncio.CancelledError])
async def test_a_socket_that_breaks_gives_its_place_back(error: type[BaseException]) -> None:
    async def broken(*_: object) -> None:
        raise error

    scope: Scope = {"type": "websocket", "client": ("203.0.113.7", 0), "headers": []}
    queue = asyncio.Queue[Message]()
    with pytest.raises(error):
        await serve_socket(broken, scope, queue.get, queue.put)
    assert not sockets._live
