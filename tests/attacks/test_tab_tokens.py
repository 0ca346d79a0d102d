"""A client token is a label on a tab, never a credential (P1, S-54, S-59)."""

import asyncio

import pytest
from sqlalchemy import text

from security_app.web.context import session_cookie_name
from tests.attacks.conftest import Victim, make_victim
from tests.attacks.people import HOME, sign_out
from tests.attacks.raw_client import STATE, RawClient, handler
from tests.server import Browser, Server

SESSIONS = "cards.sessions.state.SessionsState"
SHELL = "web.shell_state.ShellState"
SIGN_UP = "web.entry.sign_up.SignUpState"


@pytest.fixture(params=["no cookie", "a cookie of a browser", "a session of their own"])
def thief(request: pytest.FixtureRequest, server: Server) -> Browser | None:
    if request.param == "no cookie":
        return None
    if request.param == "a cookie of a browser":
        return Browser()
    return server.add_session(server.add_account())


async def _left_behind(server: Server, victim: Victim) -> str:
    """The token of a tab that showed everything and is closed now."""
    async with RawClient(server, browser=victim.here, path=HOME) as page:
        await page.load()
        assert page.value(SHELL, "email") == victim.person.email
        assert len(page.value(SESSIONS, "rows")) == 2
        return page.token


async def _taken_over(
    server: Server, token: str, thief: Browser | None, *, path: str = HOME, boot: str = ""
) -> RawClient:
    """A socket under another's token; the server hears of the other's leaving a moment later.

    Args:
        boot: a framework event to send inside the CONNECT packet.
    """
    for _ in range(200):
        client = RawClient(server, browser=thief, token=token, path=path)
        await client.open()
        payload = {"value": True} if boot == "set_is_hydrated" else {}
        await client.join(client.event(f"{STATE}.{boot}", payload) if boot else None)
        if client.token == token:
            return client
        await client.close()
    raise AssertionError("the tab was never free")


async def test_the_token_of_an_open_tab_gives_another_tab(
    server: Server, victim: Victim, thief: Browser | None
) -> None:
    async with RawClient(server, browser=victim.here, path=HOME) as page:
        await page.load()
        async with RawClient(server, browser=thief, token=page.token, path=HOME) as attacker:
            await attacker.load()
            await attacker.call(f"{STATE}.hydrate")
            await page.call(handler(SESSIONS, "load"))
            victim.assert_absent(attacker.text)


async def test_the_token_of_a_closed_tab_shows_nothing(
    server: Server, victim: Victim, thief: Browser | None
) -> None:
    attacker = await _taken_over(server, await _left_behind(server, victim), thief)
    await attacker.call(f"{STATE}.hydrate")
    await attacker.call(handler(SESSIONS, "stop_renaming"))
    await attacker.load()
    victim.assert_absent(attacker.text)
    await attacker.close()


@pytest.mark.parametrize("boot", ["hydrate", "hydrate_and_load", "set_is_hydrated"])
async def test_a_boot_event_under_the_token_of_a_closed_tab_shows_nothing(
    server: Server, victim: Victim, thief: Browser | None, boot: str
) -> None:
    token = await _left_behind(server, victim)
    attacker = await _taken_over(server, token, thief, boot=boot)
    await attacker.fence()
    victim.assert_absent(attacker.text)
    await attacker.close()


async def test_what_still_runs_for_a_closed_tab_is_not_sent_to_the_next_one(
    server: Server, victim: Victim, thief: Browser | None
) -> None:
    """The framework addresses updates by token: whoever has it then would get them."""
    lock = server.engine.connect()
    lock.execute(text("BEGIN IMMEDIATE"))
    try:
        async with RawClient(server, browser=victim.here, path=HOME) as page:
            await page.load()
            form = {"session_id": victim.there.session_id, "name": victim.session_name}
            # Waits for the database, and reads the list afterwards.
            await page.send(handler(SESSIONS, "rename"), {"form": form})
        attacker = await _taken_over(server, page.token, thief, boot="set_is_hydrated")
    finally:
        lock.execute(text("ROLLBACK"))
        lock.close()
    await attacker.fence()
    victim.assert_absent(attacker.text)
    await attacker.close()


async def test_what_was_typed_in_a_tab_without_a_session_is_not_shown_to_another_browser(
    server: Server, thief: Browser | None
) -> None:
    typed = "Typed And Left Behind"
    async with RawClient(server, browser=Browser(), path="/sign-up") as page:
        await page.load()
        form = {"email": "no address", "name": typed, "password": "x"}
        await page.call(handler(SIGN_UP, "submit"), {"form": form})
        assert page.value(SIGN_UP, "name") == typed
    attacker = await _taken_over(server, page.token, thief, path="/sign-up")
    await attacker.call(f"{STATE}.hydrate")
    assert typed not in attacker.text
    await attacker.close()


async def test_a_tab_empties_at_sign_out(server: Server, victim: Victim) -> None:
    """S-59: the tab keeps its token over the sign-out, and none of the data."""
    token = await _left_behind(server, victim)
    await sign_out(server, victim.here)
    later = await _taken_over(server, token, Browser(browser=victim.here.browser), path="/sign-in")
    await later.load()
    await later.call(f"{STATE}.hydrate")
    victim.assert_absent(later.text)
    await later.close()


async def test_the_next_user_of_a_tab_sees_their_own_data_only(
    server: Server, victim: Victim
) -> None:
    """S-59: user 2 signs in in the same tab of the same browser."""
    other = make_victim(server)
    token = await _left_behind(server, victim)
    await sign_out(server, victim.here)
    browser = Browser(other.here.session_id, other.here.session, victim.here.browser)
    later = await _taken_over(server, token, browser)
    await later.load()
    assert later.value(SHELL, "email") == other.person.email
    assert {row["id"] for row in later.value(SESSIONS, "rows")} == {
        other.here.session_id,
        other.there.session_id,
    }
    victim.assert_absent(later.text)
    await later.close()


async def test_two_tabs_of_one_token_in_parallel_stay_apart(server: Server, victim: Victim) -> None:
    """Twenty sockets under one token at once: one has it, the others get their own."""
    token = await _left_behind(server, victim)
    await (await _taken_over(server, token, None)).close()
    browser = Browser(browser=victim.here.browser)
    clients = [RawClient(server, browser=browser, token=token, path=HOME) for _ in range(20)]
    await asyncio.gather(*(client.open() for client in clients))
    await asyncio.gather(*(client.join() for client in clients))
    await asyncio.gather(*(client.load() for client in clients))
    assert len({_tab(client) for client in clients}) == len(clients)
    for client in clients:
        victim.assert_absent(client.text)
    await asyncio.gather(*(client.close() for client in clients))


def _tab(client: RawClient) -> str:
    """Which state tree the server gave a socket, in the framework's own words."""
    sessions = [
        update["delta"].get(STATE, {}).get("rx_router_session_rx_state_", {})
        for update in client.updates
    ]
    return next(session["client_token"] for session in sessions if session)


async def test_no_token_at_all_is_answered_with_nothing(server: Server, victim: Victim) -> None:
    client = RawClient(server, browser=victim.here, token="", path=HOME)
    await client.open()
    await client.join()
    await client.send(f"{STATE}.hydrate")
    await client.emit(kind="ping")
    await client.until(lambda: client.pongs)
    assert client.updates == []
    await client.close()


async def test_the_owner_never_gets_the_cookies_value_either(
    server: Server, victim: Victim
) -> None:
    """S-37: not in a delta, not as the digest the socket carries."""
    async with RawClient(server, browser=victim.here, path=HOME) as page:
        await page.load()
        await page.call(f"{STATE}.hydrate")
        for secret in [*victim.secrets, victim.here.browser]:
            assert secret not in page.text
        assert session_cookie_name() + "=" not in page.text
