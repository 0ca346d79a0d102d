"""Asking for mailed codes over raw sockets, far too often and too late: S-20, S-55."""

import asyncio
from typing import Any

import pytest
from sqlmodel import col, delete

from security_app.db.tables import Challenge
from tests.attacks.mailed_code import (
    PASSWORD,
    VERIFY,
    VERIFY_PATH,
    Reader,
    faults,
    give_password,
    make_reader,
    open_page,
)
from tests.attacks.people import HOME, web
from tests.attacks.raw_client import RawClient, handler
from tests.attacks.second_factor import STEP_UP
from tests.server import Browser, Server


@pytest.fixture
def reader(server: Server) -> Reader:
    return make_reader(server)


@pytest.mark.parametrize(
    ("state", "opening", "payload", "action", "times"),
    [
        (STEP_UP, "ask", {"action": "enable_totp"}, "enable_totp", 500),
        (PASSWORD, "toggle", {"is_open": True}, "change_password", 50),
    ],
)
async def test_s20_a_thousand_calls_mail_one_code_in_the_minute_and_five_in_the_hour(
    server: Server,
    reader: Reader,
    state: str,
    opening: str,
    payload: dict[str, Any],
    action: str,
    times: int,
) -> None:
    """From two tabs at once, by every way to ask for this code, and over the API."""
    ways: list[tuple[str, dict[str, Any]]] = [
        (handler(state, opening), payload),
        (handler(state, "request_code"), {}),
        (handler(state, "use"), {"mode": "email_code"}),
    ]

    async def hammer(page: RawClient, times: int) -> None:
        for number in range(times):
            await page.send(*ways[number % len(ways)])
            if number % 25 == 24:
                await page.fence()
        await page.fence()

    async with (
        open_page(server, reader.here, HOME) as page,
        open_page(server, reader.here, HOME) as twin,
        web(server, headers={"Authorization": f"Bearer {reader.api}"}) as client,
    ):
        await asyncio.gather(page.load(), twin.load())
        await asyncio.gather(hammer(page, times), hammer(twin, times))
        assert len(reader.codes) == 1
        for expected in (2, 3, 4, 5, 5, 5):
            reader.let_time_pass(61)
            await asyncio.gather(hammer(page, 15), hammer(twin, 15))
            answer = await client.post("/api/v1/auth/2fa/email-otp", json={"action": action})
            assert answer.status_code == 429
            assert len(reader.codes) == expected


async def test_s20_signing_in_again_and_again_mails_one_code_in_the_minute(
    server: Server, reader: Reader
) -> None:
    browser = Browser()
    for _ in range(3):
        browser = await give_password(server, reader.person)
    async with open_page(server, browser, VERIFY_PATH) as page:
        await page.load()
        for _ in range(20):
            await page.call(handler(VERIFY, "request_code"))
            await page.call(handler(VERIFY, "use"), {"mode": "email_code"})
        assert page.value(VERIFY, "errors").get("code")
    assert len(reader.codes) == 1


async def test_s55_asking_after_the_dialog_closed_mails_nothing_and_is_no_fault(
    server: Server, reader: Reader
) -> None:
    failed = faults(server)
    async with open_page(server, reader.here, HOME) as page:
        await page.load()
        await page.call(handler(STEP_UP, "ask"), {"action": "enable_totp"})
        await page.call(handler(STEP_UP, "toggle"), {"is_open": False})
        reader.let_time_pass(61)
        await page.call(handler(STEP_UP, "request_code"))
        await page.call(handler(STEP_UP, "use"), {"mode": "email_code"})
    assert len(reader.codes) == 1
    assert faults(server) == failed


async def test_s55_asking_for_a_sign_in_that_is_over_is_told_and_is_no_fault(
    server: Server, reader: Reader
) -> None:
    browser = await give_password(server, reader.person)
    failed = faults(server)
    async with open_page(server, browser, VERIFY_PATH) as page:
        await page.load()
        with server.rows() as rows:
            rows.exec(delete(Challenge).where(col(Challenge.account_id) == reader.person.id))
            rows.commit()
        reader.let_time_pass(61)
        await page.call(handler(VERIFY, "request_code"))
        assert "too old" in page.value(VERIFY, "errors").get("code", "")
        assert page.value(VERIFY, "is_mailing") is False
    assert len(reader.codes) == 1
    assert faults(server) == failed
