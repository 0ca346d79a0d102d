"""Proving a domain of an organization's provider by DNS, as several test files do."""

from collections.abc import Callable, Iterator

import pytest

from security_app.accounts.sso_overview import WaitingDomain
from security_app.db.tables import SsoDomain
from tests.accounts.cast import rows
from tests.accounts.sso_house import House, seen_by
from tests.dns_server import DnsServer
from tests.oidc_provider import Provider

DOMAIN = "example.com"


@pytest.fixture
def world(okta: Provider, environment: Callable[..., None]) -> Iterator[DnsServer]:
    """A product that takes nothing but a DNS record for a proof, as in production."""
    with DnsServer() as server:
        environment(SSO_DOMAIN_PROOF=None, DNS_RESOLVER=server.address)
        yield server


async def waiting_domains(made: House) -> dict[str, WaitingDomain]:
    """What the card of an organization's owner says of the domains to prove."""
    seen = await seen_by(made.boss.actor)
    assert seen is not None
    return {each.domain: each for each in seen.waiting}


async def add_record(world: DnsServer, made: House, domain: str = DOMAIN) -> None:
    """Put the record the card asks for into the DNS."""
    waiting = (await waiting_domains(made))[domain]
    world.say(waiting.record_name, waiting.record_value)


async def proven_domains() -> set[str]:
    """All of all organizations."""
    return {row.domain for row in await rows(SsoDomain)}
