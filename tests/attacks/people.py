"""What people and attackers do around the socket: plain HTTP, and signing in as a page does."""

import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping
from http.cookies import SimpleCookie

import httpx
from sqlmodel import select

from security_app.accounts.tokens import digest
from security_app.db.tables import Session
from tests.attacks.raw_client import RawClient, handler
from tests.server import Browser, Person, Server

HOME = "/settings/personal/security"
SIGN_IN = handler("web.entry.sign_in.SignInState", "submit")

_addresses = itertools.count(1)


def fresh_address() -> str:
    """A loopback address nobody came from yet: another network to the throttles."""
    number = next(_addresses)
    return f"127.77.{number // 250}.{number % 250 + 1}"


@contextlib.asynccontextmanager
async def web(
    server: Server, *, source: str = "127.0.0.1", headers: Mapping[str, str] | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A plain HTTP client that follows no redirect and keeps no cookie of its own."""
    transport = httpx.AsyncHTTPTransport(local_address=source)
    async with httpx.AsyncClient(
        transport=transport,
        base_url=f"http://127.0.0.1:{server.port}",
        headers={"Host": f"localhost:{server.port}", **(headers or {})},
        timeout=20,
    ) as client:
        yield client


async def ask_for_ticket(
    server: Server, person: Person, browser: Browser, *, path: str = "/sign-in"
) -> str:
    """Sign in on a page up to the ticket, which is not redeemed."""
    async with RawClient(server, browser=browser, path=path, source=fresh_address()) as page:
        await page.load()
        await page.send(SIGN_IN, {"form": {"email": person.email, "password": person.password}})
        await page.until(lambda: page.ticket)
        return page.ticket


async def redeem(
    server: Server,
    ticket: str,
    browser: Browser,
    *,
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    """Post a ticket as the page's form does."""
    own = {"Origin": server.base_url, "Cookie": browser.header}
    async with web(server, headers=own | dict(headers or {})) as client:
        return await client.post("/auth/session", data={"ticket": ticket})


async def sign_out(server: Server, browser: Browser) -> httpx.Response:
    """Post the sign-out form."""
    own = {"Origin": server.base_url, "Cookie": browser.header}
    async with web(server, headers=own) as client:
        return await client.post("/auth/sign-out")


def session_cookie(response: httpx.Response) -> str | None:
    """The session cookie an answer sets; None when it sets none, "" when it takes it away."""
    for header in response.headers.get_list("set-cookie"):
        jar = SimpleCookie(header)
        if "session" in jar:
            return jar["session"].value
    return None


async def sign_in(server: Server, person: Person, browser: Browser | None = None) -> Browser:
    """Sign in as a person does: page, ticket, form post, cookie."""
    browser = browser or Browser()
    response = await redeem(server, await ask_for_ticket(server, person, browser), browser)
    secret = session_cookie(response)
    assert secret, response.text
    with server.rows() as rows:
        row = rows.exec(select(Session).where(Session.secret_hash == digest(secret))).one()
        return Browser(row.id, secret, browser.browser)
