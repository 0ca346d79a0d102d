"""What a second factor leaves behind: on other pages, in states, logs and files.

S-16, S-28, S-76, S-77, S-78.
"""

import importlib
import re
from collections.abc import Awaitable, Callable

import pytest
from reflex.state import BaseState
from reflex_base.registry import RegistrationContext
from sqlalchemy import text
from sqlmodel import select

from security_app.db.tables import RecoveryCode, Totp, TotpSetUp
from tests.accounts.phone import code
from tests.attacks.people import HOME, fresh_address, sign_out, web
from tests.attacks.raw_client import STATE, RawClient, handler
from tests.attacks.second_factor import (
    STEPS,
    TOTP,
    WITHIN_S,
    Owner,
    open_page,
    set_up,
    traces_in,
    turn_on,
)
from tests.server import Person, Server

importlib.import_module("security_app.security_app")

ACTIVITY = "/settings/personal/activity"
#: The vars no browser is sent.
KNOWN_HIDDEN = {
    "DoorState._session_id",
    "FirstPasswordState._waiting_connection",
    "ActivityState._sign_ins_next",
    "ActivityState._events_next",
    "SessionsState._shown",
    "ApiKeysState._shown",
    "MembersState._shown",
    "ReleasesState._shown",
    "NewKeyState._old_id",
}


async def _done(page: RawClient) -> None:
    await page.call(handler(TOTP, "note_saved"), {"is_saved": True})
    await page.call(handler(TOTP, "finish"))


async def _closed(page: RawClient) -> None:
    await page.call(handler(TOTP, "note_saved"), {"is_saved": True})
    await page.call(handler(TOTP, "close"), {"is_open": False})


async def _loaded_again(page: RawClient) -> None:
    await page.load(HOME)


async def _left(page: RawClient) -> None:
    await page.load(ACTIVITY)


@pytest.mark.parametrize("end", [_done, _closed, _loaded_again, _left])
async def test_s28_after_the_last_step_nothing_secret_is_sent_any_more(
    server: Server, person: Person, end: Callable[[RawClient], Awaitable[None]]
) -> None:
    async with open_page(server, server.add_session(person)) as page:
        secret, codes = await turn_on(page, person)
        assert not page.value(TOTP, "secret")
        await end(page)
        seen = len(page.frames)
        await page.call(f"{STATE}.hydrate")
        for name, payload in STEPS:
            await page.call(name, payload)
        await page.load(HOME)
        await page.call(f"{STATE}.hydrate")
        assert traces_in("\n".join(page.frames[seen:]), [secret, *codes]) == []


@pytest.mark.parametrize("way", ["close", "leave", "load"])
async def test_s16_a_set_up_that_was_left_is_not_sent_again(
    server: Server, person: Person, way: str
) -> None:
    async with open_page(server, server.add_session(person)) as page:
        secret = await set_up(page, person)
        if way == "close":
            await page.call(handler(TOTP, "close"), {"is_open": False})
            with server.rows() as rows:
                assert rows.get(TotpSetUp, person.id) is None
        else:
            await page.load(ACTIVITY if way == "leave" else HOME)
        seen = len(page.frames)
        await page.call(f"{STATE}.hydrate")
        assert traces_in("\n".join(page.frames[seen:]), [secret]) == []


async def test_s28_signing_out_empties_a_page_that_shows_codes(
    server: Server, person: Person
) -> None:
    browser = server.add_session(person)
    async with open_page(server, browser) as page:
        secret, codes = await turn_on(page, person)
        seen = len(page.frames)
        await sign_out(server, browser)
        await page.until(lambda: page.leave_to)
        await page.call(handler(TOTP, "note_saved"), {"is_saved": False})
        await page.call(f"{STATE}.hydrate")
        assert page.value(TOTP, "codes") == []
        assert traces_in("\n".join(page.frames[seen:]), [secret, *codes]) == []


async def test_s16_other_pages_of_the_account_never_get_secret_or_codes(
    server: Server, person: Person
) -> None:
    async with open_page(server, server.add_session(person)) as other:
        await other.load()
        async with open_page(server, server.add_session(person)) as page:
            secret, codes = await turn_on(page, person)
            await other.until(lambda: other.value(TOTP, "is_enabled"), WITHIN_S)
            await other.call(f"{STATE}.hydrate")
        assert traces_in(other.text, [secret, *codes]) == []


def test_s77_a_state_keeps_nothing_the_browser_is_not_sent() -> None:
    """So what a hydration does not hold, a dump of the states does not hold either."""
    states: set[type[BaseState]] = {
        registered.states[0]
        for registered in RegistrationContext.get().event_handlers.values()
        if registered.states[0].__module__.startswith("security_app.")
    }
    hidden = {
        f"{state.__name__}.{name}"
        for state in states
        for name in state.get_fields()
        if name.startswith("_") and name not in {"_reflex_internal_links", "_seen"}
    }
    # Which session a tab belongs to is no secret (the sessions card shows that id), nor
    # which key is being replaced, nor which connection waits to be disconnected; the
    # others say how far down their lists are shown.
    # `_seen` of every card is the number of the latest change it has read.
    assert hidden == KNOWN_HIDDEN


async def test_s76_s77_log_folder_and_database_hold_no_secret_code_or_challenge(
    server: Server, person: Person
) -> None:
    used: list[str] = []
    async with open_page(server, server.add_session(person)) as page:
        secret, codes = await turn_on(page, person)
        used.append(code(secret))
        await page.call(handler(TOTP, "verify"), {"form": {"code": codes[0]}})
        await _done(page)
        await page.call(f"{STATE}.no_such_handler", {"code": codes[1], "secret": secret})
        await page.call(handler(TOTP, "verify"), {"form": {"code": [codes[2]]}, "x": secret})
    async with web(server, source=fresh_address()) as client:
        body = {"email": person.email, "password": person.password}
        challenge = (await client.post("/api/v1/auth/sign-in", json=body)).json()["challenge"]
        for content in (
            {"challenge": challenge, "method": "pin", "code": codes[3]},
            {"challenge": challenge, "method": "recovery_code", "code": [codes[4]]},
            {"challenge": challenge, "method": "recovery_code", "code": f"{codes[5]}A"},
            {"challenge": challenge, "method": "recovery_code", "code": codes[6]},
        ):
            answer = await client.post("/api/v1/auth/verify-2fa-code", json=content)
        assert answer.status_code == 200, answer.text
        await client.get(f"/api/v1/auth/2fa?code={codes[7]}&challenge={challenge}")
    server.settle()
    canaries = [secret, *codes[:7], *codes[8:], challenge]
    for file in server.data_dir.rglob("*"):
        if file.is_file():
            assert traces_in(file.read_bytes(), canaries) == [], file
    log = server.log_text()
    assert traces_in(log, canaries) == []
    assert not [item for item in used if re.search(rf"(?<![0-9.]){item}(?![0-9])", log)]
    assert challenge not in repr(server.dump())


async def test_s78_turned_off_leaves_nothing_in_the_database_file(
    server: Server, owner: Owner
) -> None:
    with server.rows() as rows:
        app = rows.get_one(Totp, owner.person.id)
        kit = rows.exec(
            select(RecoveryCode).where(RecoveryCode.account_id == owner.person.id)
        ).all()
        remains = [app.sealed_secret, *(row.sealed_code or b"?" for row in kit)]
        remains += [row.code_hash.encode() for row in kit] + [row.tag.encode() for row in kit]
        assert len(kit) == 10
    assert any(part in _database_bytes(server) for part in remains)
    async with web(server, headers={"Authorization": f"Bearer {owner.api}"}) as client:
        body = {"method": "totp", "password": owner.person.password, "code": owner.code}
        answer = await client.post("/api/v1/auth/2fa/disable", json=body)
        assert answer.status_code == 200, answer.text
    stored = _database_bytes(server)
    owner.assert_absent(stored)
    assert [part for part in remains if part in stored] == []


def _database_bytes(server: Server) -> bytes:
    """The file, its log and its journal, after a checkpoint."""
    server.settle()
    with server.engine.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    return b"".join(file.read_bytes() for file in sorted(server.data_dir.glob("security.db*")))
