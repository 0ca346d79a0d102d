"""Nobody calls what needs a session: every handler, by its name, over a raw socket (S-54)."""

import importlib
import inspect

import pytest
from reflex_base.registry import RegistrationContext

from security_app.web import surface
from security_app.web.guard import Access
from tests.attacks.conftest import Victim
from tests.attacks.people import HOME, SIGN_IN
from tests.attacks.raw_client import STATE, RawClient
from tests.server import Browser, Server

importlib.import_module("security_app.security_app")

EVERY = surface.handlers()
CLOSED = [each for each in EVERY if each.access is Access.SIGNED_IN]
REFUSED = [each for each in EVERY if each.access is Access.NOBODY]


def _arguments(each: surface.Handler, victim: Victim) -> dict[str, object]:
    """Arguments the handler takes, as good as an attacker can make them."""
    registered = RegistrationContext.get().event_handlers[each.wire_name]
    if each.name == "setvar":
        return {"var_name": "email", "value": "mallory@example.com"}
    if each.name == "update_vars_internal":
        return {"vars": {f"{STATE}.is_hydrated": True}}
    if each.name == "handle_frontend_exception":
        return {"info": "boom", "component_stack": "boom"}
    form = surface.form_of(registered)
    known = {"session_id": victim.there.session_id, "email": victim.person.email}
    filled = (
        {name: known.get(name, victim.person.password) for name in form.model_fields}
        if form
        else {}
    )
    values = {str: victim.there.session_id, bool: True, dict: filled}
    parameters = list(inspect.signature(registered.handler.fn).parameters.values())[1:]
    return {each.name: values.get(each.annotation, filled) for each in parameters}


@pytest.fixture(params=CLOSED, ids=lambda each: f"{each.state}.{each.name}")
def closed(request: pytest.FixtureRequest) -> surface.Handler:
    return request.param


async def test_an_anonymous_call_is_sent_away(
    server: Server, victim: Victim, closed: surface.Handler
) -> None:
    before = server.dump()
    async with RawClient(server, path=HOME) as attacker:
        updates = await attacker.call(closed.wire_name, _arguments(closed, victim))
        assert attacker.leave_to.startswith("/sign-in")
        assert updates
        victim.assert_absent(attacker.text)
    assert server.dump() == before


async def test_an_anonymous_call_inside_the_connect_packet_is_sent_away(
    server: Server, victim: Victim, closed: surface.Handler
) -> None:
    """P3: the first event may ride in the CONNECT packet."""
    before = server.dump()
    attacker = RawClient(server, path=HOME)
    await attacker.open()
    await attacker.join(attacker.event(closed.wire_name, _arguments(closed, victim)))
    await attacker.until(lambda: attacker.leave_to)
    await attacker.fence()
    await attacker.close()
    assert attacker.leave_to.startswith("/sign-in")
    victim.assert_absent(attacker.text)
    assert server.dump() == before


@pytest.mark.parametrize("refused", REFUSED, ids=lambda each: f"{each.state}.{each.name}")
async def test_what_is_nobodys_is_refused_to_the_owner_too(
    server: Server, victim: Victim, refused: surface.Handler
) -> None:
    """S-57: no setter, no storage update, no error report, not even with a session."""
    before = server.dump()
    arguments = _arguments(refused, victim)
    async with RawClient(server, browser=victim.here, path=HOME) as page:
        # The first event of a tab brings the whole state; only then can nothing come.
        await page.load()
        assert await page.call(refused.wire_name, arguments) == []
    async with RawClient(server, path=HOME) as attacker:
        await attacker.load("/sign-in")
        assert await attacker.call(refused.wire_name, arguments) == []
        victim.assert_absent(attacker.text)
    assert server.dump() == before


async def test_a_tab_without_a_session_is_sent_the_defaults_only(
    server: Server, victim: Victim
) -> None:
    async with RawClient(server, path=HOME) as attacker:
        await attacker.load()
        assert attacker.leave_to == f"/sign-in?next={HOME}"
        await attacker.call(f"{STATE}.hydrate")
        victim.assert_absent(attacker.text)
        for update in attacker.updates:
            for name, values in update["delta"].items():
                if "___cards___" in name:
                    assert not values.get("is_loaded_rx_state_"), name
                    assert not values.get("rows_rx_state_"), name


async def test_a_pending_ticket_opens_nothing(server: Server, victim: Victim) -> None:
    """S-41: between password and cookie there is no session."""
    browser = Browser()
    async with RawClient(server, browser=browser) as page:
        form = {"email": victim.person.email, "password": victim.person.password}
        await page.send(SIGN_IN, {"form": form})
        await page.until(lambda: page.ticket)
        ticket = page.ticket
        before = server.dump()
        as_session = Browser(session=ticket, browser=browser.browser)
        bearer = {"Authorization": f"Bearer {ticket}"}
        for cookie, headers in ((browser, bearer), (as_session, {})):
            async with RawClient(server, browser=cookie, headers=headers, path=HOME) as other:
                for each in CLOSED:
                    await other.call(each.wire_name, _arguments(each, victim))
                    assert other.leave_to
                victim.assert_absent(other.text)
        seen = len(page.frames)
        for each in CLOSED:
            await page.call(each.wire_name, _arguments(each, victim))
        victim.assert_absent("\n".join(page.frames[seen:]))
    assert server.dump() == before


async def test_the_digest_from_the_database_is_no_cookie(server: Server, victim: Victim) -> None:
    """S-35: who has read the database cannot sign in with what stands there."""
    stored = server.session_row(victim.here.session_id)
    for value in (stored.secret_hash, stored.id):
        forged = Browser(session=value, browser=victim.here.browser)
        async with RawClient(server, browser=forged, path=HOME) as attacker:
            await attacker.load()
            assert attacker.leave_to
            assert not attacker.value("cards.sessions.state.SessionsState", "is_loaded")


async def test_an_api_session_has_no_place_on_the_socket(server: Server, victim: Victim) -> None:
    token = server.add_session(victim.person, kind="api", opened_by="api")
    async with RawClient(server, browser=token, path=HOME) as attacker:
        await attacker.load()
        assert attacker.leave_to
        victim.assert_absent(attacker.text)
