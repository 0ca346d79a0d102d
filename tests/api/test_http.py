"""What every route shares: who may call, what a body may be, how it is refused (S-60, S-89).

None of it depends on the database, so it runs on one of them.
"""

import re
from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient

from security_app.accounts import sessions
from security_app.accounts.actor import Visitor
from security_app.accounts.tokens import digest, new_token
from security_app.api.app import build_json_api
from security_app.db.engine import Database, use_database
from tests.api.people import FIREFOX, IP, SITE, Person
from tests.api.refusals import assert_problem, fields_of

SIGNED_IN_ROUTES = [
    ("GET", "/me"),
    ("POST", "/auth/sign-out"),
    ("POST", "/auth/password"),
    ("GET", "/auth/2fa"),
    ("POST", "/auth/2fa/setup"),
    ("POST", "/auth/2fa/verify"),
    ("POST", "/auth/2fa/disable"),
    ("POST", "/auth/2fa/recovery-codes/view"),
    ("POST", "/auth/2fa/recovery-codes/regenerate"),
    ("PUT", "/auth/pin"),
    ("DELETE", "/auth/pin"),
    ("GET", "/sessions"),
    ("DELETE", "/sessions/AAAAAAAAAAAAAAAAAAAA"),
    ("POST", "/sessions/sign-out-others"),
    ("GET", "/login-history"),
    ("GET", "/connections"),
    ("DELETE", "/connections/AAAAAAAAAAAAAAAAAAAA"),
    ("PATCH", "/me"),
    ("GET", "/api-keys"),
    ("POST", "/api-keys"),
    ("POST", "/api-keys/AAAAAAAAAAAAAAAAAAAA/rotate"),
    ("DELETE", "/api-keys/AAAAAAAAAAAAAAAAAAAA"),
    ("POST", "/api-keys/revoke-all"),
    ("GET", "/organizations/AAAAAAAAAAAAAAAAAAAA"),
    ("DELETE", "/organizations/AAAAAAAAAAAAAAAAAAAA"),
    ("GET", "/releases"),
    ("POST", "/releases/AAAAAAAAAAAAAAAAAAAA/force-cancel"),
]
PUBLIC_ROUTES = [
    ("POST", "/auth/sign-up"),
    ("POST", "/auth/confirm-email"),
    ("POST", "/auth/sign-in"),
    ("POST", "/auth/verify-2fa-code"),
    # Signed in, or with the challenge of a sign-in.
    ("POST", "/auth/2fa/email-otp"),
    ("POST", "/auth/2fa/verify-email-otp"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
]
#: Where another address takes an id: the method is known, the id is not.
LOOK_LIKE_IDS = {"/sessions/sign-out-others", "/api-keys/revoke-all"}
WITH_BODY = [
    "/auth/sign-up",
    "/auth/confirm-email",
    "/auth/sign-in",
    "/auth/verify-2fa-code",
    "/auth/password",
    "/auth/2fa/setup",
    "/auth/2fa/verify",
    "/auth/2fa/disable",
    "/auth/2fa/email-otp",
    "/auth/2fa/verify-email-otp",
    "/auth/2fa/recovery-codes/view",
    "/auth/2fa/recovery-codes/regenerate",
    "/api-keys",
]
SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "x-frame-options": "DENY",
}
NO_TOKENS = [
    None,
    "",
    "Bearer",
    "Bearer ",
    "Bearer nonsense",
    "Bearer " + "A" * 43,
    "Bearer " + "x" * 7000,
    "Basic YTpi",
    "bearer\xff \xfe",
]

NOT_JSON_TYPES = [
    None,
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/vnd.api+json",
    "application/json; charset=utf-16",
    "text/json",
    ",",
    "\xff",
]

NOT_JSON = [
    b"{",
    b"nul",
    b"{'email': 'a'}",
    b'{"email": NaN}',
    b'{"email": -Infinity}',
    b'{"email": "\xff"}',
    b'{"email": "a\nb"}',
    b"[" * 15_000,
    b'{"a":' * 3_000,
    b"9" * 15_000,
    '{"email": "a"}'.encode("utf-16"),
    b"\xef\xbb\xbf{}",
    b"\x00",
]

OTHER_SHAPES = [
    b"",
    b"[]",
    b"null",
    b'"text"',
    b"1e400",
    b'{"email": 1e400, "password": 1, "token": 1, "current_password": 1}',
    b'{"email": "\\ud800", "password": "\\udfff", "token": "\\ud800", "new_password": "\\ud800"}',
    b'{"email": [[[[[[]]]]]], "password": {}, "token": [], "current_password": {"a": {}}}',
]


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    """A fresh database of one kind."""
    current = Database(sqlite_url)
    use_database(current)
    yield current
    await current.dispose()
    use_database(None)


def test_the_lists_above_name_every_route() -> None:
    documented = {
        (method.upper(), re.sub(r"\{\w+\}", "A" * 20, path))
        for path, methods in build_json_api().openapi()["paths"].items()
        for method in methods
    }
    listed = {(method, f"/v1{path}") for method, path in SIGNED_IN_ROUTES + PUBLIC_ROUTES}
    assert documented == listed


@pytest.mark.parametrize(("method", "path"), SIGNED_IN_ROUTES)
async def test_without_a_live_token_every_route_refuses(
    client: AsyncClient, method: str, path: str
) -> None:
    for authorization in NO_TOKENS:
        headers = {"authorization": authorization.encode("latin-1")} if authorization else {}
        body = {"current_password": "a", "new_password": "b"}
        answer = await client.request(
            method, path, headers=headers, json=body if method == "POST" else None
        )
        assert_problem(answer, 401, "sign_in_required")


@pytest.mark.parametrize(("method", "path"), SIGNED_IN_ROUTES)
async def test_a_token_works_in_the_authorization_header_only(
    client: AsyncClient, as_ada: AsyncClient, method: str, path: str
) -> None:
    token = as_ada.headers["authorization"].removeprefix("Bearer ")
    cookies = f"session={token}; __Host-session={token}; token={token}"
    for request in (
        client.build_request(method, path, headers={"cookie": cookies}),
        client.build_request(method, path, params={"token": token, "access_token": token}),
        client.build_request(method, path, headers={"x-api-key": token, "x-token": token}),
        client.build_request(method, path, headers={"authorization": f"Token {token}"}),
    ):
        assert_problem(await client.send(request), 401, "sign_in_required")
    assert (await as_ada.get("/me")).status_code == 200


@pytest.mark.parametrize(("method", "path"), SIGNED_IN_ROUTES)
async def test_a_public_session_id_opens_nothing(
    client: AsyncClient, as_ada: AsyncClient, method: str, path: str
) -> None:
    """S-35: lists show an id that is no secret."""
    [row] = (await as_ada.get("/sessions")).json()["items"]
    answer = await client.request(method, path, headers={"authorization": f"Bearer {row['id']}"})
    assert_problem(answer, 401, "sign_in_required")


@pytest.mark.parametrize("path", WITH_BODY)
async def test_only_json_is_read(as_ada: AsyncClient, path: str) -> None:
    """S-60: what a cross-site form can send is refused before it is looked at."""
    for content_type in NOT_JSON_TYPES:
        headers = {"content-type": content_type.encode("latin-1")} if content_type else {}
        answer = await as_ada.post(path, content=b'{"email": "a@example.com"}', headers=headers)
        assert_problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("path", WITH_BODY)
async def test_what_is_no_json_is_refused(as_ada: AsyncClient, path: str) -> None:
    for content in NOT_JSON:
        answer = await as_ada.post(
            path, content=content, headers={"content-type": "application/json"}
        )
        assert_problem(answer, 400, "malformed_json")


@pytest.mark.parametrize("path", WITH_BODY)
async def test_json_of_another_shape_is_refused_by_field(as_ada: AsyncClient, path: str) -> None:
    for content in OTHER_SHAPES:
        answer = await as_ada.post(
            path, content=content, headers={"content-type": "application/json; charset=UTF-8"}
        )
        assert fields_of(assert_problem(answer, 422, "invalid_field"))


@pytest.mark.parametrize("path", [*WITH_BODY, "/me", "/nowhere"])
async def test_a_body_over_16_kib_is_refused(as_ada: AsyncClient, path: str) -> None:
    body = b'{"password": "' + b"x" * 16_400 + b'"}'

    async def chunks() -> AsyncIterator[bytes]:
        yield body[:9000]
        yield body[9000:]

    for content in (body, chunks()):
        answer = await as_ada.post(
            path, content=content, headers={"content-type": "application/json"}
        )
        assert_problem(answer, 413, "too_large")


async def test_the_value_of_a_browsers_cookie_is_no_bearer_token(
    client: AsyncClient, ada: Person, database: Database
) -> None:
    visitor = Visitor(ip=IP, user_agent=FIREFOX, browser_hash=digest(new_token()))
    async with database.transaction() as db:
        session = await sessions.open_session(
            db, ada.id, visitor, kind="browser", opened_by="password"
        )
    for headers in (
        {"authorization": f"Bearer {session.secret}"},
        {"cookie": f"session={session.secret}"},
    ):
        assert_problem(await client.get("/me", headers=headers), 401, "sign_in_required")


@pytest.mark.parametrize(
    "path",
    ["/nowhere", "", "/", "/me/", "/sessions/", "/auth", "//me", "/auth/sign-in/x", "/ME", "/../x"],
)
async def test_unknown_addresses_below_api_are_problems(client: AsyncClient, path: str) -> None:
    answer = await client.get(f"{SITE}/api/v1{path}")
    assert_problem(answer, 404, "not_found")


@pytest.mark.parametrize("path", ["/api/", "/api/v2/me", "/api/docs/", "/api/docs/secret.js"])
async def test_unknown_addresses_beside_v1_are_problems(client: AsyncClient, path: str) -> None:
    assert_problem(await client.get(f"{SITE}{path}"), 404, "not_found")


@pytest.mark.parametrize(("method", "path"), SIGNED_IN_ROUTES + PUBLIC_ROUTES)
async def test_methods_nobody_needs_are_refused(
    as_ada: AsyncClient, method: str, path: str
) -> None:
    known = {each for each, address in SIGNED_IN_ROUTES + PUBLIC_ROUTES if address == path}
    for other in ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "BREW"):
        if other in known or (other == "DELETE" and path in LOOK_LIKE_IDS):
            continue
        answer = await as_ada.request(other, path)
        assert_problem(answer, 405, "method_not_allowed")
        assert answer.headers["allow"] == ", ".join(sorted(known))


async def test_answers_carry_the_security_headers(client: AsyncClient, as_ada: AsyncClient) -> None:
    """S-81."""
    for answer in (
        await as_ada.get("/me"),
        await client.get("/me"),
        await client.get("/nowhere"),
        await client.get("/health/live"),
    ):
        assert SECURITY_HEADERS.items() <= dict(answer.headers).items()
        assert "unsafe-eval" not in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers
