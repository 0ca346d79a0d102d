"""An internet of the tests: names with addresses that change, and who listens at public ones.

Only the two calls that leave a process are replaced, the look-up of a name and the
connection to an address; no packet leaves this machine.
"""

import asyncio.selector_events
import errno
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest


@dataclass
class Internet:
    """Who is where.

    Attributes:
        answers: by name, what each look-up finds; the last answer stays.
        listeners: by public address, the port of this machine its connections lead to.
        looked_up: the names asked for, in order.
        connected: the addresses somebody tried to connect to, in order.
    """

    answers: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    listeners: dict[str, int] = field(default_factory=dict)
    looked_up: list[str] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)

    def addresses(self, name: str) -> tuple[str, ...] | None:
        """What the next look-up finds; None for a name that is not of this internet."""
        if name not in self.answers:
            return None
        self.looked_up.append(name)
        answers = self.answers[name]
        return answers.pop(0) if len(answers) > 1 else answers[0]


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    """Put it in the place of the real one."""
    made = Internet()
    look_up = socket.getaddrinfo
    loop_type = asyncio.selector_events.BaseSelectorEventLoop
    connect = loop_type.sock_connect

    def getaddrinfo(
        host: str | bytes | None, port: int | str | None, *args: Any, **kwargs: Any
    ) -> list[tuple[Any, ...]]:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if (addresses := made.addresses(name)) is None:
            return look_up(host, port, *args, **kwargs)
        return [found for each in addresses for found in look_up(each, port, *args, **kwargs)]

    async def sock_connect(
        loop: asyncio.selector_events.BaseSelectorEventLoop,
        sock: socket.socket,
        address: tuple[Any, ...],
    ) -> None:
        host = address[0]
        made.connected.append(host)
        if host in made.listeners:
            prefix = "::ffff:" if sock.family == socket.AF_INET6 else ""
            return await connect(loop, sock, (f"{prefix}127.0.0.1", made.listeners[host]))
        if host in {"127.0.0.1", "::1"}:
            return await connect(loop, sock, address)
        raise OSError(errno.ENETUNREACH, "unreachable")

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        patch.setattr(loop_type, "sock_connect", sock_connect)
        yield made
