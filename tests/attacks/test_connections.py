"""Connected accounts and the first password, called raw: S-07, S-45, S-56, S-64, S-66, S-89."""

import re
from typing import Any

import pytest
from sqlmodel import select

from security_app.clock import now
from security_app.db.tables import Account, Connection, ProviderTrip, StepUpGrant
from tests.attacks.people import HOME, fresh_address
from tests.attacks.raw_client import RawClient, Update, handler
from tests.attacks.second_factor import STEP_UP
from tests.server import Browser, Person, Server

CARD = "cards.connected_accounts.state.ConnectedAccountsState"
FIRST = "cards.password.first.FirstPasswordState"
NEW = "nine-herons-land-at-8"


def _connect(server: Server, person: Person) -> str:
    """Connect Google, straight in the database; returns the connection's id."""
    with server.rows() as rows:
        row = Connection(
            account_id=person.id,
            provider="google",
            issuer="https://accounts.google.com",
            subject=f"subject-of-{person.id}",
            connected_at=now(),
        )
        rows.add(row)
        rows.commit()
        return row.id


def _without_password(server: Server) -> Person:
    person = server.add_account()
    with server.rows() as rows:
        account = rows.get_one(Account, person.id)
        account.password_hash = None
        rows.add(account)
        rows.commit()
    return person


def _connections(server: Server) -> set[str]:
    with server.rows() as rows:
        return set(rows.exec(select(Connection.id)).all())


def _grants(server: Server, person: Person) -> int:
    with server.rows() as rows:
        mine = select(StepUpGrant.id).where(StepUpGrant.account_id == person.id)
        return len(rows.exec(mine).all())


@pytest.fixture
def foreign(server: Server) -> str:
    """The id of somebody else's connection."""
    return _connect(server, server.add_account())


@pytest.fixture
def person(server: Server) -> Person:
    """Somebody without a password."""
    return _without_password(server)


@pytest.fixture
def own(server: Server, person: Person) -> str:
    """The id of their connection, which is their only way in."""
    return _connect(server, person)


@pytest.fixture
def here(server: Server, person: Person) -> Browser:
    return server.add_session(person)


def _open(server: Server, browser: Browser, path: str = HOME) -> RawClient:
    return RawClient(server, browser=browser, path=path, source=fresh_address())


def _assert_untouched(server: Server, person: Person, *connections: str) -> None:
    assert set(connections) <= _connections(server)
    assert _grants(server, person) == 0
    with server.rows() as rows:
        assert rows.get_one(Account, person.id).password_hash is None
        mine = select(ProviderTrip.id).where(ProviderTrip.account_id == person.id)
        assert rows.exec(mine).all() == []


async def test_s64_nothing_goes_without_a_proof(
    server: Server, person: Person, here: Browser, own: str
) -> None:
    """Each step called raw, in the wrong order, with no dialog open."""
    password = {"form": {"new_password": NEW, "repeat_password": NEW}}
    calls: list[tuple[str, dict[str, Any]]] = [
        (handler(CARD, "disconnect"), {"connection_id": own}),
        (handler(CARD, "connect_provider"), {"provider": "google"}),
        (handler(FIRST, "save"), password),
        (handler(FIRST, "begin"), {"connection_id": own}),
        (handler(FIRST, "save"), password),
        (handler(STEP_UP, "prove_at_provider"), {}),
        (handler(STEP_UP, "resume"), {}),
    ]
    granted = f"{HOME}?granted=set_first_password&target={own}"
    for path in (HOME, granted):
        async with _open(server, here, path) as page:
            await page.load()
            for name, payload in calls:
                await page.call(name, payload)
            assert not page.leave_to
    _assert_untouched(server, person, own)


async def test_s66_the_only_way_in_is_not_asked_about(
    server: Server, person: Person, here: Browser, own: str
) -> None:
    async with _open(server, here) as page:
        await page.load()
        await page.call(handler(CARD, "ask_to_disconnect"), {"connection_id": own})
        assert page.value(CARD, "only_way_id") == own
        ask = {"action": "disconnect_provider", "target_id": own}
        await page.call(handler(STEP_UP, "ask_about"), ask)
        assert not page.value(STEP_UP, "action")
    _assert_untouched(server, person, own)


@pytest.mark.parametrize("name", ["ask_to_disconnect", "disconnect"])
async def test_s56_a_foreign_connection_looks_like_an_unknown_one(
    server: Server, person: Person, here: Browser, foreign: str, name: str
) -> None:
    answers: list[str] = []
    for connection_id in (foreign, "x" * 20):
        async with _open(server, here) as page:
            await page.load()
            updates = await page.call(handler(CARD, name), {"connection_id": connection_id})
            answers.append(without_ids(updates, connection_id))
            ask = {"action": "disconnect_provider", "target_id": connection_id}
            await page.call(handler(STEP_UP, "ask_about"), ask)
            assert not page.value(STEP_UP, "action")
    assert answers[0] == answers[1]
    _assert_untouched(server, person, foreign)


def without_ids(updates: list[Update], connection_id: str) -> str:
    """What was answered, without what differs each time."""
    text = repr(updates).replace(connection_id, "<id>")
    return re.sub(r"id='[0-9a-f]{8}'|'id': '[0-9a-f]{8}'", "<notice>", text)


@pytest.mark.parametrize("value", [None, 7, ["x"], {"a": 1}, "\0", "x" * 30_000])
async def test_s89_what_is_no_id_changes_nothing(
    server: Server, person: Person, here: Browser, own: str, value: object
) -> None:
    async with _open(server, here) as page:
        await page.load()
        for state, name, argument in (
            (CARD, "ask_to_disconnect", "connection_id"),
            (CARD, "disconnect", "connection_id"),
            (CARD, "connect_provider", "provider"),
            (FIRST, "begin", "connection_id"),
        ):
            await page.call(handler(state, name), {argument: value})
        assert not page.leave_to
    _assert_untouched(server, person, own)
