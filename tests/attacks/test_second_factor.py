"""The second factor over raw sockets: out of order, from elsewhere, and what is left behind.

S-15, S-16, S-28, S-41, S-42, S-44, S-54, S-76, S-77, S-78.
"""

import importlib
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from reflex.state import BaseState
from reflex_base.registry import RegistrationContext
from sqlalchemy import text
from sqlmodel import select

from security_app.clock import now
from security_app.db.tables import Challenge, RecoveryCode, Session, StepUpGrant, Totp, TotpSetUp
from security_app.web import surface
from security_app.web.guard import Access
from tests.accounts.phone import code
from tests.attacks.people import HOME, SIGN_IN, fresh_address, redeem, session_cookie, sign_out, web
from tests.attacks.raw_client import STATE, RawClient, handler
from tests.attacks.second_factor import (
    CODES,
    STEP_UP,
    TOTP,
    WITHIN_S,
    Owner,
    confirm_identity,
    make_owner,
    set_up,
    traces_in,
    turn_on,
)
from tests.server import Browser, Person, Server

importlib.import_module("security_app.security_app")

ACTIVITY = "/settings/personal/activity"
VERIFY = "web.entry.verify.VerifyState"
SUBMIT_CODE = handler(VERIFY, "submit")
#: Every step of the wizards, called as no page would.
STEPS: list[tuple[str, dict[str, Any]]] = [
    (handler(TOTP, "begin"), {}),
    (handler(TOTP, "go_to"), {"step": "code"}),
    (handler(TOTP, "go_to"), {"step": "codes"}),
    (handler(TOTP, "verify"), {"form": {"code": "123456"}}),
    (handler(TOTP, "note_saved"), {"is_saved": True}),
    (handler(TOTP, "mail_codes"), {}),
    (handler(TOTP, "finish"), {}),
    (handler(TOTP, "close"), {"is_open": False}),
    (handler(TOTP, "disable"), {}),
    (handler(CODES, "show"), {}),
    (handler(CODES, "confirm"), {"is_confirming": True}),
    (handler(CODES, "regenerate"), {}),
    (handler(CODES, "mail_codes"), {}),
    (handler(CODES, "note_saved"), {"is_saved": True}),
    (handler(CODES, "toggle"), {"is_open": True}),
    (handler(STEP_UP, "submit"), {"form": {"password": "x", "code": "123456"}}),
    (handler(STEP_UP, "ask"), {"action": "sign_in"}),
    (handler(STEP_UP, "ask"), {"action": "__class__"}),
]
#: The vars no browser is sent.
KNOWN_HIDDEN = {
    "DoorState._session_id",
    "ActivityState._sign_ins_next",
    "ActivityState._events_next",
    "SessionsState._shown",
}
CLOSED = [each for each in surface.handlers() if each.access is Access.SIGNED_IN]


def _tables(server: Server) -> dict[str, list[str]]:
    """Everything but the counters: a step out of order may count as a wrong try."""
    server.settle()
    return {name: rows for name, rows in server.dump().items() if "throttle" not in name}


def _open(server: Server, browser: Browser, path: str = HOME) -> RawClient:
    return RawClient(server, browser=browser, path=path, source=fresh_address())


@pytest.fixture
async def owner(server: Server) -> Owner:
    return await make_owner(server)


@pytest.fixture
def person(server: Server) -> Person:
    """Somebody whose app is off."""
    return server.add_account()


async def test_s54_steps_out_of_order_change_nothing_while_off(
    server: Server, person: Person
) -> None:
    async with _open(server, server.add_session(person)) as page:
        await page.load()
        before = _tables(server)
        for name, payload in STEPS:
            await page.call(name, payload)
            assert _tables(server) == before, name
        assert not page.value(TOTP, "secret")
        assert not page.value(TOTP, "qr")
        assert not page.value(TOTP, "codes")
        assert "otpauth" not in page.text


async def test_s54_steps_out_of_order_change_nothing_while_on(server: Server, owner: Owner) -> None:
    async with _open(server, owner.here) as page:
        await page.load()
        before = _tables(server)
        for name, payload in STEPS:
            await page.call(name, payload)
            assert _tables(server) == before, name
        owner.assert_absent(page.text)


async def test_s44_no_dialog_skips_a_proof(server: Server, owner: Owner) -> None:
    """The dialog asks what the table says, whatever was opened or left out before."""
    async with _open(server, owner.here) as page:
        await page.load()
        before = _tables(server)
        for action, form in (
            ("disable_totp", {"password": owner.person.password}),
            ("disable_totp", {"code": owner.code}),
            ("disable_totp", {"password": "wrong-guess-1", "code": owner.code}),
            ("view_recovery_codes", {"password": owner.person.password}),
            ("regenerate_recovery_codes", {"password": owner.person.password}),
            ("view_recovery_codes", {"code": "000000"}),
        ):
            await confirm_identity(page, action, form)
            await page.fence()
            await page.fence()
            assert page.value(STEP_UP, "errors"), (action, form.keys())
        tables = _tables(server)
        assert {name for name in tables if tables[name] != before[name]} <= {"totp"}
        owner.assert_absent(page.text)
        with server.rows() as rows:
            assert rows.get(Totp, owner.person.id) is not None


def _grant(server: Server, owner: Owner, browser: Browser, action: str) -> None:
    with server.rows() as rows:
        rows.add(
            StepUpGrant(
                account_id=owner.person.id,
                session_id=browser.session_id,
                action=action,
                expires_at=now() + timedelta(minutes=5),
            )
        )
        rows.commit()


async def test_s42_the_grant_of_another_session_opens_nothing(server: Server, owner: Owner) -> None:
    for action in ("view_recovery_codes", "regenerate_recovery_codes", "disable_totp"):
        _grant(server, owner, owner.here, action)
    stranger = server.add_session(server.add_account())
    before = _tables(server)
    for browser in (owner.there, stranger):
        async with _open(server, browser) as page:
            await page.load()
            for name in ("show", "regenerate"):
                await page.call(handler(CODES, name))
            await page.call(handler(TOTP, "disable"))
            owner.assert_absent(page.text)
    assert _tables(server) == before
    async with _open(server, owner.here) as page:
        await page.call(handler(CODES, "show"))
        assert [row["code"] for row in page.value(CODES, "codes")] == owner.codes
        shown = len(page.frames)
        await page.call(handler(CODES, "toggle"), {"is_open": False})
        await page.call(handler(CODES, "show"))
        await page.call(f"{STATE}.hydrate")
        owner.assert_absent("\n".join(page.frames[shown:]))


async def test_s42_the_grant_of_one_action_is_none_for_another(
    server: Server, owner: Owner
) -> None:
    _grant(server, owner, owner.here, "view_recovery_codes")
    before = _tables(server)
    async with _open(server, owner.here) as page:
        await page.load()
        await page.call(handler(CODES, "regenerate"))
        await page.call(handler(TOTP, "disable"))
        await page.call(handler(TOTP, "begin"))
        owner.assert_absent(page.text)
    assert _tables(server) == before


async def test_s15_a_set_up_is_proven_in_its_own_session_only(
    server: Server, person: Person
) -> None:
    async with _open(server, server.add_session(person)) as page:
        secret = await set_up(page, person)
        async with _open(server, server.add_session(person)) as other:
            await other.load()
            await other.call(handler(TOTP, "verify"), {"form": {"code": code(secret)}})
            await other.call(handler(TOTP, "go_to"), {"step": "code"})
            await other.call(handler(TOTP, "close"), {"is_open": False})
            assert traces_in(other.text, [secret]) == []
        with server.rows() as rows:
            assert rows.get(Totp, person.id) is None
            assert rows.get(TotpSetUp, person.id) is not None


async def test_s14_what_is_no_code_is_refused_beside_the_field(
    server: Server, person: Person
) -> None:
    async with _open(server, server.add_session(person)) as page:
        await set_up(page, person)
        logged = len(server.log_text())
        for value in ("１２３４５６", "-12345", "1234567", "\ud800", ["987653"], 987654, None, {}):
            await page.call(handler(TOTP, "verify"), {"form": {"code": value}})
            assert page.value(TOTP, "errors").get("code"), value
            assert not page.value(TOTP, "codes")
        log = server.log_text()[logged:]
        assert not [value for value in ("１２３４５６", "987653", "987654") if value in log]
        assert "Traceback" not in log
    with server.rows() as rows:
        assert rows.get(Totp, person.id) is None


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
    async with _open(server, server.add_session(person)) as page:
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
    async with _open(server, server.add_session(person)) as page:
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
    async with _open(server, browser) as page:
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
    async with _open(server, server.add_session(person)) as other:
        await other.load()
        async with _open(server, server.add_session(person)) as page:
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
    # Which session a tab belongs to is no secret (the sessions card shows that id); the
    # others say how far down their lists are shown. `_seen` of every card is the number of
    # the latest change it has read.
    assert hidden == KNOWN_HIDDEN


async def test_s76_s77_log_folder_and_database_hold_no_secret_code_or_challenge(
    server: Server, person: Person
) -> None:
    used: list[str] = []
    async with _open(server, server.add_session(person)) as page:
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


async def _half_way(server: Server, owner: Owner) -> Browser:
    """A browser that gave the right password and no code."""
    browser = Browser()
    async with _open(server, browser, "/sign-in") as page:
        await page.load()
        form = {"email": owner.person.email, "password": owner.person.password}
        await page.call(SIGN_IN, {"form": form})
        assert page.ticket == ""
        assert "/sign-in/verify" in page.text
    with server.rows() as rows:
        found = rows.exec(select(Challenge).where(Challenge.account_id == owner.person.id)).all()
        assert len(found) == 1
    return browser


async def test_s41_a_pending_sign_in_opens_nothing_on_the_socket(
    server: Server, owner: Owner
) -> None:
    browser = await _half_way(server, owner)
    before = _tables(server)
    async with _open(server, browser) as page:
        await page.call(CLOSED[0].wire_name)
        assert page.leave_to.startswith("/sign-in")
        for each in CLOSED:
            payload = next((sent for name, sent in STEPS if name == each.wire_name), {})
            await page.call(each.wire_name, payload)
        await page.load()
        assert owner.person.email not in page.text
        assert owner.person.id not in page.text
        owner.assert_absent(page.text)
    assert _tables(server) == before


async def test_s41_a_pending_sign_in_opens_nothing_on_http(server: Server, owner: Owner) -> None:
    browser = await _half_way(server, owner)
    with server.rows() as rows:
        row = rows.exec(select(Challenge).where(Challenge.account_id == owner.person.id)).one()
    before = len(server.dump()["session"])
    for name in (row.id, row.secret_hash, row.sign_in_id, browser.browser):
        answer = await redeem(server, name, browser)
        assert not session_cookie(answer)
        headers = {"Authorization": f"Bearer {name}", "Cookie": f"{browser.header}; session={name}"}
        async with web(server, headers=headers) as client:
            for path in ("/me", "/sessions", "/auth/2fa", "/login-history"):
                assert (await client.get(f"/api/v1{path}")).status_code == 401
            body = {"challenge": name, "method": "totp", "code": owner.code}
            answer = await client.post("/api/v1/auth/verify-2fa-code", json=body)
            assert answer.status_code == 410
    assert len(server.dump()["session"]) == before


async def test_s41_only_the_browser_that_began_finishes_and_only_once(
    server: Server, owner: Owner
) -> None:
    browser = await _half_way(server, owner)
    text_of_now = owner.code
    async with _open(server, Browser(), "/sign-in/verify") as thief:
        await thief.load()
        await thief.call(SUBMIT_CODE, {"form": {"code": text_of_now}})
        assert thief.ticket == ""
    async with _open(server, browser, "/sign-in/verify") as page:
        await page.load()
        await page.send(SUBMIT_CODE, {"form": {"code": text_of_now}})
        await page.send(SUBMIT_CODE, {"form": {"code": owner.codes[0]}})
        await page.until(lambda: page.ticket, WITHIN_S)
        await page.fence()
        tickets = {
            value
            for update in page.updates
            for values in update.get("delta", {}).values()
            for name, value in values.items()
            if name.startswith("ticket") and value
        }
        assert len(tickets) == 1
    answer = await redeem(server, page.ticket, browser)
    secret = session_cookie(answer)
    assert secret
    with server.rows() as rows:
        found = rows.exec(select(Session).where(Session.account_id == owner.person.id)).all()
        assert [row.opened_by for row in found].count("password+totp") == 1
        codes = rows.exec(
            select(RecoveryCode).where(RecoveryCode.account_id == owner.person.id)
        ).all()
        assert all(row.used_at is None for row in codes)


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
