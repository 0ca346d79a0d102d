"""Google and Apple of the rule tests: real OpenID Providers over HTTP, and people who use them."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from security_app.accounts import oidc_issuers, provider_sign_in, provider_trips
from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.provider_sign_in import Arrived
from security_app.db.engine import reading
from tests.accounts.cast import OWNER
from tests.oidc_provider import Provider

#: Nobody at first; a test adds whom it needs.
ADA_AT_GOOGLE = "google-ada"
ADAS_ADDRESS = "ada@example.com"


@pytest.fixture
def google(environment: Callable[..., None]) -> Iterator[Provider]:
    """Google, configured; Ada has an account there with the address she has here."""
    oidc_issuers._known.clear()
    with Provider(name="Google") as running:
        running.add_person(ADA_AT_GOOGLE, email=ADAS_ADDRESS, name="Ada King")
        environment(
            GOOGLE_CLIENT_ID=running.client_id,
            GOOGLE_CLIENT_SECRET=running.client_secret,
            GOOGLE_ISSUER=running.issuer,
        )
        yield running


async def url_of(path: str, visitor: Visitor = OWNER) -> str:
    """Where at the provider a path of ours leads."""
    async with reading() as db:
        return await provider_trips.destination(db, visitor, urlsplit(path).path.split("/")[-1])


async def come_back(
    answer: dict[str, str],
    *,
    visitor: Visitor = OWNER,
    actor: Actor | None = None,
    provider: str = "google",
) -> Arrived:
    """Bring a provider's answer to us."""
    rest = {name: value for name, value in answer.items() if name != "state"}
    return await provider_sign_in.arrive(
        visitor, actor, provider, state=answer.get("state", ""), answer=rest
    )


async def sign_in_with(
    provider: Provider, sub: str, *, visitor: Visitor = OWNER, key: str = "google"
) -> Arrived:
    """A whole sign-in: begin, agree there, come back."""
    path = await provider_sign_in.begin(visitor, key)
    answer = provider.authorize(await url_of(path, visitor), sub)
    return await come_back(answer, visitor=visitor, provider=key)
