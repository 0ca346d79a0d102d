"""A session that ends, ends everywhere: open pages leave, later events are refused (S-38, S-39)."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from security_app.db.tables import Account, Session
from security_app.limits import ACTIVITY_RESOLUTION
from security_app.settings import get_settings
from tests.attacks.conftest import Victim
from tests.attacks.people import HOME, sign_out, web
from tests.attacks.raw_client import STATE, RawClient, handler
from tests.server import Browser, Server

SESSIONS = "cards.sessions.state.SessionsState"
SHELL = "web.shell_state.ShellState"
SIGN_OUT_ONE = handler(SESSIONS, "sign_out")
SIGN_OUT_OTHERS = handler(SESSIONS, "sign_out_others")
RENAME = handler(SESSIONS, "rename")


def _open(server: Server, browser: Browser) -> RawClient:
    return RawClient(server, browser=browser, path=HOME)


async def _assert_refused(page: RawClient, victim: Victim) -> None:
    """The next event does nothing, brings nothing, and sends the page away."""
    seen = len(page.frames)
    before = victim.server.dump()
    form = {"session_id": victim.there.session_id, "name": "after the end"}
    await page.call(RENAME, {"form": form})
    assert page.leave_to.startswith("/sign-in")
    await page.call(handler(SESSIONS, "load"))
    assert page.leave_to.startswith("/sign-in")
    await page.call(f"{STATE}.hydrate")
    victim.assert_absent("\n".join(page.frames[seen:]))
    assert victim.server.dump() == before


async def test_a_revoked_page_empties_and_leaves_without_sending_anything(
    server: Server, victim: Victim
) -> None:
    async with _open(server, victim.there) as page, _open(server, victim.here) as other:
        await page.load()
        await other.load()
        seen = len(page.frames)
        await other.send(SIGN_OUT_ONE, {"session_id": victim.there.session_id})
        await page.until(lambda: page.leave_to)
        assert page.leave_to == f"/sign-in?next={HOME}"
        assert page.value(SESSIONS, "rows") == []
        assert page.value(SHELL, "email") == ""
        victim.assert_absent("\n".join(page.frames[seen:]))
        await other.fence()
        await _assert_refused(page, victim)
        assert len(other.value(SESSIONS, "rows")) == 1


async def test_signing_out_others_empties_every_other_page(server: Server, victim: Victim) -> None:
    others = [server.add_session(victim.person) for _ in range(8)]
    pages = [_open(server, browser) for browser in others]
    for page in pages:
        await page.open()
        await page.join()
    await asyncio.gather(*(page.load() for page in pages))
    async with _open(server, victim.here) as here:
        await here.load()
        await here.send(SIGN_OUT_OTHERS)
        await asyncio.gather(*(page.until(lambda page=page: page.leave_to) for page in pages))
        await here.fence()
        assert here.leave_to == ""
    await asyncio.gather(*(_assert_refused(page, victim) for page in pages))


async def test_the_sign_out_form_ends_every_page_of_the_browser(
    server: Server, victim: Victim
) -> None:
    async with _open(server, victim.here) as first, _open(server, victim.here) as second:
        await first.load()
        await second.load()
        response = await sign_out(server, victim.here)
        assert response.status_code == 303
        await first.until(lambda: first.leave_to)
        await second.until(lambda: second.leave_to)
        await _assert_refused(first, victim)


async def test_signing_out_through_the_api_ends_an_open_page(
    server: Server, victim: Victim
) -> None:
    """S-39: whichever door the end comes through."""
    token = server.add_session(victim.person, kind="api", opened_by="api").session
    async with _open(server, victim.there) as page:
        await page.load()
        async with web(server, headers={"Authorization": f"Bearer {token}"}) as client:
            path = f"/api/v1/sessions/{victim.there.session_id}"
            assert (await client.delete(path)).status_code == 204
        await page.until(lambda: page.leave_to)
        await _assert_refused(page, victim)


async def test_a_revoked_page_that_never_followed_is_refused_at_its_next_event(
    server: Server, victim: Victim
) -> None:
    async with _open(server, victim.here) as page:
        await page.call(handler(SESSIONS, "load"))
        server.change(Session, victim.here.session_id, ended_at=datetime.now(UTC))
        await _assert_refused(page, victim)


async def test_a_disabled_account_is_refused_at_its_next_event(
    server: Server, victim: Victim
) -> None:
    async with _open(server, victim.here) as page:
        await page.load()
        server.change(Account, victim.person.id, disabled_at=datetime.now(UTC))
        await _assert_refused(page, victim)
        async with _open(server, victim.there) as other:
            await other.load()
            assert other.leave_to
            victim.assert_absent(other.text)


@pytest.mark.parametrize(
    "moved",
    [
        pytest.param(lambda at: {"expires_at": at - timedelta(minutes=1)}, id="absolute"),
        pytest.param(
            lambda at: {"last_active_at": at - get_settings().session_idle - timedelta(minutes=1)},
            id="idle",
        ),
    ],
)
async def test_a_minute_past_its_life_an_open_page_is_refused(
    server: Server, victim: Victim, moved: Callable[[datetime], dict[str, datetime]]
) -> None:
    """S-38: the limits are kept on the server; an open socket counts for nothing."""
    async with _open(server, victim.here) as page:
        await page.load()
        server.change(Session, victim.here.session_id, **moved(datetime.now(UTC)))
        await _assert_refused(page, victim)


@pytest.mark.parametrize("limit", ["absolute", "idle"])
async def test_a_page_leaves_by_itself_when_its_time_is_up(
    server: Server, victim: Victim, limit: str
) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=2)
    if limit == "absolute":
        server.change(Session, victim.here.session_id, expires_at=soon)
    else:
        server.change(
            Session, victim.here.session_id, last_active_at=soon - get_settings().session_idle
        )
    async with _open(server, victim.here) as page:
        # As a reconnect does, which is no activity: hashes come with a fresh page only.
        await page.send(f"{STATE}.hydrate_and_load", {"vars": {}})
        await page.until(lambda: page.value(SHELL, "email") == victim.person.email)
        await page.until(lambda: page.leave_to)
        assert page.value(SESSIONS, "rows") == []
        await _assert_refused(page, victim)


async def test_heartbeats_reconnects_and_refreshes_are_no_activity(
    server: Server, victim: Victim
) -> None:
    """S-38: what a page does by itself never lengthens a session."""
    was = datetime.now(UTC) - ACTIVITY_RESOLUTION - timedelta(minutes=5)
    for browser in (victim.here, victim.there):
        server.change(Session, browser.session_id, last_active_at=was)
    async with _open(server, victim.here) as page:
        await page.send(f"{STATE}.hydrate_and_load", {"vars": {}})
        await page.until(lambda: page.value(SESSIONS, "rows"))
        await page.emit(kind="ping")
        await page.until(lambda: page.pongs)
        async with _open(server, victim.there) as other:
            await other.load()
            form = {"session_id": victim.here.session_id, "name": "renamed elsewhere"}
            await other.send(RENAME, {"form": form})
            await page.until(lambda: "renamed elsewhere" in page.text)
        assert server.session_row(victim.here.session_id).last_active_at == was
        assert server.session_row(victim.there.session_id).last_active_at > was
        await page.call(handler(SESSIONS, "show_more"))
        assert server.session_row(victim.here.session_id).last_active_at > was


async def test_steady_use_does_not_move_the_absolute_limit(server: Server, victim: Victim) -> None:
    before = server.session_row(victim.here.session_id).expires_at
    was = datetime.now(UTC) - timedelta(minutes=10)
    server.change(Session, victim.here.session_id, last_active_at=was)
    async with _open(server, victim.here) as page:
        await page.load()
        await page.call(handler(SESSIONS, "show_more"))
    assert server.session_row(victim.here.session_id).last_active_at > was
    assert server.session_row(victim.here.session_id).expires_at == before


async def test_an_ended_session_is_dead_at_every_door(server: Server, victim: Victim) -> None:
    server.change(Session, victim.here.session_id, ended_at=datetime.now(UTC))
    before = server.dump()
    async with web(server, headers={"Authorization": f"Bearer {victim.here.session}"}) as client:
        assert (await client.get("/api/v1/me")).status_code == 401
    await sign_out(server, victim.here)
    async with _open(server, victim.here) as page:
        await page.load()
        assert page.leave_to
    assert server.dump() == before
