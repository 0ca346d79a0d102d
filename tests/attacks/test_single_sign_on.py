"""Single sign-on over raw sockets: wrong roles, no proof, our own network, managed accounts.

S-44, S-54, S-56, S-89, and server-side request forgery (ASVS 1.3.6).
"""

import json
from typing import Any

import pytest
from sqlmodel import select

from security_app.db.tables import SsoConnection
from tests.attacks.people import fresh_address
from tests.attacks.raw_client import RawClient, handler
from tests.oidc_provider import Provider
from tests.server import Person, Server
from tests.sso_seeding import add_identity, add_sso

CARD = "cards.single_sign_on.state.SingleSignOnState"
STEP_UP = "web.step_up_state.StepUpState"
PASSWORD = "cards.password.state.PasswordState"
TOTP = "cards.totp.state.TotpState"
EMAIL_CODE = "cards.email_code.state.EmailCodeState"
EMAIL = "cards.email.state.EmailState"
CODES = "cards.recovery_codes.state.RecoveryCodesState"
SECRET = "canary-of-the-client-secret"
TOKEN = "canary-of-the-claim"


def _form(person: Person, issuer: str = "https://id.example.com") -> dict[str, Any]:
    return {
        "form": {
            "name": "Evil",
            "issuer": issuer,
            "client_id": "client",
            "client_secret": "typed-canary-secret",
            "domains": person.email.partition("@")[2],
            "password": person.password,
        }
    }


def _open(server: Server, person: Person, path: str = "/workspace") -> RawClient:
    return RawClient(server, browser=server.add_session(person), path=path, source=fresh_address())


def _tables(server: Server) -> dict[str, list[str]]:
    server.settle()
    return {name: rows for name, rows in server.dump().items() if "throttle" not in name}


def _faults(server: Server) -> int:
    return server.log_text().count('"event": "fault"')


@pytest.mark.parametrize("role", ["member", "finance", "admin", "super_admin", "stranger"])
async def test_s54_who_is_no_owner_reaches_nothing(server: Server, role: str) -> None:
    owner, mallory = server.add_account(), server.add_account()
    house = server.add_organization(owner)
    if role == "stranger":
        server.add_organization(mallory)
    else:
        server.add_member(house, mallory, role)
    add_sso(
        server,
        house,
        secret=SECRET,
        issuer="https://canary-issuer.example",
        waiting="claimed.example",
        token=TOKEN,
    )
    async with _open(server, mallory) as page:
        await page.load()
        before = _tables(server)
        for step in ("set_up", "change", "remove", "done"):
            for name, payload in (
                (handler(CARD, "start"), {"step": step}),
                (handler(CARD, "save"), _form(mallory)),
                (handler(CARD, "remove"), {"form": {"password": mallory.password}}),
                (handler(CARD, "check_domain"), {"domain": "claimed.example"}),
            ):
                if role == "stranger" and name.endswith(".save"):
                    continue
                await page.call(name, payload)
                assert _tables(server) == before, (step, name)
        assert SECRET not in page.text
        assert "canary-issuer" not in page.text
        assert TOKEN not in page.text
        assert ("Okta" in page.text) == (role != "stranger")


@pytest.mark.parametrize(
    "domain",
    ["claimed.example", "", "x" * 4000, "a\x00b", "\ud800", "%", ["a"], {"a": 1}, 7, None],
)
async def test_s56_an_owner_has_only_own_domains_looked_for(server: Server, domain: object) -> None:
    """What another organization waits for, and what is no domain, look alike."""
    owner, other = server.add_account(), server.add_account()
    add_sso(server, server.add_organization(owner))
    add_sso(server, server.add_organization(other), waiting="claimed.example")
    faults = _faults(server)
    async with _open(server, owner) as page:
        await page.load()
        before = _tables(server)
        await page.call(handler(CARD, "check_domain"), {"domain": domain})
        assert _tables(server) == before
    assert _faults(server) == faults


async def test_s44_an_owner_without_proof_changes_nothing(server: Server) -> None:
    owner = server.add_account()
    house = server.add_organization(owner)
    add_sso(server, house, secret=SECRET)
    async with _open(server, owner) as page:
        await page.load()
        before = _tables(server)
        for wrong in ("", "wrong"):
            form = {"form": {"password": wrong, "code": "000000"}}
            await page.call(handler(CARD, "remove"), form)
            assert _tables(server) == before
            assert page.value(CARD, "errors")
        assert SECRET not in page.text


@pytest.mark.parametrize(
    "issuer",
    [
        "http://127.0.0.1:{port}",
        "https://127.0.0.1:{port}",
        "https://localhost:{port}",
        "https://[::1]:{port}",
        "https://10.0.0.1",
        "https://169.254.169.254",
        "https://[fd00::1]",
        "file:///etc/passwd",
        "https://user:pass@id.example.com",
    ],
)
async def test_our_own_network_is_never_asked(server: Server, issuer: str) -> None:
    owner = server.add_account()
    server.add_organization(owner)
    with Provider() as inside:
        async with _open(server, owner) as page:
            await page.load()
            await page.call(handler(CARD, "start"), {"step": "set_up"})
            target = issuer.format(port=inside.issuer.rpartition(":")[2])
            await page.call(handler(CARD, "save"), _form(owner, target))
            assert set(page.value(CARD, "errors")) == {"issuer"}
            assert "typed-canary-secret" not in page.text
        assert not inside.hits
    with server.rows() as rows:
        issuers = rows.exec(select(SsoConnection.issuer)).all()
    assert target not in issuers
    assert "typed-canary-secret" not in server.log_text()


async def test_s89_a_megabyte_reaches_nobody(server: Server) -> None:
    owner = server.add_account()
    server.add_organization(owner)
    for field in ("name", "issuer", "domains", "client_secret"):
        page = _open(server, owner)
        async with page:
            await page.load()
            form = _form(owner)
            form["form"][field] = "x" * 1_000_000
            await page.send_too_long(handler(CARD, "save"), form)


@pytest.mark.parametrize(
    "value", ["x" * 4000, ["a"], {"a": 1}, 7, None, "\x00", "\ud800", "\u202e", ""]
)
@pytest.mark.parametrize("field", ["name", "issuer", "client_id", "client_secret", "domains"])
async def test_hostile_fields_change_and_break_nothing(
    server: Server, field: str, value: object
) -> None:
    owner = server.add_account()
    server.add_organization(owner)
    faults = _faults(server)
    async with _open(server, owner) as page:
        await page.load()
        before = _tables(server)
        form = _form(owner)
        form["form"][field] = value
        await page.call(handler(CARD, "start"), {"step": "set_up"})
        await page.call(handler(CARD, "save"), form)
        assert _tables(server) == before
    assert _faults(server) == faults


#: Everything a page could send for a managed account.
MANAGED: list[tuple[str, dict[str, Any]]] = [
    (handler(PASSWORD, "toggle"), {"is_open": True}),
    (
        handler(PASSWORD, "save"),
        {
            "form": {
                "current_password": "x",
                "new_password": "nine herons land at 8",
                "repeat_password": "nine herons land at 8",
            }
        },
    ),
    *(
        (handler(STEP_UP, name), payload)
        for action in (
            "change_email",
            "enable_totp",
            "disable_totp",
            "enable_email_code",
            "disable_email_code",
            "view_recovery_codes",
            "regenerate_recovery_codes",
        )
        for name, payload in (
            ("ask", {"action": action}),
            ("submit", {"form": {"password": "x", "code": "123456"}}),
        )
    ),
    (handler(TOTP, "begin"), {}),
    (handler(TOTP, "disable"), {}),
    (handler(EMAIL_CODE, "begin"), {}),
    (handler(EMAIL_CODE, "disable"), {}),
    (handler(EMAIL, "save"), {"form": {"email": "other@example.com"}}),
]


async def test_a_managed_account_changes_nothing_its_provider_sees_to(server: Server) -> None:
    owner, member = server.add_account(), server.add_account()
    house = server.add_organization(owner)
    server.add_member(house, member, "member")
    add_identity(server, member, add_sso(server, house))
    faults = _faults(server)
    async with _open(server, member, "/settings/personal/security") as page:
        await page.load()
        before = _tables(server)
        for name, payload in MANAGED:
            text = json.dumps(payload).replace('"x"', json.dumps(member.password))
            await page.call(name, json.loads(text))
            assert _tables(server) == before, name
        assert _faults(server) == faults
        assert "Okta manages this for your organization." in page.text
