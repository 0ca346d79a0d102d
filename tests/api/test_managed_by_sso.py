"""What the API answers an account that its organization's sign-on manages."""

from typing import Any

import pytest
from httpx import AsyncClient

from security_app.api.app import build_json_api
from security_app.clock import now
from security_app.db.engine import Database
from security_app.db.sealing import seal
from security_app.db.tables import (
    Connection,
    Membership,
    Organization,
    SsoConnection,
    new_id,
)
from tests.api.authenticator import Phone, ask_for_challenge, verify
from tests.api.people import PASSWORD, MakePerson, Person, SignIn
from tests.api.refusals import assert_problem

ROUTES: list[tuple[str, str, dict[str, Any]]] = [
    (
        "POST",
        "/auth/password",
        {"current_password": PASSWORD, "new_password": "nine herons land at 8"},
    ),
    ("POST", "/auth/2fa/setup", {"password": PASSWORD}),
    ("POST", "/auth/2fa/email-otp", {"password": PASSWORD}),
    ("POST", "/auth/2fa/disable", {"method": "totp", "password": PASSWORD, "code": "123456"}),
    ("POST", "/auth/2fa/disable", {"method": "email_code", "password": PASSWORD, "code": "123456"}),
    ("POST", "/auth/2fa/recovery-codes/view", {"code": "123456"}),
    ("POST", "/auth/2fa/recovery-codes/regenerate", {"code": "123456"}),
]


async def _join(database: Database, person: Person, role: str = "member") -> None:
    """Make somebody a member of an organization with a provider, and connect them there."""
    at = now()
    house, row = Organization(name="Northwind", created_at=at), new_id()
    async with database.transaction() as db:
        db.add(house)
        await db.flush()
        db.add(
            SsoConnection(
                id=row,
                organization_id=house.id,
                type="oidc",
                name="Okta",
                issuer="https://id.example.com",
                client_id="client",
                sealed_client_secret=seal(b"secret", f"sso:{row}"),
                created_at=at,
            )
        )
        db.add(Membership(account_id=person.id, organization_id=house.id, role=role, joined_at=at))
        await db.flush()
        db.add(
            Connection(
                account_id=person.id,
                provider=f"sso-{row}",
                sso_connection_id=row,
                issuer="https://id.example.com",
                subject="ada",
                connected_at=at,
            )
        )


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_what_the_provider_sees_to_answers_403(
    database: Database,
    make_person: MakePerson,
    sign_in: SignIn,
    method: str,
    path: str,
    body: dict[str, Any],
) -> None:
    person = await make_person()
    me = await sign_in(person)
    await _join(database, person)
    answer = await me.request(method, path, json=body)
    assert answer.status_code == 403
    assert answer.json()["code"] == "managed_by_sso"
    assert answer.json()["detail"] == "Okta manages this for your organization."


async def test_the_password_gets_no_token(
    database: Database, client: AsyncClient, make_person: MakePerson
) -> None:
    person = await make_person()
    await _join(database, person)
    body = {"email": person.email, "password": PASSWORD}
    answer = await client.post("/auth/sign-in", json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "managed_by_sso")


async def test_a_code_comes_too_late_once_managed_and_the_description_says_so(
    database: Database, client: AsyncClient, ada: Person, phone: Phone
) -> None:
    challenge = await ask_for_challenge(client, ada)
    await _join(database, ada)
    answer = await verify(client, challenge, phone.code())
    assert_problem(answer, 403, "managed_by_sso")
    described = build_json_api().openapi()["paths"]
    assert "403" in described["/v1/auth/verify-2fa-code"]["post"]["responses"]


@pytest.mark.parametrize(("role", "is_managed"), [("member", True), ("owner", False)])
async def test_me_tells_the_provider_and_whether_it_manages(
    database: Database,
    make_person: MakePerson,
    sign_in: SignIn,
    role: str,
    is_managed: bool,
) -> None:
    person = await make_person()
    me = await sign_in(person)
    assert (await me.get("/me")).json()["sso"] is None
    await _join(database, person, role)
    told = (await me.get("/me")).json()["sso"]
    assert told == {"provider": "Okta", "type": "oidc", "managed": is_managed}
