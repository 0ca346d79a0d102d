"""Google and Apple of the browser tests: a real OpenID Provider, and one that does not answer."""

import secrets
from collections.abc import Iterator

import pytest

from security_app.clock import now
from security_app.db.tables import Connection
from tests.e2e.watch import Watch
from tests.foreign_provider import ForeignProvider
from tests.oidc_provider import Provider
from tests.server import Person, Server


@pytest.fixture(scope="module")
def google() -> Iterator[Provider]:
    """Google; each test adds whom it needs."""
    with Provider(name="Google") as running:
        yield running


@pytest.fixture(scope="module")
def server(google: Provider) -> Iterator[Server]:
    """A product that offers Google, and Apple, which is down."""
    with Server(environment_of(google)) as running:
        yield running


@pytest.fixture
def watch(watch: Watch, google: Provider) -> Watch:
    """The browser may go to Google."""
    watch.expect_complaint(f"third party: {google.issuer}/authorize")
    return watch


def environment_of(google: Provider | ForeignProvider) -> dict[str, str]:
    """The variables that offer Google at this provider, and Apple where nothing listens."""
    return {
        "GOOGLE_CLIENT_ID": google.client_id,
        "GOOGLE_CLIENT_SECRET": google.client_secret,
        "GOOGLE_ISSUER": google.issuer,
        "APPLE_CLIENT_ID": "client",
        # Port 9 is nobody's: the connection is refused at once.
        "APPLE_ISSUER": "http://127.0.0.1:9",
    }


def at_google(google: Provider, email: str) -> str:
    """Give somebody an account there; returns its id."""
    sub = "1047" + str(secrets.randbelow(10**17)).zfill(17)
    google.add_person(sub, email=email, name="Ada Example")
    return sub


def plant(server: Server, person: Person, provider: str, issuer: str, subject: str) -> None:
    """Connect somebody, straight in the database."""
    with server.rows() as rows:
        rows.add(
            Connection(
                account_id=person.id,
                provider=provider,
                issuer=issuer,
                subject=subject,
                email=f"{subject}@mail.example",
                connected_at=now(),
                last_used_at=now(),
            )
        )
        rows.commit()
