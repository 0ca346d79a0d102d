"""How many sockets somebody may hold open, and how many messages each may bring (S-89).

Counted here, before the framework sees anything, and for live sockets only: one
that closes gives its place back. Each server process counts its own.
"""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Generator

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from security_app.accounts import sessions
from security_app.accounts.actor import Visitor
from security_app.accounts.places import network_key
from security_app.policy import get_policy
from security_app.web.context import session_cookie_name
from security_app.web.cookies import cookies_of

log = structlog.get_logger(__name__)

#: RFC 6455 §7.4.1: "policy violation".
_CLOSE_CODE = 1008
#: Seconds' worth of messages that may come at once, and that may be refused before the end.
_BURST_S = 3
_FLOOD_S = 5

_live: Counter[str] = Counter()


def open_sockets() -> int:
    """How many sockets this process serves."""
    return _live.total()


class Meter:
    """A token bucket for the messages of one socket."""

    def __init__(self, per_s: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with a full bucket.

        Args:
            per_s: messages a second, in the long run.
            clock: seconds.
        """
        self._per_s = per_s
        self._clock = clock
        self._tokens = self._full = float(_BURST_S * per_s)
        self._at = clock()
        self._refused = 0

    def take(self) -> bool:
        """Whether one more message may pass."""
        at = self._clock()
        self._tokens = min(self._full, self._tokens + (at - self._at) * self._per_s)
        self._at = at
        if self._tokens == self._full:
            self._refused = 0
        if self._tokens < 1:
            self._refused += 1
            return False
        self._tokens -= 1
        return True

    @property
    def is_flooded(self) -> bool:
        """Whether it did not stop although so many were refused."""
        return self._refused >= _FLOOD_S * self._per_s


async def serve_socket(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one socket, if there is a place for it.

    Args:
        app: what serves it.
        scope: its handshake, the cookies in it swapped for their digests.
        receive: brings its messages.
        send: takes ours.
    """
    key, places = await _holder(scope)
    with _place(key, places) as has_place:
        if not has_place:
            log.info("socket_refused", held_by=key.partition(":")[0], places=places)
            await send({"type": "websocket.close", "code": _CLOSE_CODE})
            return
        await app(scope, *_metered(receive, send))


async def _holder(scope: Scope) -> tuple[str, int]:
    """Whose places a socket takes, and how many there are: a live session's, else a network's.

    Only a session that lives counts: otherwise any made-up cookie were a budget of its own.
    """
    policy = get_policy()
    address = scope["client"][0]
    if session_hash := cookies_of(scope).get(session_cookie_name(), ""):
        # When the database fails the socket may open: the guard says so, and lets nobody in.
        with contextlib.suppress(Exception):
            actor = await sessions.find_actor(session_hash, Visitor(address, "", ""))
            if actor is not None and actor.kind == "browser":
                return f"session:{actor.session_id}", policy.sockets_per_session
    return f"network:{network_key(address)}", policy.sockets_per_address


@contextlib.contextmanager
def _place(key: str, places: int) -> Generator[bool]:
    if _live[key] >= places:
        yield False
        return
    _live[key] += 1
    try:
        yield True
    finally:
        _live[key] -= 1
        if not _live[key]:
            del _live[key]


def _metered(receive: Receive, send: Send) -> tuple[Receive, Send]:
    """Drop what comes too fast, and hang up on who does not stop."""
    meter = Meter(get_policy().socket_messages_per_s)
    is_over = False

    async def receive_metered() -> Message:
        nonlocal is_over
        while True:
            message = await receive()
            if message["type"] != "websocket.receive" or meter.take():
                return message
            if meter.is_flooded:
                log.warning("socket_flooded")
                is_over = True
                await send({"type": "websocket.close", "code": _CLOSE_CODE})
                return {"type": "websocket.disconnect", "code": _CLOSE_CODE}

    async def send_while_open(message: Message) -> None:
        if not is_over:
            await send(message)

    return receive_metered, send_while_open
