"""Requiring 2FA of an organization over raw sockets: no dialog, twice, the wrong people.

S-39, S-54, S-55, S-87, S-89.
"""

import asyncio

import pytest

from security_app.clock import now
from security_app.db.tables import EmailMethod, Membership, Organization
from tests.attacks.people import fresh_address
from tests.attacks.raw_client import RawClient, handler
from tests.server import Browser, Person, Server

ORGANIZATION = "cards.organization.state.OrganizationState"
OPEN = handler(ORGANIZATION, "open_dialog")
CHANGE = handler(ORGANIZATION, "change_requirement")
REQUIRE = {"dialog": "require_2fa"}


@pytest.fixture
def boss(server: Server) -> Person:
    """An owner with a second factor."""
    person = server.add_account()
    with server.rows() as rows:
        rows.add(EmailMethod(account_id=person.id, enabled_at=now()))
        rows.commit()
    return person


@pytest.fixture
def house_id(server: Server, boss: Person) -> str:
    return server.add_organization(boss)


@pytest.fixture
def lax(server: Server, house_id: str) -> Person:
    """A member without one."""
    person = server.add_account()
    server.add_member(house_id, person, "member")
    return person


def _open(server: Server, browser: Browser) -> RawClient:
    return RawClient(server, browser=browser, path="/workspace", source=fresh_address())


def _is_required(server: Server, house_id: str) -> bool:
    with server.rows() as rows:
        return rows.get_one(Organization, house_id).requires_2fa


async def test_s55_without_its_dialog_nothing_is_required(
    server: Server, boss: Person, house_id: str
) -> None:
    async with _open(server, server.add_session(boss)) as page:
        await page.load()
        for dialog in ("", "rename", "REQUIRE_2FA", "require_2fa "):
            await page.call(OPEN, {"dialog": dialog})
            await page.call(CHANGE, {"form": {"is_required": True, "dialog": "require_2fa"}})
            assert not _is_required(server, house_id)
        await page.call(OPEN, REQUIRE)
        await page.call(handler(ORGANIZATION, "toggle"), {"is_open": False})
        await page.call(CHANGE, {"form": {}})
    assert not _is_required(server, house_id)


async def test_s87_confirmed_twice_at_once_everybody_is_mailed_once(
    server: Server, boss: Person, house_id: str, lax: Person
) -> None:
    first, second = server.add_session(boss), server.add_session(boss)
    async with _open(server, first) as here, _open(server, second) as there:
        for page in (here, there):
            await page.load()
            await page.call(OPEN, REQUIRE)
            assert lax.email in repr(page.value(ORGANIZATION, "touched"))
        await asyncio.gather(*(page.call(CHANGE, {"form": {}}) for page in (here, there, here)))
    assert _is_required(server, house_id)
    server.settle()
    assert len(server.mails_to(lax.email)) == 1


async def test_s54_nobody_else_opens_the_dialog_or_learns_whom_it_touches(
    server: Server, house_id: str, lax: Person
) -> None:
    stranger = server.add_account()
    server.add_organization(stranger)
    for person in (lax, stranger):
        async with _open(server, server.add_session(person)) as page:
            await page.load()
            await page.call(OPEN, REQUIRE)
            assert page.value(ORGANIZATION, "dialog") == ""
            assert page.value(ORGANIZATION, "touched") == []
            await page.call(CHANGE, {"form": {}})
    assert not _is_required(server, house_id)


async def test_s39_who_loses_the_role_while_the_dialog_is_open_changes_nothing(
    server: Server, boss: Person, house_id: str, lax: Person
) -> None:
    async with _open(server, server.add_session(boss)) as page:
        await page.load()
        await page.call(OPEN, REQUIRE)
        server.change(Membership, boss.id, role="admin")
        await page.call(CHANGE, {"form": {}})
        assert not _is_required(server, house_id)
        assert "Your role in the organization does not allow this." in page.text
        assert page.value(ORGANIZATION, "dialog") == ""
        # Read anew, the card forgets the names.
        await page.call(handler(ORGANIZATION, "load"))
        assert page.value(ORGANIZATION, "touched") == []


async def test_s54_who_turns_their_own_off_while_the_dialog_is_open_requires_it_of_nobody(
    server: Server, boss: Person, house_id: str
) -> None:
    faults = server.log_text().count('"fault"')
    async with _open(server, server.add_session(boss)) as page:
        await page.load()
        await page.call(OPEN, REQUIRE)
        with server.rows() as rows:
            rows.delete(rows.get_one(EmailMethod, boss.id))
            rows.commit()
        await page.call(CHANGE, {"form": {}})
        assert "Turn on two-factor authentication for yourself first." in page.text
        assert page.value(ORGANIZATION, "dialog") == ""
        await page.call(OPEN, REQUIRE)
        assert page.value(ORGANIZATION, "dialog") == ""
    assert server.log_text().count('"fault"') == faults
    assert not _is_required(server, house_id)


async def test_s89_a_megabyte_of_text_changes_nothing(
    server: Server, boss: Person, house_id: str
) -> None:
    async with _open(server, server.add_session(boss)) as page:
        await page.load()
        await page.call(OPEN, REQUIRE)
        await page.send_too_long(CHANGE, {"form": {"text": "n" * 1_000_000}})
    assert not _is_required(server, house_id)
