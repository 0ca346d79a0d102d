"""Whose page is asking: foreign origins at socket and HTTP, and forged forms (S-53, S-60)."""

import httpx
import pytest
import websockets
from sqlmodel import select

from security_app.db.tables import Session
from tests.attacks.conftest import Victim
from tests.attacks.people import HOME, ask_for_ticket, redeem, session_cookie, web
from tests.attacks.raw_client import RawClient
from tests.server import Browser, Server

FOREIGN = [
    "https://evil.example",
    "http://localhost",
    "http://localhost:{other}",
    "https://localhost:{port}",
    "http://localhost:{port}.evil.example",
    "http://localhost.evil.example:{port}",
    "http://evil-localhost:{port}",
    "http://localhost:{port}@evil.example",
    "http://127.0.0.1:{port}",
    "http://LOCALHOST:{port}/",
    "file://",
    "chrome-extension://abcdefghijklmnop",
    "null",
]
FORM_TYPES = [
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
    "application/json",
]


@pytest.fixture(params=FOREIGN)
def foreign(request: pytest.FixtureRequest, server: Server) -> str:
    return request.param.format(port=server.port, other=server.port + 1)


async def test_the_socket_refuses_a_foreign_origin(
    server: Server, victim: Victim, foreign: str
) -> None:
    attacker = RawClient(server, browser=victim.here, origin=foreign, path=HOME)
    with pytest.raises(websockets.InvalidStatus) as refused:
        await attacker.open()
    assert refused.value.response.status_code in {400, 403}
    assert foreign not in refused.value.response.headers.get("Access-Control-Allow-Origin", "")


async def test_the_socket_takes_its_own_origin(server: Server, victim: Victim) -> None:
    async with RawClient(server, browser=victim.here, path=HOME) as page:
        await page.load()


@pytest.mark.parametrize("path", ["/", "/sign-in", HOME, "/api/v1/me", "/api/openapi.json"])
async def test_no_answer_lets_a_foreign_page_read_it(
    server: Server, victim: Victim, foreign: str, path: str
) -> None:
    """P2: an echoed Origin with credentials would open everything."""
    async with web(server, headers={"Origin": foreign, "Cookie": victim.here.header}) as client:
        asked = {"Access-Control-Request-Method": "GET"}
        for response in (await client.get(path), await client.options(path, headers=asked)):
            assert response.headers.get("Access-Control-Allow-Origin") in {None, server.base_url}
            assert response.headers.get("Access-Control-Allow-Origin") != "*"


async def test_polling_is_no_way_in(server: Server, victim: Victim) -> None:
    """The socket's other transport would not pass the cookie wrapper."""
    headers = {"Cookie": victim.here.header, "Origin": server.base_url}
    async with web(server, headers=headers) as client:
        for method in ("GET", "POST"):
            response = await client.request(method, "/_event/?EIO=4&transport=polling&token=t")
            assert response.status_code >= 400
            assert '"sid"' not in response.text


@pytest.mark.parametrize("path", ["/auth/session", "/auth/sign-out"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
        {"Sec-Fetch-Site": "same-origin, cross-site"},
        {"Referer": "{own}/sign-in"},
    ],
    ids=str,
)
async def test_a_form_that_names_no_own_origin_is_refused(
    server: Server, victim: Victim, path: str, headers: dict[str, str]
) -> None:
    before = server.dump()
    headers = {name: value.format(own=server.base_url) for name, value in headers.items()}
    async with web(server, headers=headers | {"Cookie": victim.here.header}) as client:
        response = await client.post(path, data={"ticket": "x"})
    assert response.status_code == 403
    assert "set-cookie" not in response.headers
    assert server.dump() == before


@pytest.mark.parametrize("kind", FORM_TYPES)
async def test_sign_out_cannot_be_forged(
    server: Server, victim: Victim, foreign: str, kind: str
) -> None:
    before = server.dump()
    headers = {"Origin": foreign, "Cookie": victim.here.header, "Content-Type": kind}
    async with web(server, headers=headers) as client:
        response = await client.post("/auth/sign-out", content=b"")
    assert response.status_code == 403
    assert session_cookie(response) is None
    assert server.dump() == before


@pytest.mark.parametrize("kind", FORM_TYPES)
async def test_sign_in_cannot_be_forged(server: Server, victim: Victim, kind: str) -> None:
    """Login CSRF: mallory's ticket, posted by the victim's browser from mallory's page."""
    mallory = server.add_account()
    mallorys = Browser()
    ticket = await ask_for_ticket(server, mallory, mallorys)
    headers = {
        "Origin": "https://evil.example",
        "Sec-Fetch-Site": "cross-site",
        "Cookie": victim.here.header,
        "Content-Type": kind,
    }
    async with web(server, headers=headers) as client:
        response = await client.post("/auth/session", content=f"ticket={ticket}".encode())
    assert response.status_code == 403
    assert session_cookie(response) is None
    # And where an origin could be forged, the ticket is another browser's.
    forged = await redeem(server, ticket, victim.here)
    assert forged.headers["location"].endswith("/sign-in?notice=ticket_dead")
    assert session_cookie(forged) is None
    assert server.session_row(victim.here.session_id).ended_at is None
    with server.rows() as rows:
        opened = rows.exec(select(Session).where(Session.account_id == mallory.id)).all()
    assert opened == []


async def test_the_api_reads_no_cookie(server: Server, victim: Victim) -> None:
    """The API needs no CSRF token because a browser cannot speak to it by itself."""
    before = server.dump()
    headers = {"Cookie": victim.here.header, "Origin": server.base_url}
    async with web(server, headers=headers) as client:
        answers: list[httpx.Response] = [
            await client.get("/api/v1/me"),
            await client.get("/api/v1/sessions"),
            await client.get("/api/v1/login-history"),
            await client.post("/api/v1/auth/sign-out", json={}),
            await client.post("/api/v1/sessions/sign-out-others", json={}),
            await client.delete(f"/api/v1/sessions/{victim.there.session_id}"),
        ]
    assert {answer.status_code for answer in answers} == {401}
    assert server.dump() == before


@pytest.mark.parametrize("kind", [kind for kind in FORM_TYPES if "json" not in kind])
async def test_the_api_takes_json_only(server: Server, victim: Victim, kind: str) -> None:
    before = server.dump()
    body = f'{{"email":"{victim.person.email}","password":"{victim.person.password}"}}'
    async with web(server, headers={"Content-Type": kind}) as client:
        response = await client.post("/api/v1/auth/sign-in", content=body.encode())
    assert response.status_code in {400, 415, 422}
    assert server.dump() == before
