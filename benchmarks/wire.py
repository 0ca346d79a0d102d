"""Lean clients: one HTTP connection, one event socket. The client must not be what is measured."""

import asyncio
import json
import secrets
from typing import Any, Self
from urllib.parse import urlsplit

import websockets
from websockets.asyncio.client import ClientConnection

NAMESPACE = "/_event"
STATE = "reflex___state____state"
HYDRATED = '"is_hydrated_rx_state_":true'
SECURITY = "/settings/personal/security"


def handler(state: str, name: str) -> str:
    """The wire name of a handler: ``handler("cards.sessions.state.SessionsState", "load")``."""
    module, _, cls = f"security_app.{state}".rpartition(".")
    snake = "".join(f"_{char.lower()}" if char.isupper() else char for char in cls).lstrip("_")
    return f"{STATE}.{module.replace('.', '___')}____{snake}.{name}"


class Http:
    """One kept-alive HTTP/1.1 connection; an async context manager."""

    def __init__(self, base_url: str) -> None:
        """Prepare; opened on entering."""
        self._address = urlsplit(base_url)

    async def __aenter__(self) -> Self:
        """Connect."""
        await self._connect()
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Hang up."""
        self._writer.close()

    async def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, str, bytes]:
        """Send a request.

        Returns:
            Status, header block as text, body.
        """
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._address.netloc}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        lines += [f"Content-Length: {len(body)}", "", ""]
        if self._reader.at_eof():  # the server hangs up on idle connections
            await self._connect()
        self._writer.write("\r\n".join(lines).encode() + body)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = head.lower().partition("content-length:")[2].split("\r\n", 1)[0].strip()
        answer = await self._reader.readexactly(int(length)) if length else b""
        return int(head.split(" ", 2)[1]), head, answer

    async def _connect(self) -> None:
        port = self._address.port or 80
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)

    async def ask_json(
        self, method: str, path: str, data: object = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Send JSON, read JSON."""
        body = b"" if data is None else json.dumps(data).encode()
        kind = {"Content-Type": "application/json"} if body else {}
        status, _, answer = await self.ask(method, path, body, kind | (headers or {}))
        return status, json.loads(answer) if answer else None


class Page:
    """One event socket, as an open page has it; an async context manager."""

    def __init__(
        self, base_url: str, *, path: str, cookie: str = "", forwarded_for: str = ""
    ) -> None:
        """Prepare; opened on entering.

        Args:
            base_url: of the server.
            path: the page it claims to be.
            cookie: the Cookie header.
            forwarded_for: where it claims to come from.
        """
        self._url = base_url.replace("http", "ws", 1).replace("localhost", "127.0.0.1")
        self._origin = base_url
        self._router = {"pathname": path, "asPath": path}
        self._headers = {"Cookie": cookie} if cookie else {}
        if forwarded_for:
            self._headers["X-Forwarded-For"] = forwarded_for
        self._socket: ClientConnection | None = None

    async def __aenter__(self) -> Self:
        """Connect and join the namespace."""
        query = f"/_event/?EIO=4&transport=websocket&token={secrets.token_hex(16)}"
        self._socket = await websockets.connect(
            self._url + query,
            additional_headers=self._headers,
            origin=self._origin,  # pyright: ignore[reportArgumentType]
            compression=None,
            max_size=None,
            ping_interval=None,
            open_timeout=60,
            proxy=None,
        )
        await self.send_text(f"40{NAMESPACE},{{}}")
        await self.until(f"40{NAMESPACE}")
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Hang up."""
        assert self._socket is not None
        await self._socket.close()

    def event(self, name: str, payload: object = None) -> str:
        """The frame of an event."""
        data = {"name": name, "payload": payload or {}, "router_data": self._router}
        return f"42{NAMESPACE},{json.dumps(['event', data])}"

    async def load(self) -> None:
        """Do what a page does when it is opened."""
        boot = {"vars": {}, "hashes": ["0"]}
        await self.ask(self.event(f"{STATE}.hydrate_and_load", boot), HYDRATED)

    async def ask(self, frame: str, marker: str) -> str:
        """Send a frame and wait for one that holds the marker."""
        await self.send_text(frame)
        return await self.until(marker)

    async def send_text(self, frame: str) -> None:
        """Send a frame."""
        assert self._socket is not None
        await self._socket.send(frame)

    async def until(self, marker: str) -> str:
        """Wait for a frame that holds the marker; answers pings meanwhile."""
        assert self._socket is not None
        while True:
            frame = str(await self._socket.recv())
            if frame == "2":
                await self._socket.send("3")
            elif marker in frame:
                return frame
