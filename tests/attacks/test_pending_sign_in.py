"""A sign-in between password and code opens nothing (S-41)."""

import importlib

from sqlmodel import select

from security_app.db.tables import Challenge, RecoveryCode, Session
from security_app.web import surface
from security_app.web.guard import Access
from tests.attacks.people import SIGN_IN, redeem, session_cookie, web
from tests.attacks.raw_client import handler
from tests.attacks.second_factor import (
    STEPS,
    WITHIN_S,
    Owner,
    open_page,
    tables_of,
)
from tests.server import Browser, Server

importlib.import_module("security_app.security_app")

CLOSED = [each for each in surface.handlers() if each.access is Access.SIGNED_IN]
VERIFY = "web.entry.verify.VerifyState"

SUBMIT_CODE = handler(VERIFY, "submit")


async def _half_way(server: Server, owner: Owner) -> Browser:
    """A browser that gave the right password and no code."""
    browser = Browser()
    async with open_page(server, browser, "/sign-in") as page:
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
    before = tables_of(server)
    async with open_page(server, browser) as page:
        await page.call(CLOSED[0].wire_name)
        assert page.leave_to.startswith("/sign-in")
        for each in CLOSED:
            payload = next((sent for name, sent in STEPS if name == each.wire_name), {})
            await page.call(each.wire_name, payload)
        await page.load()
        assert owner.person.email not in page.text
        assert owner.person.id not in page.text
        owner.assert_absent(page.text)
    assert tables_of(server) == before


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
    async with open_page(server, Browser(), "/sign-in/verify") as thief:
        await thief.load()
        await thief.call(SUBMIT_CODE, {"form": {"code": text_of_now}})
        assert thief.ticket == ""
    async with open_page(server, browser, "/sign-in/verify") as page:
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
