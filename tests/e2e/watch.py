"""What a person does not see: the console, other hosts, and every byte on the socket."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError, WebSocket

#: The browser's note that a page was left, or closed at the end of a test, while connecting.
_LEFT_EARLY = re.compile("WebSocket is closed before the connection is established")


@dataclass
class Watch:
    """Listens to every browser of one test; a test with a complaint fails.

    Attributes:
        origin: the only origin a browser may talk to, e.g. "http://localhost:3999".
        complaints: console errors and warnings, page errors, requests to other hosts.
        urls: every URL that was requested.
        frames: every text frame that went over a websocket, both ways.
    """

    origin: str
    complaints: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    _expected: list[re.Pattern[str]] = field(default_factory=lambda: [_LEFT_EARLY])
    _left_out: set[str] = field(default_factory=set)

    def follow(self, context: BrowserContext) -> None:
        """Listen to all pages a browser has and opens."""
        context.on("console", self._on_console)
        context.on("weberror", self._on_page_error)
        context.on("request", self._on_request)
        context.on("page", self._on_page)

    def expect_complaint(self, pattern: str) -> None:
        """Let complaints of this test pass that match, e.g. the console line of a 404."""
        self._expected.append(re.compile(pattern))

    def leave_out(self, origin: str) -> None:
        """Let browsers go to another site; what its own pages do is no complaint."""
        self._left_out.add(origin)

    def unexpected(self) -> list[str]:
        """The complaints nobody announced."""
        return [
            complaint
            for complaint in self.complaints
            if not any(pattern.search(complaint) for pattern in self._expected)
        ]

    def _on_console(self, message: ConsoleMessage) -> None:
        is_theirs = _origin_of(message.location["url"]) in self._left_out
        if message.type in {"error", "warning"} and not is_theirs:
            self.complaints.append(f"console {message.type}: {message.text}")

    def _on_page_error(self, error: WebError) -> None:
        self.complaints.append(f"page error: {error.error}")

    def _on_request(self, request: Request) -> None:
        self.urls.append(request.url)
        # Who goes there: the browser, or what a page of theirs fetches; never a page of ours.
        by = request.url if request.is_navigation_request() else request.frame.url
        if _origin_of(by) not in self._left_out:
            self._check_origin(request.url)

    def _on_page(self, page: Page) -> None:
        page.on("websocket", self._on_websocket)

    def _on_websocket(self, socket: WebSocket) -> None:
        self.urls.append(socket.url)
        self._check_origin(socket.url.replace("ws", "http", 1))
        socket.on("framesent", self._on_frame)
        socket.on("framereceived", self._on_frame)

    def _on_frame(self, payload: str | bytes) -> None:
        is_text = isinstance(payload, str)
        self.frames.append(payload if is_text else payload.decode("utf-8", "replace"))

    def _check_origin(self, url: str) -> None:
        if url.startswith(("http://", "https://")) and _origin_of(url) != self.origin:
            self.complaints.append(f"third party: {url}")


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
