"""The ASGI wrapper around everything: addresses, cookies, sizes, numbers, headers."""

import asyncio

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from security_app.settings import get_settings
from security_app.web.addresses import settle_address
from security_app.web.cookies import digest_handshake
from security_app.web.headers import built_pages, cache_control, security_headers
from security_app.web.sockets import serve_socket

#: The framework's own endpoints that nobody here needs.
_CLOSED = ("/_upload", "/_all_routes", "/_health", "/ping", "/auth-codespace")
#: S-89 for pages; the API asks for less (api.md).
_BODY_MAX_BYTES = 64 * 1024
_API_BODY_MAX_BYTES = 16 * 1024

#: How many connections begin in one pass of the event loop; each takes up to a millisecond (B-14).
_BEGIN_AT_ONCE = 4


class Door:
    """Wraps the whole application; outermost of ours."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app
        self._places = asyncio.Semaphore(_BEGIN_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        await self._turn()
        scope = settle_address(scope)
        if scope["type"] == "websocket":
            await serve_socket(self._app, *digest_handshake(scope, receive, send))
            return
        await self._serve_http(scope, receive, send)

    async def _turn(self) -> None:
        """Wait until few enough begin at this moment.

        A crowd that comes at once would be begun in one pass of the event loop, and
        nobody else be served meanwhile (B-14).
        """
        await self._places.acquire()
        asyncio.get_running_loop().call_soon(self._places.release)

    async def _serve_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = Headers(raw=message.get("headers", []))
                content_type = headers.get("content-type", "")
                cache = cache_control(path, message["status"], content_type)
                ours = [*security_headers(path, content_type)]
                if "cache-control" not in headers:
                    ours.append((b"cache-control", cache.encode()))
                message = {**message, "headers": [*message.get("headers", ()), *ours]}
            await send(message)

        if path.startswith(_CLOSED) or (path.startswith("/demo/") and not get_settings().demo):
            response = PlainTextResponse("Not found", status_code=404)
            await response(scope, receive, send_with_headers)
            return
        limit = _API_BODY_MAX_BYTES if path.startswith("/api/") else _BODY_MAX_BYTES
        body = await _bounded_body(scope, receive, limit)
        if body is None:
            response = _too_large(path)
            await response(scope, receive, send_with_headers)
            return
        await self._app(_as_built(scope), _replay(body, receive), send_with_headers)


def _as_built(scope: Scope) -> Scope:
    """Ask for the file a page was built to, instead of being redirected to its folder."""
    file = built_pages().get(scope["path"])
    if file is None:
        return scope
    return {**scope, "path": file, "raw_path": file.encode()}


def _too_large(path: str) -> Response:
    if not path.startswith("/api/"):
        return PlainTextResponse("Request too large", status_code=413)
    problem = {
        "type": f"{get_settings().public_url}/api/problems#too_large",
        "title": "The request is too large",
        "status": 413,
        "code": "too_large",
        "detail": "Send at most 16 KiB.",
    }
    return JSONResponse(problem, status_code=413, media_type="application/problem+json")


async def _bounded_body(scope: Scope, receive: Receive, limit: int) -> bytes | None:
    """Read a request's body; None when it is longer than allowed, whatever it claims."""
    if scope["method"] in {"GET", "HEAD", "OPTIONS"}:
        return b""
    claimed = Headers(scope=scope).get("content-length", "0")
    if claimed.isdecimal() and int(claimed) > limit:
        return None
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return body
        body += message.get("body", b"")
        if len(body) > limit:
            return None
        if not message.get("more_body"):
            return body


def _replay(body: bytes, receive: Receive) -> Receive:
    is_sent = False

    async def replayed() -> Message:
        nonlocal is_sent
        if is_sent:
            return await receive()
        is_sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
