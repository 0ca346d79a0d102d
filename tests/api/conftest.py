"""The real application over HTTP, on a real database, as programs meet it."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import time_machine
from sqlmodel import col, select
from starlette.types import ASGIApp

from security_app.accounts.addresses import address_key
from security_app.accounts.hashing import hash_text, hashing_place
from security_app.api.app import build_api
from security_app.clock import now
from security_app.db.engine import Database
from security_app.db.tables import Account, OutboxMessage, new_id
from security_app.mail.queueing import open_params
from security_app.web.asgi import Door
from tests.accounts.postbox import postbox
from tests.api.authenticator import Phone, standing_clock, turn_on
from tests.api.people import IP, PASSWORD, SITE, MakeClient, MakePerson, Person, ReadMails, SignIn

__all__ = ["postbox"]


@pytest.fixture
def app(database: Database) -> ASGIApp:
    """Everything of ours that speaks HTTP; the framework is not mounted below it."""
    return Door(build_api())


@pytest.fixture
async def make_client(app: ASGIApp) -> AsyncIterator[MakeClient]:
    """Makes API clients of one application; each has its own address and user agent."""
    clients: list[httpx.AsyncClient] = []

    def make(*, ip: str = IP, user_agent: str = "curl/8.5.0") -> httpx.AsyncClient:
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, client=(ip, 40000)),
            base_url=f"{SITE}/api/v1",
            headers={"user-agent": user_agent},
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.aclose()


@pytest.fixture
def client(make_client: MakeClient) -> httpx.AsyncClient:
    """Somebody without a token."""
    return make_client()


@pytest.fixture
def make_person(database: Database) -> MakePerson:
    """Makes accounts whose address is confirmed."""

    async def make(email: str = "ada@example.com", name: str = "Ada") -> Person:
        async with hashing_place():
            stored = await hash_text(PASSWORD, "password")
        account = Account(
            id=new_id(),
            email=email,
            email_key=address_key(email),
            name=name,
            created_at=now(),
            email_confirmed_at=now(),
            password_hash=stored,
            password_changed_at=now(),
        )
        async with database.transaction() as db:
            db.add(account)
        return Person(account.id, email)

    return make


@pytest.fixture
async def ada(make_person: MakePerson) -> Person:
    """An account."""
    return await make_person()


@pytest.fixture
async def eve(make_person: MakePerson) -> Person:
    """Another account."""
    return await make_person("eve@example.com", "Eve")


@pytest.fixture
def sign_in(make_client: MakeClient) -> SignIn:
    """Signs a person in over the API and gives the client that carries the token."""

    async def do(
        person: Person, *, ip: str = IP, user_agent: str = "curl/8.5.0"
    ) -> httpx.AsyncClient:
        client = make_client(ip=ip, user_agent=user_agent)
        answer = await client.post(
            "/auth/sign-in", json={"email": person.email, "password": person.password}
        )
        assert answer.status_code == 200, answer.text
        client.headers["authorization"] = f"Bearer {answer.json()['token']}"
        return client

    return do


@pytest.fixture
async def as_ada(sign_in: SignIn, ada: Person) -> httpx.AsyncClient:
    """Ada, signed in."""
    return await sign_in(ada)


@pytest.fixture
def mails(database: Database) -> ReadMails:
    """Reads the mails that wait."""

    async def read() -> list[tuple[str, str, dict[str, str]]]:
        async with database.reading() as db:
            statement = select(OutboxMessage).order_by(
                col(OutboxMessage.created_at), col(OutboxMessage.id)
            )
            rows = (await db.exec(statement)).all()
        return [(row.kind, row.recipient, open_params(row)) for row in rows]

    return read


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Time stands still unless a test moves it."""
    with standing_clock() as traveller:
        yield traveller


@pytest.fixture
async def phone(as_ada: httpx.AsyncClient, clock: time_machine.Traveller) -> Phone:
    """Ada's phone, the app on, the confirming code a minute old."""
    made = await turn_on(as_ada)
    clock.shift(60)
    return made
