"""The wrapper around everything: closed paths, body limits, headers everywhere (S-81, S-89)."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from security_app.web.asgi import Door
from tests.environment import SetEnvironment

PEER = ("203.0.113.9", 4711)


class Inner:
    """The application behind the door: notes what reaches it."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        if scope["type"] == "lifespan":
            return
        self.bodies.append(await Request(scope, receive).body())
        response: Response = PlainTextResponse("inside")
        if scope["path"] == "/own-cache":
            response.headers["cache-control"] = "private"
        await response(scope, receive, send)


@pytest.fixture
def inner() -> Inner:
    return Inner()


@pytest.fixture
async def client(inner: Inner) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Door(inner), client=PEER)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:3999") as client:
        yield client


@pytest.mark.parametrize(
    "path",
    [
        *("/_upload", "/_upload/x", "/_all_routes", "/_health", "/ping", "/ping/"),
        *("/auth-codespace", "/demo/mail", "/demo/"),
    ],
)
async def test_what_nobody_needs_is_closed(
    client: httpx.AsyncClient, inner: Inner, path: str
) -> None:
    for method in ("GET", "POST"):
        answer = await client.request(method, path)
        assert answer.status_code == 404
        assert "content-security-policy" in answer.headers
    assert inner.scopes == []


async def test_the_demo_pages_are_open_in_demo_mode(
    client: httpx.AsyncClient, environment: SetEnvironment
) -> None:
    environment(DEMO="1", PUBLIC_URL="http://localhost:3999")
    assert (await client.get("/demo/mail")).status_code == 200


async def test_s81_every_answer_carries_the_headers(client: httpx.AsyncClient) -> None:
    for path in ("/", "/api/me", "/_upload", "/assets/x.js"):
        answer = await client.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "cache-control" in answer.headers
        assert len(answer.headers.get_list("content-security-policy")) == 1


async def test_an_answer_may_say_itself_how_long_it_is_kept(client: httpx.AsyncClient) -> None:
    answer = await client.get("/own-cache")
    assert answer.headers.get_list("cache-control") == ["private"]


@pytest.mark.parametrize(("path", "limit"), [("/api/sign-in", 16 * 1024), ("/auth/session", 65536)])
@pytest.mark.parametrize("is_claimed", [True, False])
async def test_s89_a_body_is_bounded_whatever_it_claims(
    client: httpx.AsyncClient, inner: Inner, path: str, limit: int, is_claimed: bool
) -> None:
    def content(size: int) -> bytes | AsyncIterator[bytes]:
        return b"x" * size if is_claimed else pieces(size)

    assert (await client.post(path, content=content(limit))).status_code == 200
    assert inner.bodies == [b"x" * limit]
    answer = await client.post(path, content=content(limit + 1))
    assert answer.status_code == 413
    assert "content-security-policy" in answer.headers
    assert len(inner.bodies) == 1


async def pieces(size: int) -> AsyncIterator[bytes]:
    for start in range(0, size, 1000):
        yield b"x" * min(1000, size - start)


async def test_s89_a_small_claim_does_not_let_a_large_body_in(inner: Inner) -> None:
    answer = await post(inner, [b"x" * 20_000], claimed="10")
    assert answer == 413
    assert inner.bodies == []


@pytest.mark.parametrize("claimed", ["-1", "1e9", "x", "", "\u0661"])
async def test_s89_a_claim_that_is_no_number_is_not_believed(inner: Inner, claimed: str) -> None:
    assert await post(inner, [b"x" * 10], claimed=claimed) == 200
    assert await post(inner, [b"x" * 20_000], claimed=claimed) == 413


async def post(app: Inner, parts: list[bytes], *, claimed: str) -> int:
    """One request by hand, so that its headers may lie."""
    waiting = list(parts)
    status: list[int] = []

    async def receive() -> Message:
        body = waiting.pop(0) if waiting else b""
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            status.append(message["status"])

    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/sign-in",
        "headers": [(b"content-length", claimed.encode())],
        "client": PEER,
        "query_string": b"",
    }
    await Door(app)(scope, receive, send)
    return status[0]


async def test_a_client_that_leaves_half_way_reaches_nothing_new(inner: Inner) -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    scope: Scope = {"type": "http", "method": "POST", "path": "/x", "headers": [], "client": PEER}
    try:
        await Door(inner)(scope, receive, send)
    except AssertionError:
        assert inner.bodies == [b""]


async def test_s51_the_application_sees_one_settled_address(
    client: httpx.AsyncClient, inner: Inner
) -> None:
    await client.get("/", headers={"x-forwarded-for": "6.6.6.6", "x-real-ip": "6.6.6.6"})
    (scope,) = inner.scopes
    assert scope["client"][0] == PEER[0]
    assert not any(name.startswith(b"x-") for name, _ in scope["headers"])


async def test_a_start_passes_untouched(inner: Inner) -> None:
    async def nothing() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    await Door(inner)({"type": "lifespan"}, nothing, send)
    assert inner.scopes == [{"type": "lifespan"}]


async def test_a_socket_reaches_the_framework_with_digests_only(inner: Inner) -> None:
    seen: list[Scope] = []

    async def framework(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    async def nothing() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    headers = [(b"cookie", b"session=raw-secret; browser=raw-browser"), (b"x-real-ip", b"6.6.6.6")]
    scope: Scope = {"type": "websocket", "path": "/_event", "headers": headers, "client": PEER}
    await Door(framework)(scope, nothing, send)
    assert b"raw-" not in b"".join(value for _, value in seen[0]["headers"])
    assert b"x-real-ip" not in dict(seen[0]["headers"])
