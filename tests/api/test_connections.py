"""Connected accounts over the API, and the first password of who came through one (S-07, S-66)."""

from collections.abc import Awaitable, Callable

import pytest
from httpx import AsyncClient
from sqlalchemy import update
from sqlmodel import col, select

from security_app.accounts import oidc_issuers, sessions
from security_app.accounts.actor import Visitor
from security_app.clock import now
from security_app.db.engine import Database
from security_app.db.tables import Account, Connection, SecurityEvent, new_id
from tests.accounts.postbox import Postbox
from tests.api.authenticator import Phone
from tests.api.mailbox import code_for
from tests.api.people import IP, NEW_PASSWORD, PASSWORD, MakeClient, Person, ReadMails, SignIn
from tests.api.refusals import assert_problem, fields_of
from tests.environment import SetEnvironment, environment

__all__ = ["environment"]

ISSUER = "https://accounts.example.com"
Connect = Callable[..., Awaitable[str]]


@pytest.fixture(autouse=True)
def providers(environment: SetEnvironment) -> None:
    """Google and Apple, configured and never asked anything."""
    oidc_issuers._known.clear()
    environment(
        GOOGLE_CLIENT_ID="client",
        GOOGLE_CLIENT_SECRET="secret-of-the-client",
        GOOGLE_ISSUER=ISSUER,
        APPLE_CLIENT_ID="client",
        APPLE_ISSUER=ISSUER,
    )


@pytest.fixture
def connect(database: Database) -> Connect:
    """Connects somebody, straight in the database; gives the id."""

    async def add(person: Person, provider: str = "google", subject: str = "4711") -> str:
        row = Connection(
            id=new_id(),
            account_id=person.id,
            provider=provider,
            issuer=ISSUER,
            subject=subject,
            email="ada@mail.example",
            connected_at=now(),
        )
        async with database.transaction() as db:
            db.add(row)
        return row.id

    return add


@pytest.fixture
async def newcomer(database: Database, make_client: MakeClient, ada: Person) -> AsyncClient:
    """Ada without a password, in a session that is open."""
    async with database.transaction() as db:
        await db.exec(update(Account).where(col(Account.id) == ada.id).values(password_hash=None))
        session = await sessions.open_session(
            db, ada.id, Visitor(IP, "curl/8.5.0"), kind="api", opened_by="api"
        )
    client = make_client()
    client.headers["authorization"] = f"Bearer {session.secret}"
    return client


async def _disconnect(client: AsyncClient, connection_id: str, **body: object):  # noqa: ANN202 - httpx.Response
    return await client.request("DELETE", f"/connections/{connection_id}", json=body)


async def test_listed_and_disconnected(
    as_ada: AsyncClient, ada: Person, connect: Connect, mails: ReadMails, database: Database
) -> None:
    assert (await as_ada.get("/connections")).json() == {"items": []}
    connection_id = await connect(ada)
    [item] = (await as_ada.get("/connections")).json()["items"]
    assert item.pop("connected_at").endswith("Z")
    assert item == {
        "id": connection_id,
        "provider": "google",
        "name": "Google",
        "email": "ada@mail.example",
        "provider_account_id": "4711",
        "last_used_at": None,
    }
    answer = await _disconnect(as_ada, connection_id, password=PASSWORD)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await as_ada.get("/connections")).json() == {"items": []}
    again = await _disconnect(as_ada, connection_id, password=PASSWORD)
    assert_problem(again, 404, "not_found")
    assert [kind for kind, _, _ in await mails()] == ["provider_disconnected"]
    async with database.reading() as db:
        events = (await db.exec(select(SecurityEvent.action, SecurityEvent.detail))).all()
    assert events == [("connection.removed", "Google")]


async def test_the_proofs_are_asked(
    as_ada: AsyncClient, ada: Person, phone: Phone, connect: Connect
) -> None:
    connection_id = await connect(ada)
    missing = assert_problem(await _disconnect(as_ada, connection_id), 422, "invalid_field")
    assert fields_of(missing) == ["password"]
    wrong = await _disconnect(as_ada, connection_id, password="wrong-1", code=phone.code())
    assert_problem(wrong, 401, "wrong_password")
    no_code = await _disconnect(as_ada, connection_id, password=PASSWORD)
    assert fields_of(assert_problem(no_code, 422, "invalid_field")) == ["code"]
    wrong_code = await _disconnect(as_ada, connection_id, password=PASSWORD, code="000000")
    assert_problem(wrong_code, 401, "invalid_code")
    done = await _disconnect(as_ada, connection_id, password=PASSWORD, code=phone.code())
    assert done.status_code == 204


async def test_nobody_touches_what_is_somebody_elses(
    client: AsyncClient, as_ada: AsyncClient, eve: Person, sign_in: SignIn, connect: Connect
) -> None:
    connection_id = await connect(eve)
    for unknown in (connection_id, new_id(), "x" * 25, "%00"):
        foreign = await _disconnect(as_ada, unknown, password=PASSWORD)
        assert_problem(foreign, 404, "not_found")
    assert (await as_ada.get("/connections")).json() == {"items": []}
    assert_problem(await client.get("/connections"), 401, "sign_in_required")
    assert_problem(await _disconnect(client, connection_id), 401, "sign_in_required")
    as_eve = await sign_in(eve)
    assert len((await as_eve.get("/connections")).json()["items"]) == 1


async def test_an_api_key_will_not_do(
    as_ada: AsyncClient, ada: Person, client: AsyncClient, connect: Connect
) -> None:
    connection_id = await connect(ada)
    scopes = ["account:read", "account:write", "sessions:write"]
    body = {"name": "Everything", "scopes": scopes, "password": PASSWORD}
    key = (await as_ada.post("/api-keys", json=body)).json()["key"]
    client.headers["authorization"] = f"Bearer {key}"
    assert_problem(await client.get("/connections"), 403, "session_required")
    refused = await _disconnect(client, connection_id, password=PASSWORD)
    assert_problem(refused, 403, "session_required")


async def test_s66_the_only_way_in_stays(
    newcomer: AsyncClient, ada: Person, connect: Connect, postbox: Postbox
) -> None:
    google = await connect(ada)
    assert_problem(await _disconnect(newcomer, google), 409, "last_way_in")
    await connect(ada, "apple", "0815")
    assert_problem(await _disconnect(newcomer, google), 422, "invalid_field")
    code = await code_for(newcomer, postbox, action="disconnect_provider")
    assert (await _disconnect(newcomer, google, code=code)).status_code == 204
    [left] = (await newcomer.get("/connections")).json()["items"]
    assert left["provider"] == "apple"
    assert_problem(await _disconnect(newcomer, left["id"]), 409, "last_way_in")


async def test_s07_a_first_password_takes_a_mailed_code(
    newcomer: AsyncClient,
    client: AsyncClient,
    ada: Person,
    connect: Connect,
    postbox: Postbox,
    mails: ReadMails,
) -> None:
    google = await connect(ada)
    wanted = {"new_password": NEW_PASSWORD}
    for proof in ({}, {"current_password": ""}, {"current_password": NEW_PASSWORD}):
        refused = await newcomer.post("/auth/password", json=wanted | proof)
        assert_problem(refused, 403, "step_up_required")
    code = await code_for(newcomer, postbox, action="set_first_password")
    wrong = await newcomer.post("/auth/password", json=wanted | {"code": "000000"})
    assert_problem(wrong, 401, "invalid_code")
    answer = await newcomer.post("/auth/password", json=wanted | {"code": code})
    assert (answer.status_code, answer.json()) == (200, {"ended_sessions": 0})
    signed_in = await client.post(
        "/auth/sign-in", json={"email": ada.email, "password": NEW_PASSWORD}
    )
    assert signed_in.json()["status"] == "signed_in"
    assert "password_set" in {kind for kind, _, _ in await mails()}
    done = await _disconnect(newcomer, google, password=NEW_PASSWORD)
    assert done.status_code == 204


async def test_s07_who_has_a_password_gives_it(as_ada: AsyncClient, postbox: Postbox) -> None:
    refused = await as_ada.post("/auth/password", json={"new_password": NEW_PASSWORD})
    assert fields_of(assert_problem(refused, 422, "invalid_field")) == ["current_password"]
    asked = await as_ada.post("/auth/2fa/email-otp", json={"action": "set_first_password"})
    assert_problem(asked, 409, "not_enabled")
    assert not postbox.mails
