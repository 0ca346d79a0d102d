"""A mail server that never answers holds up those who wait for its codes and nobody else: S-23."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from security_app.db.tables import EmailSetUp
from tests.attacks.mailed_code import (
    EMAIL_CODE,
    Reader,
    make_reader,
    open_page,
    tarpit,
)
from tests.attacks.people import HOME, fresh_address, sign_in, web
from tests.attacks.raw_client import handler
from tests.attacks.second_factor import STEP_UP, WITHIN_S
from tests.server import Server

ASK = "/api/v1/auth/2fa/email-otp"


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[Server]:
    """A server of this file's own, its mail server a tarpit."""
    async with tarpit() as url:
        running = Server({"SMTP_URL": url})
        await asyncio.to_thread(running.__enter__)
        yield running
        await asyncio.to_thread(running.close)


async def _ask(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post(ASK, json={"action": "change_password"}, timeout=WITHIN_S)


async def test_s23_others_sign_in_while_a_code_hangs(server: Server) -> None:
    """Each try asks anew: what is shown is that nobody stands behind the one who waits."""
    reader, other = make_reader(server), server.add_account()
    headers = {"Authorization": f"Bearer {reader.api}"}
    async with web(server, headers=headers) as client:
        for _ in range(5):
            waiting = asyncio.ensure_future(_ask(client))
            while not server.dump()["email_code"] and not waiting.done():
                await asyncio.sleep(0.01)
            await sign_in(server, other)
            was_waiting = not waiting.done()
            answer = await waiting
            assert answer.status_code == 503, answer.text
            assert answer.json()["code"] == "mail_unavailable"
            assert "retry-after" in answer.headers
            if was_waiting:
                return
    pytest.fail("nobody got in while a code was hanging")


async def test_s23_more_than_there_are_places_are_told_and_pages_go_on(server: Server) -> None:
    readers = [make_reader(server) for _ in range(40)]

    async def ask(reader: Reader) -> int:
        headers = {"Authorization": f"Bearer {reader.api}"}
        async with web(server, source=fresh_address(), headers=headers) as client:
            return (await _ask(client)).status_code

    asking = asyncio.gather(*map(ask, readers))
    async with open_page(server, readers[0].there, HOME) as page:
        await page.load()
        assert page.value(EMAIL_CODE, "is_enabled") is True
    assert set(await asking) == {503}
    assert server.dump()["email_code"] == []


async def test_s23_a_set_up_whose_code_hangs_ends_in_words(server: Server) -> None:
    person = server.add_account()
    async with open_page(server, server.add_session(person), HOME) as page:
        await page.load()
        await page.call(handler(STEP_UP, "ask"), {"action": "enable_email_code"})
        form = {"password": person.password}
        await page.send(handler(STEP_UP, "submit"), {"form": form})
        await page.until(
            lambda: (page.value(EMAIL_CODE, "errors") or {}).get("code"), within_s=WITHIN_S
        )
        assert "could not send" in page.value(EMAIL_CODE, "errors")["code"]
        assert page.value(EMAIL_CODE, "is_mailing") is False
        assert page.value(EMAIL_CODE, "is_setting_up") is True
        assert page.value(EMAIL_CODE, "is_enabled") is False
    with server.rows() as rows:
        assert rows.get(EmailSetUp, person.id) is not None
    assert person.id not in repr(server.dump()["email_code"])
