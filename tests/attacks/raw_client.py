"""A client of the socket that plays by no rules but the protocol's.

It speaks engine.io 4 and socket.io 5 by hand, so that every byte of handshake,
CONNECT packet and event is the test's own choice, and keeps every frame it got.
"""

import asyncio
import contextlib
import itertools
import json
import secrets
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl

import websockets
from websockets.asyncio.client import ClientConnection

from security_app.policy import get_policy
from security_app.web.sockets import Meter
from tests.server import Browser, Server

NAMESPACE = "/_event"
STATE = "reflex___state____state"
DOOR = "security_app___web___door____door_state"
NOTICES = "security_app___web___notices____notices_state"
#: A frame that has not come by then never will.
FRAME_WITHIN_S = 20.0
#: A client that waits for its turn looks this often.
_PACE_S = 0.05
#: Vars on the wire carry this at their end.
_MARK = "_rx_state_"
_TICKET = f"ticket{_MARK}"
_ANSWERED_CONNECT = (f"40{NAMESPACE}", f"44{NAMESPACE}")
_REPORT = "web.notices.NoticesState"

Update = dict[str, Any]


def handler(state: str, name: str) -> str:
    """The wire name of a handler: ``handler("cards.password.state.PasswordState", "save")``."""
    module, _, cls = f"security_app.{state}".rpartition(".")
    snake = "".join(f"_{char.lower()}" if char.isupper() else char for char in cls).lstrip("_")
    return f"{STATE}.{module.replace('.', '___')}____{snake}.{name}"


def new_token() -> str:
    """A client token as a page makes one."""
    return secrets.token_hex(16)


class RawClient:
    """One socket; an async context manager.

    Attributes:
        frames: every text frame received, as it came.
        updates: the payload of every "event" frame: ``delta`` and ``events``.
        token: the client token sent, or the new one the server insisted on.
    """

    #: Those open now: a test that fails half-way leaves them to its fixture.
    opened: ClassVar[set["RawClient"]] = set()

    def __init__(
        self,
        server: Server,
        *,
        browser: Browser | None = None,
        token: str | None = None,
        path: str = "/sign-in",
        origin: str | None = None,
        headers: Mapping[str, str] | None = None,
        source: str = "127.0.0.1",
        is_paced: bool = True,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            server: where to.
            browser: whose cookies to send; None sends none.
            token: the client token in the query; None makes a fresh one, "" sends none.
            path: the page the events claim to come from, query included.
            origin: the Origin header; None sends the server's own, "" none.
            headers: further headers.
            source: the loopback address to come from (127.0.0.0/8): other people's budget.
            is_paced: send no faster than one socket may (S-89), however long a test's list is.
        """
        self.server = server
        self.token = new_token() if token is None else token
        self.path = path
        self.frames: list[str] = []
        self.updates: list[Update] = []
        self.pongs = 0
        self.is_closed = False
        self.cookie_set = ""
        self._source = source
        # A little below the limit: what is sent in time must not arrive too soon.
        self._meter = Meter(get_policy().socket_messages_per_s - 1) if is_paced else None
        self._origin = server.base_url if origin is None else origin
        self._headers = dict(headers or {})
        if browser is not None:
            self._headers["Cookie"] = browser.header
        self._arrived = asyncio.Condition()
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._fences = itertools.count(1)

    async def __aenter__(self) -> Self:
        """Open the socket and join the namespace, without a boot event."""
        await self.open()
        await self.join()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the socket."""
        await self.close()

    async def open(self) -> None:
        """Open the socket only; raises ``websockets.InvalidStatus`` when it is refused."""
        query = f"?EIO=4&transport=websocket{f'&token={self.token}' if self.token else ''}"
        self._socket = await websockets.connect(
            self.server.socket_url + query,
            additional_headers=self._headers,
            origin=self._origin or None,  # pyright: ignore[reportArgumentType]
            user_agent_header=self._headers.pop("User-Agent", "RawClient/1"),
            local_addr=(self._source, 0),
            compression=None,
            max_size=None,
            ping_interval=None,
            proxy=None,
        )
        self.opened.add(self)
        assert self._socket.response is not None
        self.cookie_set = self._socket.response.headers.get("Set-Cookie", "")
        self._reader = asyncio.create_task(self._read())

    async def join(self, event: Update | None = None, **auth: Any) -> None:
        """Send the CONNECT packet, with a boot event inside when one is given."""
        data = ({"event": event} if event else {}) | auth
        await self.send_text(f"40{NAMESPACE},{json.dumps(data)}")
        await self.until(
            lambda: any(
                frame.startswith((f"40{NAMESPACE}", f"44{NAMESPACE}")) for frame in self.frames
            )
        )

    async def close(self) -> None:
        """Close and wait until the server has said goodbye."""
        self.opened.discard(self)
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await self._reader

    def event(self, name: str, payload: object = None, **fields: Any) -> Update:
        """An event as a page would send it; ``fields`` replace or add to it."""
        pathname, _, query = self.path.partition("?")
        router: Update = {"pathname": pathname, "asPath": self.path}
        if query:
            router["query"] = dict(parse_qsl(query))
        return {"name": name, "payload": payload or {}, "router_data": router} | fields

    async def send(self, name: str, payload: object = None, **fields: Any) -> None:
        """Send an event."""
        await self.emit(self.event(name, payload, **fields))

    async def emit(self, *data: object, kind: str = "event") -> None:
        """Send anything as a socket.io event."""
        await self.send_text(f"42{NAMESPACE},{json.dumps([kind, *data])}")

    async def send_text(self, text: str | bytes) -> None:
        """Send a frame as it is."""
        assert self._socket is not None
        while self._meter is not None and not self._meter.take():
            await asyncio.sleep(_PACE_S)
        await self._socket.send(text)

    async def until(self, condition: Callable[[], Any], within_s: float = FRAME_WITHIN_S) -> None:
        """Wait until something is true of what was received.

        Raises:
            AssertionError: it did not become true in time, or the socket was closed before.
        """

        def is_over() -> bool:
            return bool(condition()) or self.is_closed

        async with self._arrived:
            try:
                await asyncio.wait_for(self._arrived.wait_for(is_over), within_s)
            except TimeoutError:
                raise AssertionError(f"waited in vain; got {self.frames[-5:]}") from None
        if not condition():
            raise AssertionError(f"closed before; got {self.frames[-5:]}")

    async def until_closed(self) -> None:
        """Wait until the server has closed the socket."""
        async with self._arrived:
            await asyncio.wait_for(self._arrived.wait_for(lambda: self.is_closed), FRAME_WITHIN_S)

    async def send_too_long(self, name: str, payload: object) -> None:
        """Send an event over the limit of a message; returns when the server has hung up.

        It may hang up while the event is still on its way.
        """
        with contextlib.suppress(websockets.ConnectionClosed):
            await self.send(name, payload)
        await self.until_closed()

    async def fence(self) -> None:
        """Wait until all events sent so far are dealt with.

        Events of one tab run in order, so a last one with a visible effect, open
        to anybody, tells: a notice with a number of its own.
        """
        reference = f"{next(self._fences):04x}{secrets.token_hex(2)}"
        await self.send(
            handler("web.notices.NoticesState", "report_fault"), {"reference": reference}
        )
        await self.until(lambda: any(reference in frame for frame in self.frames))

    async def call(self, name: str, payload: object = None, **fields: Any) -> list[Update]:
        """Send an event and return the updates until it was dealt with, without the fence's."""
        seen = len(self.updates)
        await self.send(name, payload, **fields)
        await self.fence()
        updates = [without_fence(update) for update in self.updates[seen:]]
        return [update for update in updates if update["delta"] or update.get("events")]

    async def load(self, path: str | None = None) -> None:
        """Do what a page does when it is opened: hydrate, then its ``on_load``."""
        self.path = path or self.path
        seen = len(self.updates)
        await self.send(f"{STATE}.hydrate_and_load", {"vars": {}, "hashes": ["0"]})
        await self.until(
            lambda: any(
                update.get("delta", {}).get(STATE, {}).get(f"is_hydrated{_MARK}") is True
                for update in self.updates[seen:]
            )
        )

    def value(self, state: str, name: str) -> Any:  # noqa: ANN401 - whatever JSON holds
        """The latest value of a var, None when it was never sent."""
        full = handler(state, "x").rpartition(".")[0]
        found = None
        for update in self.updates:
            found = update.get("delta", {}).get(full, {}).get(f"{name}{_MARK}", found)
        return found

    @property
    def leave_to(self) -> str:
        """Where the page was last told to go."""
        return self.value("web.door.DoorState", "leave_to") or ""

    @property
    def ticket(self) -> str:
        """The last ticket received; the tab forgets it when it is emptied."""
        name = handler("web.door.DoorState", "x").rpartition(".")[0]
        deltas = [update.get("delta", {}).get(name, {}) for update in self.updates]
        return next((found for delta in reversed(deltas) if (found := delta.get(_TICKET))), "")

    @property
    def text(self) -> str:
        """All that was received, to be searched."""
        return "\n".join(self.frames)

    async def _read(self) -> None:
        assert self._socket is not None
        with contextlib.suppress(websockets.ConnectionClosed):
            async for frame in self._socket:
                await self._take(frame if isinstance(frame, str) else repr(frame))
        async with self._arrived:
            self.is_closed = True
            self._arrived.notify_all()

    async def _take(self, frame: str) -> None:
        if frame == "2":
            with contextlib.suppress(websockets.ConnectionClosed):
                await self.send_text("3")
            return
        async with self._arrived:
            self.frames.append(frame)
            if frame.startswith(f"42{NAMESPACE},"):
                self._take_event(*json.loads(frame.partition(",")[2]))
            self._arrived.notify_all()

    def _take_event(self, kind: str, data: Any = None) -> None:  # noqa: ANN401 - any JSON
        if kind == "event":
            self.updates.append(json.loads(data) if isinstance(data, str) else data)
        elif kind == "ping":
            self.pongs += 1
        elif kind == "new_token":
            self.token = data


def without_fence(update: Update) -> Update:
    """An update without the notices, which the fence adds to."""
    delta = {
        name: values for name, values in update.get("delta", {}).items() if NOTICES not in name
    }
    return update | {"delta": delta}
