"""From the ticket to the cookie: once, in one browser, to a place on this site (S-35 to S-37)."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import pytest
from sqlmodel import col, select

from security_app.accounts.tokens import digest
from security_app.db.tables import Account, Session, Ticket
from tests.attacks.conftest import Victim
from tests.attacks.people import (
    HOME,
    SIGN_IN,
    ask_for_ticket,
    fresh_address,
    redeem,
    session_cookie,
    sign_in,
    sign_out,
    web,
)
from tests.attacks.raw_client import RawClient, handler
from tests.server import Browser, Server

SHELL = "web.shell_state.ShellState"
SAVE = handler("cards.password.state.PasswordState", "save")
DEAD = "/sign-in?notice=ticket_dead"
#: Where nobody is ever sent after signing in (S-68).
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\\/evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "@evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\r\nSet-Cookie: session=planted",
    "/" + "a" * 300,
]


def _live_sessions(server: Server, account_id: str) -> list[Session]:
    with server.rows() as rows:
        statement = select(Session).where(
            Session.account_id == account_id, col(Session.ended_at).is_(None)
        )
        return list(rows.exec(statement).all())


async def test_signing_in_as_a_person_does(server: Server, victim: Victim) -> None:
    browser = await sign_in(server, victim.person)
    async with RawClient(server, browser=browser, path=HOME) as page:
        await page.load()
        assert page.value(SHELL, "email") == victim.person.email
        assert browser.session not in page.text
        assert browser.browser not in page.text


async def test_the_cookie_says_all_it_should(server: Server, victim: Victim) -> None:
    """S-37: script cannot read it, other sites cannot send it, no subdomain is meant."""
    browser = Browser()
    response = await redeem(server, await ask_for_ticket(server, victim.person, browser), browser)
    (cookie,) = response.headers.get_list("set-cookie")
    secret = session_cookie(response)
    assert secret
    parts = {part.strip().partition("=")[0].lower() for part in cookie.split(";")[1:]}
    assert parts == {"path", "max-age", "httponly", "samesite"}
    assert "SameSite=Lax" in cookie
    assert "Path=/;" in cookie
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", secret)
    assert secret not in response.headers["location"]
    assert response.headers["cache-control"] == "no-store"


async def test_the_browser_cookie_is_out_of_scripts_reach(server: Server) -> None:
    async with RawClient(server) as page:
        assert "HttpOnly" in page.cookie_set
        assert "SameSite=Lax" in page.cookie_set


async def test_a_planted_session_cookie_is_never_adopted(server: Server, victim: Victim) -> None:
    """S-36: session fixation."""
    planted = Browser(session="planted-" + "x" * 35)
    response = await redeem(server, await ask_for_ticket(server, victim.person, planted), planted)
    secret = session_cookie(response)
    assert secret
    assert secret != planted.session
    with server.rows() as rows:
        hashes = set(rows.exec(select(Session.secret_hash)).all())
    assert digest(planted.session) not in hashes
    async with RawClient(server, browser=planted, path=HOME) as attacker:
        await attacker.load()
        assert attacker.leave_to
        victim.assert_absent(attacker.text)


async def test_a_former_session_dies_when_another_takes_its_place(
    server: Server, victim: Victim
) -> None:
    """S-36: signing in anew over a live cookie, also mallory's own, ends the former."""
    mallory = server.add_account()
    mallorys = server.add_session(mallory)
    fixed = Browser(session=mallorys.session)
    response = await redeem(server, await ask_for_ticket(server, victim.person, fixed), fixed)
    assert session_cookie(response) not in {None, "", mallorys.session}
    assert server.session_row(mallorys.session_id).ended_at is not None


async def test_a_new_password_brings_a_new_cookie(server: Server, victim: Victim) -> None:
    """S-05, S-36: the old value is dead before the new one is handed over."""
    async with RawClient(server, browser=victim.here, path=HOME) as page:
        await page.load()
        form = {
            "current_password": victim.person.password,
            "new_password": "eleven-grey-plovers-8",
            "repeat_password": "eleven-grey-plovers-8",
        }
        await page.send(SAVE, {"form": form})
        await page.until(lambda: page.ticket)
        ticket = page.ticket
    async with RawClient(server, browser=victim.here, path=HOME) as old:
        await old.load()
        assert old.leave_to
        victim.assert_absent(old.text)
    foreign = await redeem(server, ticket, Browser())
    assert session_cookie(foreign) is None
    response = await redeem(server, ticket, victim.here)
    secret = session_cookie(response)
    assert secret not in {None, "", victim.here.session}
    assert server.session_row(victim.there.session_id).ended_at is not None
    assert server.session_row(victim.here.session_id).ended_at is None
    assert server.session_row(victim.here.session_id).secret_hash == digest(secret or "")


async def test_a_page_keeps_the_ticket_for_its_new_cookie(server: Server, victim: Victim) -> None:
    """S-05: a page that shows two updates as one must still see the ticket, and stay signed in."""
    new = "eleven-grey-plovers-9"
    async with RawClient(server, browser=victim.here, path=HOME) as page:
        await page.load()
        form = {
            "current_password": victim.person.password,
            "new_password": new,
            "repeat_password": new,
        }
        await page.send(SAVE, {"form": form})
        await page.until(lambda: page.ticket)
        # What the dialog's meter sends a moment late, under the cookie that is dead by now.
        await page.send(
            handler("cards.password.state.PasswordState", "assess"), {"value": new, "opening": ""}
        )
        await page.fence()
        assert page.value("web.door.DoorState", "ticket") == page.ticket


async def test_a_ticket_works_once(server: Server, victim: Victim) -> None:
    browser = Browser()
    ticket = await ask_for_ticket(server, victim.person, browser)
    first = await redeem(server, ticket, browser)
    second = await redeem(server, ticket, browser)
    assert session_cookie(first)
    assert session_cookie(second) is None
    assert second.headers["location"].endswith(DEAD)
    assert len(_live_sessions(server, victim.person.id)) == 3


async def test_a_ticket_works_once_of_twenty_in_parallel(server: Server, victim: Victim) -> None:
    browser = Browser()
    ticket = await ask_for_ticket(server, victim.person, browser)
    answers = await asyncio.gather(*(redeem(server, ticket, browser) for _ in range(20)))
    assert [bool(session_cookie(answer)) for answer in answers].count(True) == 1
    assert {answer.status_code for answer in answers} == {303}
    assert len(_live_sessions(server, victim.person.id)) == 3


async def test_a_ticket_is_worth_nothing_in_another_browser(server: Server, victim: Victim) -> None:
    ticket = await ask_for_ticket(server, victim.person, Browser())
    for thief in (Browser(), victim.here, Browser(browser="")):
        response = await redeem(server, ticket, thief)
        assert session_cookie(response) is None
        assert response.headers["location"].endswith(DEAD)
    assert server.session_row(victim.here.session_id).ended_at is None


async def test_a_ticket_dies_after_its_time(server: Server, victim: Victim) -> None:
    browser = Browser()
    ticket = await ask_for_ticket(server, victim.person, browser)
    server.change(Ticket, digest(ticket), expires_at=datetime.now(UTC) - timedelta(milliseconds=1))
    assert session_cookie(await redeem(server, ticket, browser)) is None


async def test_a_ticket_dies_with_the_account(server: Server, victim: Victim) -> None:
    browser = Browser()
    ticket = await ask_for_ticket(server, victim.person, browser)
    server.change(Account, victim.person.id, disabled_at=datetime.now(UTC))
    assert session_cookie(await redeem(server, ticket, browser)) is None


@pytest.mark.parametrize(
    "ticket", ["", "x", "\x00", "%00", "ü" * 50, "'; DROP TABLE ticket; --", "x" * 60_000]
)
async def test_what_is_no_ticket_is_refused_calmly(server: Server, ticket: str) -> None:
    response = await redeem(server, ticket, Browser())
    assert response.status_code == 303
    assert response.headers["location"] == f"{server.base_url}{DEAD}"


async def test_a_ticket_is_not_read_from_the_address_or_json(
    server: Server, victim: Victim
) -> None:
    browser = Browser()
    ticket = await ask_for_ticket(server, victim.person, browser)
    async with web(server, headers={"Origin": server.base_url, "Cookie": browser.header}) as client:
        answers = [
            await client.post(f"/auth/session?ticket={ticket}"),
            await client.post("/auth/session", json={"ticket": ticket}),
            await client.post("/auth/session", files={"ticket": ("f", ticket)}),
            await client.get(f"/auth/session?ticket={ticket}"),
        ]
    assert [session_cookie(answer) for answer in answers] == [None] * 4
    assert answers[-1].status_code == 405


@pytest.mark.parametrize("target", ELSEWHERE, ids=lambda value: repr(value)[:30])
async def test_nobody_is_sent_elsewhere_after_signing_in(
    server: Server, victim: Victim, target: str
) -> None:
    """S-68: the ticket's way, the way of somebody signed in already, and of a refused page."""
    async with RawClient(
        server, browser=victim.here, path=f"/sign-in?next={quote(target)}"
    ) as page:
        await page.load()
        (leading,) = [event for update in page.updates for event in update.get("events", ())]
        assert leading["payload"]["path"] == HOME


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
async def test_a_ticket_leads_to_this_site_only(
    server: Server, victim: Victim, target: str
) -> None:
    browser = Browser()
    path = f"/sign-in?next={quote(target)}"
    ticket = await ask_for_ticket(server, victim.person, browser, path=path)
    response = await redeem(server, ticket, browser)
    assert response.headers["location"] == f"{server.base_url}{HOME}"


async def test_a_forged_host_leads_nobody_away(server: Server, victim: Victim) -> None:
    """S-08, S-68: addresses come from the configuration, never from the request."""
    browser = Browser()
    ticket = await ask_for_ticket(server, victim.person, browser)
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    response = await redeem(server, ticket, browser, headers=headers)
    assert urlsplit(response.headers["location"]).netloc == urlsplit(server.base_url).netloc


async def test_a_refused_page_comes_back_to_this_site_only(server: Server) -> None:
    async with RawClient(server, path="//evil.example/settings") as page:
        await page.call(handler("cards.sessions.state.SessionsState", "load"))
        assert "evil" not in page.leave_to
        assert page.leave_to.startswith("/sign-in")


async def test_signing_out_forgets_the_cookie_and_the_session(
    server: Server, victim: Victim
) -> None:
    response = await sign_out(server, victim.here)
    assert session_cookie(response) == ""
    assert response.headers["location"] == f"{server.base_url}/sign-in?notice=signed_out"
    assert server.session_row(victim.here.session_id).ended_at is not None
    assert server.session_row(victim.there.session_id).ended_at is None


async def test_six_sign_ins_at_once_give_each_its_own_session(
    server: Server, victim: Victim
) -> None:
    """No ticket or session is ever shared by a race."""
    browsers = [Browser() for _ in range(6)]
    tickets = await asyncio.gather(
        *(ask_for_ticket(server, victim.person, browser) for browser in browsers)
    )
    answers = await asyncio.gather(
        *(redeem(server, *pair) for pair in zip(tickets, browsers, strict=True))
    )
    assert len(set(tickets)) == len(browsers)
    assert len({session_cookie(answer) for answer in answers} - {None, ""}) == len(browsers)


async def test_a_ticket_never_comes_with_a_wrong_password(server: Server, victim: Victim) -> None:
    async with RawClient(server, source=fresh_address()) as page:
        await page.load()
        await page.call(SIGN_IN, {"form": {"email": victim.person.email, "password": "wrong 1"}})
        assert page.ticket == ""
