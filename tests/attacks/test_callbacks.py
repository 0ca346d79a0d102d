"""What comes back from a provider, or pretends to: S-60, S-61, S-64, S-67, S-68, S-79.

A real provider over HTTP; the attacker knows everything but the browser's cookie.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from sqlmodel import select

from security_app.db.tables import Account, Connection, ProviderTrip, Session
from tests.attacks.people import HOME, fresh_address, web
from tests.attacks.raw_client import RawClient, handler
from tests.oidc_provider import Provider
from tests.server import Browser, Server

GO_ON = handler("web.entry.provider_door.ProviderDoorState", "go_on")
CALLBACK = "/auth/callback/google"
GINA = "google-gina"
NEUTRAL = "/sign-in?notice=trip_dead"


@pytest.fixture(scope="module")
def google() -> Iterator[Provider]:
    with Provider(name="Google") as running:
        running.add_person(GINA, email="gina@example.com", name="Gina")
        yield running


@pytest.fixture(scope="module")
def server(google: Provider) -> Iterator[Server]:
    environment = {
        "GOOGLE_CLIENT_ID": google.client_id,
        "GOOGLE_CLIENT_SECRET": google.client_secret,
        "GOOGLE_ISSUER": google.issuer,
    }
    with Server(environment) as running:
        yield running


async def _begin(server: Server, browser: Browser, path: str = "/sign-in") -> str:
    """Press "Continue with Google"; returns the path that leads there."""
    async with RawClient(server, browser=browser, path=path, source=fresh_address()) as page:
        await page.load()
        await page.send(GO_ON, {"provider": "google"})
        await page.until(lambda: page.leave_to)
        return page.leave_to


def _cookies(browser: Browser) -> dict[str, str]:
    return {"Cookie": browser.header}


async def _answer(server: Server, google: Provider, browser: Browser) -> dict[str, str]:
    """Agree at the provider; returns what it answers."""
    path = await _begin(server, browser)
    async with web(server, headers=_cookies(browser)) as client:
        gone = await client.get(path)
    assert gone.status_code == 303
    return google.authorize(gone.headers["location"], GINA)


def _where(answer: httpx.Response, server: Server) -> str:
    assert answer.status_code == 303
    return answer.headers["location"].removeprefix(server.base_url)


def _sessions(server: Server) -> int:
    with server.rows() as rows:
        return len(rows.exec(select(Session.id)).all())


async def test_a_browser_that_began_it_is_signed_in(server: Server, google: Provider) -> None:
    browser = Browser()
    answer = await _answer(server, google, browser)
    async with web(server, headers=_cookies(browser)) as client:
        back = await client.get(CALLBACK, params=answer)
    assert _where(back, server) == HOME
    cookie = back.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert answer["code"] not in server.log_text()
    assert answer["state"] not in server.log_text()


async def test_s61_a_link_sent_to_a_victim_signs_nobody_in(
    server: Server, google: Provider
) -> None:
    """Login CSRF: the attacker's own answer in the victim's browser."""
    attacker, victim = Browser(), Browser()
    before = _sessions(server)
    answer = await _answer(server, google, attacker)
    for cookies in (_cookies(victim), {}):
        async with web(server, headers=cookies) as client:
            back = await client.get(CALLBACK, params=answer)
        assert _where(back, server) == NEUTRAL
        assert "set-cookie" not in back.headers
    assert _sessions(server) == before


async def test_s61_the_way_out_is_of_its_own_browser(server: Server) -> None:
    path = await _begin(server, Browser())
    for cookies in (_cookies(Browser()), {}):
        async with web(server, headers=cookies) as client:
            assert _where(await client.get(path), server) == NEUTRAL


@pytest.mark.parametrize(
    "trip", ["x", "%00", "a" * 5000, "..%2f..%2fsign-in", "%E2%80%AE", "x/y", "-" * 20]
)
async def test_a_way_out_that_was_never_begun(server: Server, trip: str) -> None:
    async with web(server, headers=_cookies(Browser())) as client:
        answer = await client.get(f"/auth/go/{trip}")
    assert answer.status_code in {303, 307, 404}
    assert answer.headers.get("location", server.base_url).startswith(server.base_url)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "spoil",
    [
        lambda it: [],
        lambda it: [("code", it["code"])],
        lambda it: [("state", it["state"]), ("state", it["state"]), ("code", it["code"])],
        lambda it: [("state", it["state"]), ("code", it["code"]), ("code", "other")],
        lambda it: [("state", ""), ("code", it["code"])],
        lambda it: [("state", it["state"]), ("code", "")],
        lambda it: [("state", it["state"]), ("code", "x" * 3000)],
        lambda it: [("state", it["state"] + "\0"), ("code", it["code"])],
        lambda it: [("state[]", it["state"]), ("code", it["code"])],
        lambda it: [("state", it["state"]), ("error", "x" * 200)],
        lambda it: [("state", it["state"]), ("code", it["code"]), ("iss", "x" * 300)],
    ],
)
async def test_bad_parameters_meet_one_neutral_page(
    server: Server, google: Provider, spoil: Callable[[dict[str, str]], list[tuple[str, str]]]
) -> None:
    browser = Browser()
    answer = await _answer(server, google, browser)
    asked = google.hits["token"]
    async with web(server, headers=_cookies(browser)) as client:
        back = await client.get(f"{CALLBACK}?{urlencode(spoil(answer))}")
    assert _where(back, server) == NEUTRAL
    assert google.hits["token"] == asked
    assert answer["state"] not in server.log_text()


@pytest.mark.parametrize("size", [20_000, 1_000_000])
async def test_a_megabyte_in_the_address_is_not_read(server: Server, size: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    line = f"GET {CALLBACK}?state={'x' * size} HTTP/1.1\r\n"
    with contextlib.suppress(ConnectionError):
        writer.write(f"{line}Host: localhost:{server.port}\r\n\r\n".encode())
        await writer.drain()
    with contextlib.suppress(ConnectionError):
        status = await reader.readline()
        assert status.split()[1] in {b"303", b"400", b"431"}
    writer.close()
    assert "xxxxxxxxxx" not in server.log_text()


async def test_a_megabyte_posted_is_not_read(server: Server) -> None:
    async with web(server) as client:
        answer = await client.post(CALLBACK, data={"state": "x", "code": "x" * 1_000_000})
    assert answer.status_code == 413


@pytest.mark.parametrize("provider", ["apple", "sso-x", "nobody", "%00", "google%20", "x" * 300])
async def test_s61_an_answer_at_another_providers_address(
    server: Server, google: Provider, provider: str
) -> None:
    browser = Browser()
    answer = await _answer(server, google, browser)
    async with web(server, headers=_cookies(browser)) as client:
        for back in (
            await client.get(f"/auth/callback/{provider}", params=answer),
            await client.post(f"/auth/callback/{provider}", data=answer),
        ):
            assert _where(back, server) == NEUTRAL


async def test_s61_an_answer_works_once_also_at_once(server: Server, google: Provider) -> None:
    browser = Browser()
    answer = await _answer(server, google, browser)
    before = _sessions(server)
    async with web(server, headers=_cookies(browser)) as client:
        backs = await asyncio.gather(*(client.get(CALLBACK, params=answer) for _ in range(8)))
    assert sorted(_where(back, server) for back in backs) == [HOME, *[NEUTRAL] * 7]
    assert _sessions(server) == before + 1


async def test_a_posted_answer_waits_for_the_browser(server: Server, google: Provider) -> None:
    """form_post crosses sites without our cookie: the page asks again from our own site."""
    browser = Browser()
    answer = await _answer(server, google, browser)
    before = _sessions(server)
    async with web(server, headers={"Origin": "https://appleid.apple.com"}) as stranger:
        posted = await stranger.post(CALLBACK, data=answer)
        assert posted.status_code == 200
        assert answer["code"] not in posted.text
        assert "set-cookie" not in posted.headers
        again = await stranger.post(CALLBACK, data=answer | {"code": "another"})
        assert _where(again, server) == NEUTRAL
        foreign = await stranger.get(CALLBACK, params={"state": answer["state"]})
        assert _where(foreign, server) == NEUTRAL
    assert _sessions(server) == before
    async with web(server, headers=_cookies(browser)) as client:
        back = await client.get(CALLBACK, params={"state": answer["state"]})
    assert _where(back, server) == HOME


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/%0d%0aLocation: https://evil.example",
    ],
)
async def test_s68_nobody_is_sent_to_another_site_afterwards(
    server: Server, google: Provider, path: str
) -> None:
    browser = Browser()
    way = await _begin(server, browser, f"/sign-in?{urlencode({'next': path})}")
    async with web(server, headers=_cookies(browser)) as client:
        gone = await client.get(way)
        answer = google.authorize(gone.headers["location"], GINA)
        back = await client.get(CALLBACK, params=answer)
    assert urlsplit(back.headers["location"]).netloc == f"localhost:{server.port}"


async def test_s67_no_token_of_the_provider_is_kept(server: Server, google: Provider) -> None:
    browser = Browser()
    answer = await _answer(server, google, browser)
    async with web(server, headers=_cookies(browser)) as client:
        await client.get(CALLBACK, params=answer)
    kept = f"{server.dump()} {server.log_text()}"
    for secret in (google.client_secret, answer["code"], answer["state"], "eyJ"):
        assert secret not in kept
    with server.rows() as rows:
        assert rows.exec(select(Connection.subject)).all() == [GINA]
        assert len(rows.exec(select(Account.id)).all()) == 1
        left = rows.exec(select(ProviderTrip.state_hash)).all()
    assert len(left) == len(set(left))


@pytest.mark.parametrize("provider", ["", "x", None, 7, ["google"], {"a": 1}, "sso-" + "x" * 20])
async def test_a_raw_call_for_what_is_not_offered(server: Server, provider: object) -> None:
    browser = Browser()
    async with RawClient(server, browser=browser, path="/sign-in", source=fresh_address()) as page:
        await page.load()
        await page.send(GO_ON, {"provider": provider})
        await page.fence()
        assert not page.leave_to


async def test_the_addresses_carry_what_the_standard_asks(server: Server, google: Provider) -> None:
    browser = Browser()
    path = await _begin(server, browser)
    async with web(server, headers=_cookies(browser)) as client:
        gone = await client.get(path)
    query = parse_qs(urlsplit(gone.headers["location"]).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["response_type"] == ["code"]
    assert len(query["state"][0]) >= 43
    assert len(query["nonce"][0]) >= 43
    assert query["redirect_uri"] == [f"{server.base_url}{CALLBACK}"]
    assert gone.headers["cache-control"] == "no-store"
    assert gone.headers["referrer-policy"] == "no-referrer"
