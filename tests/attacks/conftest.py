"""The running product, and somebody in it who has something to lose."""

import dataclasses
import secrets
from collections.abc import AsyncIterator, Iterator

import pytest

from tests import server as product
from tests.attacks.raw_client import RawClient
from tests.attacks.second_factor import Owner, make_owner
from tests.server import Browser, Person, Server

server = product.server


@dataclasses.dataclass(frozen=True)
class Victim:
    """A signed-in person with two sessions, one of them named."""

    person: Person
    here: Browser
    there: Browser
    session_name: str
    server: Server = dataclasses.field(repr=False)

    @property
    def traces(self) -> list[str]:
        """Texts that occur nowhere but in this account."""
        return [
            self.person.email,
            self.person.name,
            self.person.id,
            self.session_name,
            *self.secrets,
            self.here.session_id,
            self.there.session_id,
        ]

    @property
    def secrets(self) -> list[str]:
        """What nobody ever gets to see, the owner included."""
        return [
            self.here.session,
            self.there.session,
            self.server.session_row(self.here.session_id).secret_hash,
            self.server.session_row(self.there.session_id).secret_hash,
        ]

    def assert_absent(self, text: str) -> None:
        """Nothing of the account stands in a text."""
        assert [trace for trace in self.traces if trace in text] == []


@pytest.fixture(autouse=True)
async def _close_sockets() -> AsyncIterator[None]:
    yield
    for client in tuple(RawClient.opened):
        await client.close()


@pytest.fixture
def victim(server: Server) -> Victim:
    return make_victim(server)


def make_victim(server: Server) -> Victim:
    person = server.add_account(name=f"Name {secrets.token_hex(6)}")
    session_name = f"Desk {secrets.token_hex(6)}"
    return Victim(
        person,
        server.add_session(person),
        server.add_session(person, name=session_name),
        session_name,
        server,
    )


@pytest.fixture(scope="module")
def postgres_server() -> Iterator[Server]:
    """The same product on PostgreSQL."""
    from tests.conftest import POSTGRES_URL, require_service

    require_service("PostgreSQL", POSTGRES_URL)
    with Server(postgresql=True) as running:
        yield running


@pytest.fixture
async def owner(server: Server) -> Owner:
    """A signed-in person whose app is on."""
    return await make_owner(server)


@pytest.fixture
def person(server: Server) -> Person:
    """Somebody whose app is off."""
    return server.add_account()
