"""The second factor over raw sockets: steps out of order, from elsewhere, without proof.

S-14, S-15, S-42, S-44, S-54.
"""

import importlib
from datetime import timedelta

from security_app.clock import now
from security_app.db.tables import StepUpGrant, Totp, TotpSetUp
from tests.accounts.phone import code
from tests.attacks.raw_client import STATE, handler
from tests.attacks.second_factor import (
    CODES,
    STEP_UP,
    STEPS,
    TOTP,
    Owner,
    confirm_identity,
    open_page,
    set_up,
    tables_of,
    traces_in,
)
from tests.server import Browser, Person, Server

importlib.import_module("security_app.security_app")


async def test_s54_steps_out_of_order_change_nothing_while_off(
    server: Server, person: Person
) -> None:
    async with open_page(server, server.add_session(person)) as page:
        await page.load()
        before = tables_of(server)
        for name, payload in STEPS:
            await page.call(name, payload)
            assert tables_of(server) == before, name
        assert not page.value(TOTP, "secret")
        assert not page.value(TOTP, "qr")
        assert not page.value(TOTP, "codes")
        assert "otpauth" not in page.text


async def test_s54_steps_out_of_order_change_nothing_while_on(server: Server, owner: Owner) -> None:
    async with open_page(server, owner.here) as page:
        await page.load()
        before = tables_of(server)
        for name, payload in STEPS:
            await page.call(name, payload)
            assert tables_of(server) == before, name
        owner.assert_absent(page.text)


async def test_s44_no_dialog_skips_a_proof(server: Server, owner: Owner) -> None:
    """The dialog asks what the table says, whatever was opened or left out before."""
    async with open_page(server, owner.here) as page:
        await page.load()
        before = tables_of(server)
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
        tables = tables_of(server)
        assert {name for name in tables if tables[name] != before[name]} <= {"totp"}
        owner.assert_absent(page.text)
        with server.rows() as rows:
            assert rows.get(Totp, owner.person.id) is not None


def _grant(server: Server, owner: Owner, browser: Browser, action: str) -> None:
    with server.rows() as rows:
        rows.add(
            StepUpGrant(
                account_id=owner.person.id,
                holder=browser.session_id,
                action=action,
                expires_at=now() + timedelta(minutes=5),
            )
        )
        rows.commit()


async def test_s42_the_grant_of_another_session_opens_nothing(server: Server, owner: Owner) -> None:
    for action in ("view_recovery_codes", "regenerate_recovery_codes", "disable_totp"):
        _grant(server, owner, owner.here, action)
    stranger = server.add_session(server.add_account())
    before = tables_of(server)
    for browser in (owner.there, stranger):
        async with open_page(server, browser) as page:
            await page.load()
            for name in ("show", "regenerate"):
                await page.call(handler(CODES, name))
            await page.call(handler(TOTP, "disable"))
            owner.assert_absent(page.text)
    assert tables_of(server) == before
    async with open_page(server, owner.here) as page:
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
    before = tables_of(server)
    async with open_page(server, owner.here) as page:
        await page.load()
        await page.call(handler(CODES, "regenerate"))
        await page.call(handler(TOTP, "disable"))
        await page.call(handler(TOTP, "begin"))
        owner.assert_absent(page.text)
    assert tables_of(server) == before


async def test_s15_a_set_up_is_proven_in_its_own_session_only(
    server: Server, person: Person
) -> None:
    async with open_page(server, server.add_session(person)) as page:
        secret = await set_up(page, person)
        async with open_page(server, server.add_session(person)) as other:
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
    async with open_page(server, server.add_session(person)) as page:
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
