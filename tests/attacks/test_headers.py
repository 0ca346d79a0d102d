"""What every answer carries, errors too; what is closed; what GET never does (S-80, S-81, S-60)."""

import asyncio
import re

import httpx
import pytest
import websockets

from security_app.db.tables import MailedLink
from security_app.web import frontend
from tests.attacks.conftest import Victim
from tests.attacks.people import HOME, web
from tests.attacks.raw_client import RawClient
from tests.server import Server

PAGES = [
    "/",
    "/sign-in",
    "/sign-up",
    "/forgot-password",
    "/reset-password?token=x",
    "/confirm-email?token=x",
    HOME,
    "/settings/personal/activity",
    "/settings/security",
]
OTHERS = [
    "/no/such/page",
    "/api/openapi.json",
    "/api/docs",
    "/api/v1/me",
    "/api/v1/no-such",
    "/api/v1/health/live",
    "/auth/session",
    "/auth/sign-out",
    "/favicon.svg",
    "/ui.css",
    "/demo/mail",
    "/metrics",
    "/_event/",
]
CLOSED = [
    "/ping",
    "/ping/",
    "/_health",
    "/_health/",
    "/_all_routes",
    "/_upload",
    "/_upload/x",
    "/auth-codespace",
    "/%70ing",
]
DIRECTIVES = {
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "form-action": "'self'",
    "default-src": "'self'",
}


def _policy(response: httpx.Response) -> dict[str, str]:
    (header,) = response.headers.get_list("content-security-policy")
    parts = (directive.strip().partition(" ") for directive in header.split(";"))
    return {name: value for name, _, value in parts}


def _assert_protected(response: httpx.Response) -> None:
    headers = response.headers
    assert headers.get_list("x-content-type-options") == ["nosniff"]
    assert headers.get_list("referrer-policy") == ["no-referrer"]
    assert headers.get_list("cross-origin-opener-policy") == ["same-origin"]
    assert headers.get_list("x-frame-options") == ["DENY"]
    assert headers.get("cache-control"), "says how long it may be kept"
    assert "server" not in headers
    policy = _policy(response)
    for name, value in DIRECTIVES.items():
        assert policy[name] == value
    assert "unsafe" not in policy["script-src"]
    assert "*" not in policy["script-src"]
    assert "http:" not in policy["script-src"]


@pytest.mark.parametrize("path", PAGES + OTHERS + CLOSED)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS", "HEAD"])
async def test_every_answer_is_protected(server: Server, path: str, method: str) -> None:
    async with web(server) as client:
        response = await client.request(method, path)
    _assert_protected(response)
    assert response.status_code < 500


async def test_too_large_a_request_is_protected_too(server: Server) -> None:
    async with web(server) as client:
        response = await client.post("/auth/session", content=b"x" * 100_000)
    assert response.status_code == 413
    _assert_protected(response)


async def test_under_https_browsers_are_told_to_stay_there() -> None:
    """S-81, S-37: HSTS for a year, and cookie names no subdomain can plant."""
    with Server({"PUBLIC_URL": "https://account.example.com"}) as running:
        async with web(running) as client:
            for path in ("/sign-in", "/no/such", "/api/v1/me"):
                response = await client.get(path)
                hsts = response.headers["strict-transport-security"]
                assert hsts == f"max-age={365 * 24 * 3600}; includeSubDomains"
                assert "wss://account.example.com" in _policy(response)["connect-src"]
        async with RawClient(running, origin="https://account.example.com") as page:
            assert page.cookie_set.startswith("__Host-browser=")
            assert "; Secure" in page.cookie_set
        with pytest.raises(websockets.InvalidStatus):
            await RawClient(running, origin="http://account.example.com").open()


async def test_pages_run_their_own_scripts_only(server: Server) -> None:
    """S-80: every inline script of a page is in the policy by its hash."""
    import base64
    import hashlib

    inline = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
    async with web(server) as client:
        for path in PAGES:
            response = await client.get(path)
            allowed = _policy(response)["script-src"]
            for script in inline.findall(response.text):
                value = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
                assert f"'sha256-{value}'" in allowed, path
            assert " onload=" not in response.text
            assert "javascript:" not in response.text


@pytest.mark.parametrize("path", CLOSED)
async def test_the_frameworks_own_endpoints_are_closed(server: Server, path: str) -> None:
    async with web(server) as client:
        for method in ("GET", "POST", "OPTIONS"):
            response = await client.request(method, path)
            assert response.status_code in {404, 405}, (method, response.text[:200])
            assert "pong" not in response.text
            assert "routes" not in response.text.lower() or "html" in response.text


async def test_no_source_or_map_is_served(server: Server) -> None:
    """S-81: no source maps, no folder listing, nothing of the project."""
    assert not list(frontend.STATIC_DIR.rglob("*.map"))
    paths = [
        "/assets/",
        "/assets",
        "/external/",
        "/.env",
        "/.git/HEAD",
        "/rxconfig.py",
        "/requirements.txt",
        "/security_app/settings.py",
        "/.web/env.json",
        "/env.json",
        "/reflex.json",
        "/package.json",
        "/server/index.js",
        "/..%2f..%2frxconfig.py",
        "/assets/..%2f..%2f..%2frxconfig.py",
    ]
    async with web(server) as client:
        answers = await asyncio.gather(*(client.get(path) for path in paths))
    for answer in answers:
        assert answer.status_code in {400, 404}, answer.url
        assert "from security_app" not in answer.text
        assert "Index of" not in answer.text


async def test_account_data_is_never_kept(server: Server, victim: Victim) -> None:
    """S-81: no-store on what belongs to somebody."""
    token = server.add_session(victim.person, kind="api", opened_by="api").session
    async with web(server, headers={"Authorization": f"Bearer {token}"}) as client:
        for path in ("/api/v1/me", "/api/v1/sessions", "/api/v1/login-history"):
            response = await client.get(path)
            assert response.status_code == 200
            assert response.headers["cache-control"] == "no-store"
            assert response.headers["content-type"].startswith("application/json")


async def test_pages_hold_nothing_of_anybody(server: Server, victim: Victim) -> None:
    """A page is the same for everybody; what is whose comes over the socket."""
    async with web(server, headers={"Cookie": victim.here.header}) as client:
        signed_in = await client.get(HOME)
    async with web(server) as client:
        anonymous = await client.get(HOME)
    assert signed_in.text == anonymous.text
    victim.assert_absent(signed_in.text)


async def test_get_changes_nothing(server: Server, victim: Victim) -> None:
    """S-60: also not with everything a link could carry, as mail scanners and images do."""
    from datetime import UTC, datetime, timedelta

    from security_app.accounts.addresses import address_key
    from security_app.accounts.tokens import digest

    at = datetime.now(UTC)
    with server.rows() as rows:
        for purpose in ("confirm_email", "reset_password"):
            rows.add(
                MailedLink(
                    secret_hash=digest(purpose + victim.person.id),
                    account_id=victim.person.id,
                    purpose=purpose,
                    email_key=address_key(victim.person.email),
                    created_at=at,
                    expires_at=at + timedelta(hours=1),
                )
            )
        rows.commit()
    paths = [
        *PAGES,
        *OTHERS,
        f"/confirm-email?token=confirm_email{victim.person.id}",
        f"/reset-password?token=reset_password{victim.person.id}&new_password=eleven-ducks-11",
        f"/api/v1/sessions/{victim.there.session_id}",
        f"/settings/personal/security?sign_out={victim.there.session_id}",
        "/auth/sign-out?confirm=1",
        "/api/v1/auth/sign-out",
    ]
    bearer = server.add_session(victim.person, kind="api", opened_by="api").session
    server.settle()
    before = server.dump()
    headers = {"Cookie": victim.here.header, "Origin": server.base_url}
    async with web(server, headers=headers) as client:
        await asyncio.gather(*(client.get(path) for path in paths))
        await asyncio.gather(*(client.head(path) for path in paths))
    async with web(server, headers={"Authorization": f"Bearer {bearer}"}) as client:
        await asyncio.gather(*(client.get(path) for path in paths))
    assert server.dump() == before
    for path in paths[len(PAGES) + len(OTHERS) :][:2]:
        async with RawClient(server, path=path) as page:
            await page.load()
    assert server.dump() == before
