"""Codes by e-mail over raw sockets: out of order, from elsewhere, twice, misshapen.

S-15, S-18, S-19, S-21, S-42, S-54, S-58.
"""

import asyncio
import secrets
from typing import Any

import pytest
from sqlmodel import select

from security_app.db.tables import EmailCode, EmailMethod, EmailSetUp, StepUpGrant
from tests.accounts.postbox import wrong
from tests.attacks.mailed_code import (
    EMAIL_CODE,
    PASSWORD,
    VERIFY,
    VERIFY_PATH,
    Reader,
    begin,
    codes_to,
    faults,
    give_password,
    make_reader,
    open_page,
)
from tests.attacks.people import HOME
from tests.attacks.raw_client import handler
from tests.attacks.second_factor import STEP_UP, WITHIN_S
from tests.server import Browser, Person, Server

ASKING = (EMAIL_CODE, PASSWORD, STEP_UP, VERIFY)
MODES = ["email_code", "totp", "recovery_code", "", "sign_in", "__class__", "' OR 1=1", "é" * 4096]
#: Every step, called as no page would.
STEPS: list[tuple[str, dict[str, Any]]] = [
    (handler(EMAIL_CODE, "begin"), {}),
    (handler(EMAIL_CODE, "verify"), {"form": {"code": "123456"}}),
    (handler(EMAIL_CODE, "disable"), {}),
    (handler(EMAIL_CODE, "close"), {"is_open": False}),
    (handler(STEP_UP, "submit"), {"form": {"code": "123456", "password": "x"}}),
    (handler(STEP_UP, "ask"), {"action": "sign_in"}),
    (handler(VERIFY, "submit"), {"form": {"code": "123456"}}),
    *[(handler(state, "request_code"), {}) for state in ASKING],
    *[(handler(state, "use"), {"mode": mode}) for state in ASKING for mode in MODES],
]


def _tables(server: Server) -> dict[str, list[str]]:
    """Everything but the counters."""
    server.settle()
    return {name: rows for name, rows in server.dump().items() if "throttle" not in name}


def _is_on(server: Server, person: Person) -> bool:
    with server.rows() as rows:
        return rows.get(EmailMethod, person.id) is not None


@pytest.fixture
def person(server: Server) -> Person:
    """Somebody whose codes are off."""
    return server.add_account()


@pytest.fixture
def reader(server: Server) -> Reader:
    return make_reader(server)


@pytest.mark.parametrize("who", ["off", "on", "anonymous"])
async def test_s54_steps_out_of_order_change_nothing_and_mail_nothing(
    server: Server, person: Person, reader: Reader, who: str
) -> None:
    browser = {"off": server.add_session(person), "on": reader.here, "anonymous": Browser()}[who]
    async with open_page(server, browser, "/sign-in" if who == "anonymous" else HOME) as page:
        await page.load()
        before, mails, failed = _tables(server), len(server.mails()), faults(server)
        for name, payload in STEPS:
            await page.call(name, payload)
            assert _tables(server) == before, (name, payload)
        assert len(server.mails()) == mails
        assert faults(server) == failed


async def test_s42_neither_on_nor_off_without_its_own_grant(
    server: Server, person: Person, reader: Reader
) -> None:
    async with open_page(server, server.add_session(person), HOME) as page:
        await page.load()
        await page.call(handler(STEP_UP, "ask"), {"action": "enable_totp"})
        await page.call(handler(STEP_UP, "submit"), {"form": {"password": person.password}})
        await page.call(handler(EMAIL_CODE, "begin"))
        await page.call(handler(EMAIL_CODE, "request_code"))
    with server.rows() as rows:
        assert rows.get(EmailSetUp, person.id) is None
    async with open_page(server, reader.here, HOME) as page:
        await page.load()
        await page.call(handler(STEP_UP, "ask"), {"action": "disable_email_code"})
        (code,) = reader.codes
        for form in (
            {"password": reader.person.password},
            {"code": code},
            {"password": "wrong-guess-1", "code": code},
            {"password": reader.person.password, "code": wrong(code)},
        ):
            await page.call(handler(STEP_UP, "submit"), {"form": form})
            assert page.value(STEP_UP, "errors"), form.keys()
            await page.call(handler(EMAIL_CODE, "disable"))
    assert _is_on(server, reader.person)
    assert codes_to(server, person) == []


async def test_s15_s18_a_set_up_is_proven_in_its_own_session_only(
    server: Server, person: Person, reader: Reader
) -> None:
    async with open_page(server, server.add_session(person), HOME) as page:
        code = await begin(page, person)
        for browser in (server.add_session(person), reader.here):
            async with open_page(server, browser, HOME) as other:
                await other.load()
                await other.call(handler(EMAIL_CODE, "verify"), {"form": {"code": code}})
                await other.call(handler(EMAIL_CODE, "close"), {"is_open": False})
                assert person.email not in other.text or browser is not reader.here
        assert not _is_on(server, person)
        await page.call(handler(EMAIL_CODE, "verify"), {"form": {"code": code}})
    assert _is_on(server, person)


async def test_s18_a_step_ups_code_is_none_in_another_session(
    server: Server, reader: Reader
) -> None:
    async with open_page(server, reader.here, HOME) as page:
        await page.load()
        await page.call(handler(STEP_UP, "ask"), {"action": "disable_email_code"})
        (code,) = reader.codes
    form = {"password": reader.person.password, "code": code}
    async with open_page(server, reader.there, HOME) as other:
        await other.load()
        # The minute is the account's: this dialog mails no code of its own.
        await other.call(handler(STEP_UP, "ask"), {"action": "disable_email_code"})
        assert reader.codes == [code]
        await other.call(handler(STEP_UP, "submit"), {"form": form})
        assert other.value(STEP_UP, "errors")
        await other.call(handler(EMAIL_CODE, "disable"))
    assert _is_on(server, reader.person)


async def test_s18_only_the_browser_that_gave_the_password_uses_or_asks_for_its_code(
    server: Server, reader: Reader
) -> None:
    browser = await give_password(server, reader.person)
    (code,) = reader.codes
    reader.let_time_pass(61)
    async with open_page(server, Browser(), VERIFY_PATH) as thief:
        await thief.load()
        await thief.call(handler(VERIFY, "request_code"))
        await thief.call(handler(VERIFY, "submit"), {"form": {"code": code}})
        assert thief.ticket == ""
    assert reader.codes == [code]
    async with open_page(server, browser, VERIFY_PATH) as page:
        await page.load()
        await page.call(handler(VERIFY, "submit"), {"form": {"code": code}})
        assert page.ticket


async def test_s19_turned_on_twice_at_once_is_turned_on_once(
    server: Server, person: Person
) -> None:
    browser = server.add_session(person)
    async with (
        open_page(server, browser, HOME) as page,
        open_page(server, browser, HOME) as twin,
    ):
        await twin.load()
        code = await begin(page, person)
        name, payload = handler(EMAIL_CODE, "verify"), {"form": {"code": code}}
        await asyncio.gather(*(each.call(name, payload) for each in (page, twin, page, twin)))
    reader = Reader(person, browser, browser, "", server)
    assert reader.actions == ["email_code.enabled"]
    assert _is_on(server, person)


async def test_s42_turned_off_twice_at_once_is_turned_off_once(
    server: Server, reader: Reader
) -> None:
    async with (
        open_page(server, reader.here, HOME) as page,
        open_page(server, reader.here, HOME) as twin,
    ):
        await asyncio.gather(page.load(), twin.load())
        await page.call(handler(STEP_UP, "ask"), {"action": "disable_email_code"})
        form = {"password": reader.person.password, "code": reader.codes[-1]}
        await page.send(handler(STEP_UP, "submit"), {"form": form})
        await asyncio.gather(
            *(each.call(handler(EMAIL_CODE, "disable")) for each in (twin, page, twin, page))
        )
        await page.until(lambda: not _is_on(server, reader.person), WITHIN_S)
        await twin.call(handler(EMAIL_CODE, "disable"))
    assert reader.actions == ["email_code.disabled"]


@pytest.mark.parametrize("state", ASKING)
async def test_s58_arguments_no_page_sends_have_no_effect(
    server: Server, reader: Reader, state: str
) -> None:
    mark = f"mark{secrets.token_hex(8)}"
    values: list[object] = [None, 7, 1e308, True, [mark], {"a": mark}, mark, f"\0{mark}"]
    is_verify = state == VERIFY
    browser = Browser() if is_verify else reader.here
    async with open_page(server, browser, "/sign-in" if is_verify else HOME) as page:
        await page.load()
        before, failed = _tables(server), faults(server)
        for value in values:
            await page.call(handler(state, "use"), {"mode": value})
            await page.call(handler(state, "use"), {"mode": "email_code", "extra": value})
            await page.call(handler(state, "request_code"), {"account_id": value})
        assert _tables(server) == before
        assert faults(server) == failed
    assert reader.codes == []
    assert mark not in server.log_text()


@pytest.mark.parametrize("key", ["mode", "form"])
async def test_s58_a_megabyte_ends_the_socket_and_nothing_else(
    server: Server, reader: Reader, key: str
) -> None:
    big: object = "1" * 1_000_000
    name = handler(STEP_UP, "use") if key == "mode" else handler(EMAIL_CODE, "verify")
    page = open_page(server, reader.here, HOME)
    await page.open()
    await page.join()
    await page.send_too_long(name, {key: big if key == "mode" else {"code": big}})
    async with open_page(server, reader.here, HOME) as again:
        await again.load()
        await again.fence()
    assert "1" * 5000 not in server.log_text()
    assert reader.codes == []


async def test_s21_folder_log_and_answers_hold_no_code(server: Server, reader: Reader) -> None:
    async with open_page(server, reader.here, HOME) as page:
        await page.load()
        await page.call(handler(STEP_UP, "ask"), {"action": "disable_email_code"})
        (code,) = reader.codes
        await page.call(handler(STEP_UP, "submit"), {"form": {"code": [code]}})
        form = {"code": code, "password": reader.person.password}
        await page.send(handler(STEP_UP, "submit"), {"form": form})
        await page.until(lambda: not _is_on(server, reader.person), WITHIN_S)
        assert f'"{code}"' not in page.text
    assert f'"{code}"' not in server.log_text()
    with server.rows() as rows:
        for table in (EmailCode, StepUpGrant):
            owned = select(table).where(table.account_id == reader.person.id)
            assert rows.exec(owned).all() == []
