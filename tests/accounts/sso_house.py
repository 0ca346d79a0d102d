"""An organization with a provider of its own: a real one over HTTP, and people who use it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from security_app.accounts import (
    memberships,
    oidc_issuers,
    provider_sign_in,
    sign_in,
    sso_overview,
    sso_settings,
    sso_terms,
)
from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.provider_sign_in import Arrived
from security_app.accounts.step_up import Proofs
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, Connection, SsoConnection
from tests.accounts.cast import OWNER, PASSWORD, actor_of, rows
from tests.accounts.identities import come_back, url_of
from tests.accounts.workplace import Colleague, colleague, found
from tests.oidc_provider import Provider

PROOFS = Proofs(PASSWORD)
BOSS = "boss@example.com"
SUB = "okta-ada"


@pytest.fixture
def okta(environment: Callable[..., None]) -> Iterator[Provider]:
    """An organization's provider on this machine, which the settings allow."""
    oidc_issuers._known.clear()
    environment(SSO_PRIVATE_ISSUERS="1", SSO_DOMAIN_PROOF="address")
    with Provider(name="Okta") as running:
        running.add_person(SUB, email="ada@example.com", name="Ada King", email_verified=False)
        yield running


@dataclass(frozen=True)
class House:
    """An organization and its owner, whose address is ``BOSS``."""

    id: str
    boss: Colleague


async def house(email: str = BOSS) -> House:
    """An organization without single sign-on."""
    organization_id = await found()
    boss = await colleague(organization_id, "owner", email, password=PASSWORD)
    return House(organization_id, boss)


def terms(provider: Provider, **changed: Any) -> sso_terms.Terms:
    """What its owner types."""
    typed: dict[str, Any] = {
        "name": "Okta",
        "issuer": provider.issuer,
        "client_id": provider.client_id,
        "client_secret": provider.client_secret,
        "domains": ["example.com"],
    }
    return sso_terms.accepted(**typed | changed)


async def house_with_sso(provider: Provider, email: str = BOSS, **changed: Any) -> House:
    """An organization whose people sign in through a provider."""
    made = await house(email)
    await sso_settings.configure(made.boss.actor, terms(provider, **changed), PROOFS)
    return made


async def the_connection() -> SsoConnection:
    """The one there is."""
    (row,) = await rows(SsoConnection)
    return row


async def connect(person: Colleague, provider: Provider, sub: str = SUB) -> None:
    """Let somebody have connected an identity there."""
    row = await the_connection()
    async with transaction() as db:
        db.add(
            Connection(
                account_id=person.id,
                provider=f"sso-{row.id}",
                sso_connection_id=row.id,
                issuer=provider.issuer,
                subject=sub,
                connected_at=person.account.created_at,
            )
        )


async def managed_member(made: House, provider: Provider, email: str = "") -> Colleague:
    """A member with a password who has connected the organization's provider."""
    member = await colleague(made.id, "member", email, password=PASSWORD)
    await connect(member, provider)
    return member


async def sign_in_with_sso(
    provider: Provider, sub: str = SUB, email: str = "ada@example.com", visitor: Visitor = OWNER
) -> Arrived:
    """A whole sign-in: the address, the provider, back."""
    path = await provider_sign_in.begin_sso(visitor, email=email)
    answer = provider.authorize(await url_of(path, visitor), sub)
    row = await the_connection()
    return await come_back(answer, visitor=visitor, provider=f"sso-{row.id}")


async def actor_after(arrived: Arrived, visitor: Visitor = OWNER) -> Actor:
    """Who is signed in by it."""
    assert arrived.refusal is None
    redeemed = await sign_in.redeem_ticket(visitor, arrived.ticket)
    return await actor_of(redeemed.session, visitor)


async def account_with(email: str) -> Account | None:
    """The row of an address."""
    found_rows = await rows(Account, Account.email == email)
    return found_rows[0] if found_rows else None


async def seen_by(actor: Actor) -> sso_overview.SingleSignOn | None:
    """What the Workspace page shows somebody of it."""
    async with reading() as db:
        place = await memberships.entered(db, actor, "read")
        return await sso_overview.of_organization(db, place)
