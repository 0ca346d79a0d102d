"""The domains of an organization's provider: claimed, proven by DNS, trusted from then on only."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from security_app.accounts import (
    connections,
    organizations,
    provider_sign_in,
    sso_domain_check,
    sso_settings,
)
from security_app.accounts.errors import FieldRefused, TooManyAttempts
from security_app.accounts.provider_errors import AddressUnproven, ProviderUnknown
from security_app.accounts.workspace_errors import NotInWorkspace, RoleRequired
from security_app.db.engine import transaction
from security_app.db.tables import Account, SecurityEvent, SsoDomain, SsoDomainClaim
from security_app.live.hub import hub
from security_app.policy import ROLES
from tests.accounts.cast import OWNER, outcome_of, rows
from tests.accounts.domain_proofs import DOMAIN, add_record, proven_domains, waiting_domains, world
from tests.accounts.sso_house import (
    PROOFS,
    account_with,
    actor_after,
    connect,
    house,
    house_with_sso,
    okta,
    seen_by,
    sign_in_with_sso,
    terms,
    the_connection,
)
from tests.accounts.workplace import colleague
from tests.dns_server import DnsServer
from tests.oidc_provider import Provider

__all__ = ["okta", "world"]

pytestmark = pytest.mark.usefixtures("database", "clock")


async def test_a_described_domain_waits_for_its_record(world: DnsServer, okta: Provider) -> None:
    """An owner's confirmed address in it is not proof enough."""
    made = await house_with_sso(okta, domains=[DOMAIN, "example.org"])
    assert await proven_domains() == set()
    waiting = await waiting_domains(made)
    assert set(waiting) == {DOMAIN, "example.org"}
    values = {each.record_value for each in waiting.values()}
    assert len(values) == 2
    assert {each.finding for each in waiting.values()} == {""}
    seen = await seen_by(made.boss.actor)
    assert seen is not None
    assert (seen.domains, seen.described) == ((), (DOMAIN, "example.org"))


async def test_the_record_proves_it_and_newcomers_come_in(world: DnsServer, okta: Provider) -> None:
    made = await house_with_sso(okta)
    member = await colleague(made.id, "member")
    await add_record(world, made)
    with hub.subscribe(member.id) as subscription:
        assert await sso_domain_check.check(made.boss.actor, DOMAIN) == "proven"
        assert "workspace" in {change.topic for change in await subscription.next(1)}
    assert await proven_domains() == {DOMAIN}
    assert await waiting_domains(made) == {}
    assert await actor_after(await sign_in_with_sso(okta))
    events = {(row.action, row.detail) for row in await rows(SecurityEvent)}
    assert ("organization.sso_domain_proven", DOMAIN) in events


async def test_nobody_is_signed_in_by_an_unproven_domain(world: DnsServer, okta: Provider) -> None:
    made = await house_with_sso(okta, domains=[DOMAIN, "example.org"])
    with pytest.raises(FieldRefused) as refused:
        await provider_sign_in.begin_sso(OWNER, email="ada@example.com")
    assert refused.value.field == "email"
    # Nor by the way of another domain, which is proven.
    await add_record(world, made, "example.org")
    assert await sso_domain_check.check(made.boss.actor, "example.org") == "proven"
    arrived = await sign_in_with_sso(okta, email="x@example.org")
    assert isinstance(arrived.refusal, AddressUnproven)
    assert await account_with("ada@example.com") is None


async def test_members_who_have_connected_it_come_in_all_the_same(
    world: DnsServer, okta: Provider
) -> None:
    """They have an account and agreed inside it: no domain is trusted for that."""
    made = await house_with_sso(okta, domains=[DOMAIN, "example.org"])
    await add_record(world, made, "example.org")
    await sso_domain_check.check(made.boss.actor, "example.org")
    member = await colleague(made.id, "member", "ada@example.com")
    await connect(member, okta)
    actor = await actor_after(await sign_in_with_sso(okta, email="x@example.org"))
    assert actor.account_id == member.id


async def test_nobody_can_connect_what_nobody_could_sign_in_through(
    world: DnsServer, okta: Provider
) -> None:
    """A member would be managed by it, and find no way in any more."""
    made = await house_with_sso(okta)
    member = await colleague(made.id, "member")
    key = f"sso-{(await the_connection()).id}"
    attempt = connections.target_to_connect(member.actor, key)
    assert isinstance(await outcome_of(attempt), ProviderUnknown)
    await add_record(world, made)
    await sso_domain_check.check(made.boss.actor, DOMAIN)
    assert (await connections.target_to_connect(member.actor, key)).name == "Okta"


async def test_the_last_proven_domain_stays_while_people_sign_in_by_it(
    world: DnsServer, okta: Provider
) -> None:
    made = await house_with_sso(okta)
    await add_record(world, made)
    await sso_domain_check.check(made.boss.actor, DOMAIN)
    await actor_after(await sign_in_with_sso(okta))
    moved = terms(okta, domains=["example.org"])
    with pytest.raises(FieldRefused) as refused:
        await sso_settings.change(made.boss.actor, moved, PROOFS)
    assert refused.value.field == "domains"
    assert await proven_domains() == {DOMAIN}
    both = terms(okta, domains=[DOMAIN, "example.org"])
    await sso_settings.change(made.boss.actor, both, PROOFS)
    await add_record(world, made, "example.org")
    await sso_domain_check.check(made.boss.actor, "example.org")
    await sso_settings.change(made.boss.actor, moved, PROOFS)
    assert await proven_domains() == {"example.org"}


async def test_what_was_found_is_kept_and_shown(
    world: DnsServer, okta: Provider, clock: time_machine.Traveller
) -> None:
    made = await house_with_sso(okta)
    assert await sso_domain_check.check(made.boss.actor, DOMAIN) == "missing"
    first = (await waiting_domains(made))[DOMAIN]
    world.say(first.record_name, "security-centre-verification=wrong")
    clock.shift(timedelta(minutes=5))
    assert await sso_domain_check.check(made.boss.actor, DOMAIN) == "other"
    second = (await waiting_domains(made))[DOMAIN]
    assert (first.finding, second.finding) == ("missing", "other")
    assert first.checked_at is not None
    assert second.checked_at == first.checked_at + timedelta(minutes=5)
    assert await proven_domains() == set()


async def test_the_record_of_another_organization_proves_nothing(
    world: DnsServer, okta: Provider
) -> None:
    made = await house_with_sso(okta)
    rival = await house("mallory@example.com")
    await sso_settings.configure(rival.boss.actor, terms(okta), PROOFS)
    await add_record(world, made)
    assert await sso_domain_check.check(rival.boss.actor, DOMAIN) == "other"
    assert await proven_domains() == set()


async def test_the_record_of_another_domain_proves_nothing(
    world: DnsServer, okta: Provider
) -> None:
    made = await house_with_sso(okta, domains=[DOMAIN, "example.org"])
    waiting = await waiting_domains(made)
    world.say(waiting[DOMAIN].record_name, waiting["example.org"].record_value)
    assert await sso_domain_check.check(made.boss.actor, DOMAIN) == "other"


async def test_a_claim_keeps_nobody_from_the_domain(world: DnsServer, okta: Provider) -> None:
    """Whoever claims first has nothing; who proves first has it, and the other is told."""
    squatter = await house_with_sso(okta, "mallory@example.net")
    made = await house()
    await sso_settings.configure(made.boss.actor, terms(okta), PROOFS)
    await add_record(world, made)
    assert await sso_domain_check.check(made.boss.actor, DOMAIN) == "proven"
    assert await sso_domain_check.check(squatter.boss.actor, DOMAIN) == "other"
    await add_record(world, squatter)
    assert await sso_domain_check.check(squatter.boss.actor, DOMAIN) == "in_use"
    assert (await waiting_domains(squatter))[DOMAIN].finding == "in_use"
    (row,) = await rows(SsoDomain)
    assert row.sso_connection_id != (await rows(SsoDomainClaim))[0].sso_connection_id


async def test_a_proven_domain_cannot_be_claimed(world: DnsServer, okta: Provider) -> None:
    made = await house_with_sso(okta)
    await add_record(world, made)
    await sso_domain_check.check(made.boss.actor, DOMAIN)
    rival = await house("mallory@example.net")
    with pytest.raises(FieldRefused) as refused:
        await sso_settings.configure(rival.boss.actor, terms(okta), PROOFS)
    assert refused.value.field == "domains"


async def test_what_is_proven_stays_when_the_record_goes(world: DnsServer, okta: Provider) -> None:
    made = await house_with_sso(okta)
    await add_record(world, made)
    await sso_domain_check.check(made.boss.actor, DOMAIN)
    world.texts.clear()
    await sso_settings.change(made.boss.actor, terms(okta, name="Okta Europe"), PROOFS)
    assert await proven_domains() == {DOMAIN}
    assert await actor_after(await sign_in_with_sso(okta))


async def test_what_an_address_proved_stays_when_more_is_asked(
    okta: Provider, environment: Callable[..., None]
) -> None:
    made = await house_with_sso(okta)
    environment(SSO_DOMAIN_PROOF="dns")
    described = terms(okta, domains=[DOMAIN, "example.org"])
    await sso_settings.change(made.boss.actor, described, PROOFS)
    assert await proven_domains() == {DOMAIN}
    assert set(await waiting_domains(made)) == {"example.org"}


async def test_a_claim_keeps_its_record_until_it_is_given_up(
    world: DnsServer, okta: Provider
) -> None:
    made = await house_with_sso(okta)
    first = (await waiting_domains(made))[DOMAIN]
    both = terms(okta, domains=[DOMAIN, "example.org"])
    await sso_settings.change(made.boss.actor, both, PROOFS)
    assert (await waiting_domains(made))[DOMAIN] == first
    await add_record(world, made)
    await sso_settings.change(made.boss.actor, terms(okta, domains=["example.org"]), PROOFS)
    assert set(await waiting_domains(made)) == {"example.org"}
    await sso_settings.change(made.boss.actor, both, PROOFS)
    assert (await waiting_domains(made))[DOMAIN].record_value != first.record_value
    # What the former record says is worth nothing any more.
    assert await sso_domain_check.check(made.boss.actor, DOMAIN) == "other"


async def test_a_domain_taken_out_counts_no_more(world: DnsServer, okta: Provider) -> None:
    made = await house_with_sso(okta)
    await add_record(world, made)
    await sso_domain_check.check(made.boss.actor, DOMAIN)
    await sso_settings.change(made.boss.actor, terms(okta, domains=["example.org"]), PROOFS)
    assert await proven_domains() == set()
    assert set(await waiting_domains(made)) == {"example.org"}


@pytest.mark.parametrize("finding", ["proven", "missing"])
async def test_a_claim_given_up_while_dns_is_asked_is_left_alone(
    world: DnsServer, okta: Provider, monkeypatch: pytest.MonkeyPatch, finding: str
) -> None:
    made = await house_with_sso(okta)

    async def look_up(domain: str, token: str) -> str:
        for domains in (["example.org"], [DOMAIN]):
            await sso_settings.change(made.boss.actor, terms(okta, domains=domains), PROOFS)
        return finding

    monkeypatch.setattr(sso_domain_check.domain_records, "look_up", look_up)
    refused = await outcome_of(sso_domain_check.check(made.boss.actor, DOMAIN))
    assert isinstance(refused, NotInWorkspace)
    assert await proven_domains() == set()
    assert {each.finding for each in (await waiting_domains(made)).values()} == {""}


async def test_who_is_no_owner_any_more_when_dns_answers_proves_nothing(
    world: DnsServer, okta: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await house_with_sso(okta)
    second = await colleague(made.id, "owner")

    async def look_up(domain: str, token: str) -> str:
        await organizations.leave(second.actor)
        return "proven"

    monkeypatch.setattr(sso_domain_check.domain_records, "look_up", look_up)
    assert isinstance(
        await outcome_of(sso_domain_check.check(second.actor, DOMAIN)), NotInWorkspace
    )
    assert await proven_domains() == set()


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"owner"}))
async def test_no_other_role_sees_the_record_or_has_it_looked_for(
    world: DnsServer, okta: Provider, role: str
) -> None:
    made = await house_with_sso(okta)
    await add_record(world, made)
    actor = (await colleague(made.id, role)).actor
    seen = await seen_by(actor)
    assert seen is not None
    assert (seen.domains, seen.waiting, seen.described) == ((), (), ())
    assert isinstance(await outcome_of(sso_domain_check.check(actor, DOMAIN)), RoleRequired)
    assert not world.asked
    assert await proven_domains() == set()


@pytest.mark.parametrize(
    "domain", ["", "example.org", "EXAMPLE.COM", "example.com.", "a\0b", "\ud800", "x" * 4000, "%"]
)
async def test_only_what_is_claimed_is_looked_for(
    world: DnsServer, okta: Provider, domain: str
) -> None:
    made = await house_with_sso(okta)
    foreign = await house("owner@example.org")
    await sso_settings.configure(foreign.boss.actor, terms(okta, domains=["example.org"]), PROOFS)
    refused = await outcome_of(sso_domain_check.check(made.boss.actor, domain))
    assert isinstance(refused, NotInWorkspace)
    assert not world.asked


async def test_looking_is_bounded(world: DnsServer, okta: Provider) -> None:
    made = await house_with_sso(okta)
    second = await colleague(made.id, "owner")
    for number in range(20):
        actor = (made.boss, second)[number % 2].actor
        assert await sso_domain_check.check(actor, DOMAIN) == "missing"
    asked = sum(world.asked.values())
    for actor in (made.boss.actor, second.actor):
        assert isinstance(await outcome_of(sso_domain_check.check(actor, DOMAIN)), TooManyAttempts)
    assert sum(world.asked.values()) == asked


async def test_a_claim_goes_with_the_connection_and_with_the_organization(
    world: DnsServer, okta: Provider
) -> None:
    made = await house_with_sso(okta)
    await sso_settings.remove(made.boss.actor, PROOFS)
    assert await rows(SsoDomainClaim) == []
    await sso_settings.configure(made.boss.actor, terms(okta), PROOFS)
    assert len(await rows(SsoDomainClaim)) == 1
    async with transaction() as db:
        from security_app.db.tables import Organization

        await db.delete(await db.get_one(Organization, made.id))
    assert await rows(SsoDomainClaim) == []
    assert await rows(Account)
