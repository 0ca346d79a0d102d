"""An organization's single sign-on: who may set it up, with which domains, and its end."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col

from security_app.accounts import organizations, sso_settings
from security_app.accounts.errors import (
    AlreadyOn,
    FieldRefused,
    NotOn,
    WrongPassword,
)
from security_app.accounts.step_up import Proofs
from security_app.accounts.workspace_errors import NotInWorkspace, RoleRequired
from security_app.db.engine import transaction
from security_app.db.tables import (
    Account,
    Connection,
    ProviderTrip,
    SecurityEvent,
    SsoConnection,
    SsoDomain,
    SsoDomainClaim,
)
from security_app.policy import ROLES
from tests.accounts.cast import (
    OWNER,
    deliver,
    kinds_of_mail,
    outcome_of,
    rows,
)
from tests.accounts.sso_house import (
    PROOFS,
    house,
    house_with_sso,
    managed_member,
    okta,
    seen_by,
    terms,
    the_connection,
)
from tests.accounts.workplace import colleague
from tests.oidc_provider import Provider

__all__ = ["okta"]

pytestmark = pytest.mark.usefixtures("database", "clock")


async def _domains() -> set[str]:
    return {row.domain for row in await rows(SsoDomain)}


async def _claims() -> set[str]:
    return {row.domain for row in await rows(SsoDomainClaim)}


async def test_an_owner_sets_it_up_and_only_owners_see_the_particulars(okta: Provider) -> None:
    made = await house_with_sso(okta)
    seen = await seen_by(made.boss.actor)
    assert seen is not None
    assert (seen.type, seen.name, seen.domains) == ("oidc", "Okta", ("example.com",))
    assert (seen.issuer, seen.client_id) == (okta.issuer, okta.client_id)
    assert seen.redirect_uri.endswith(f"/auth/callback/sso-{(await the_connection()).id}")
    member = await colleague(made.id, "super_admin")
    theirs = await seen_by(member.actor)
    assert theirs is not None
    assert (theirs.name, theirs.domains) == ("Okta", ("example.com",))
    assert theirs.issuer == theirs.client_id == theirs.redirect_uri == ""
    (row,) = await rows(SecurityEvent, SecurityEvent.account_id == made.boss.id)
    assert (row.action, row.detail) == ("organization.sso_configured", "Okta")


async def test_the_secret_is_sealed_and_shown_nowhere(okta: Provider) -> None:
    made = await house_with_sso(okta)
    stored = await the_connection()
    secret = okta.client_secret
    assert secret.encode() not in stored.sealed_client_secret
    assert secret not in repr(await seen_by(made.boss.actor)) + repr(terms(okta))


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"owner"}))
async def test_no_other_role_may_touch_it(okta: Provider, role: str) -> None:
    made = await house_with_sso(okta)
    actor = (await colleague(made.id, role, "eve@example.com", password="x")).actor
    before = [await rows(table) for table in (SsoConnection, SsoDomain)]
    hits = dict(okta.hits)
    for attempt in (
        sso_settings.configure(actor, terms(okta), PROOFS),
        sso_settings.change(actor, terms(okta), PROOFS),
        sso_settings.remove(actor, PROOFS),
        sso_settings.require_owner(actor),
    ):
        assert isinstance(await outcome_of(attempt), RoleRequired)
    assert [await rows(table) for table in (SsoConnection, SsoDomain)] == before
    assert okta.hits == hits


async def test_strangers_and_other_owners_reach_nothing_of_it(okta: Provider) -> None:
    made = await house_with_sso(okta)
    stranger = (await colleague("", "")).actor
    for attempt in (
        sso_settings.configure(stranger, terms(okta), PROOFS),
        sso_settings.change(stranger, terms(okta), PROOFS),
        sso_settings.remove(stranger, PROOFS),
    ):
        assert isinstance(await outcome_of(attempt), NotInWorkspace)
    other = await house("owner@example.org")
    assert await seen_by(other.boss.actor) is None
    assert isinstance(await outcome_of(sso_settings.remove(other.boss.actor, PROOFS)), NotOn)
    assert await seen_by(made.boss.actor) is not None


async def test_nothing_without_the_password(okta: Provider) -> None:
    made = await house()
    for proofs, refusal in ((Proofs("wrong"), WrongPassword), (Proofs(), FieldRefused)):
        attempt = sso_settings.configure(made.boss.actor, terms(okta), proofs)
        assert isinstance(await outcome_of(attempt), refusal)
    assert await rows(SsoConnection) == []


async def test_a_second_one_is_refused(okta: Provider) -> None:
    made = await house_with_sso(okta)
    with pytest.raises(AlreadyOn):
        await sso_settings.configure(made.boss.actor, terms(okta), PROOFS)


async def test_each_domain_is_proven_by_a_confirmed_address_of_an_owner(okta: Provider) -> None:
    made = await house()
    await colleague(made.id, "super_admin", "eve@example.net")
    second = await colleague(made.id, "owner", "second@example.org")
    async with transaction() as db:
        await db.exec(
            update(Account).where(col(Account.id) == second.id).values(email_confirmed_at=None)
        )
    others = ["example.net", "example.org", "sub.example.com", "com.example"]
    described = terms(okta, domains=["example.com", *others])
    await sso_settings.configure(made.boss.actor, described, PROOFS)
    assert await _domains() == {"example.com"}
    assert await _claims() == set(others)
    async with transaction() as db:
        await db.exec(
            update(Account)
            .where(col(Account.id) == second.id)
            .values(email_confirmed_at=second.account.created_at)
        )
    described = terms(okta, domains=["example.com", "example.org"])
    await sso_settings.change(made.boss.actor, described, PROOFS)
    assert await _domains() == {"example.com", "example.org"}
    assert await _claims() == set()


async def test_a_domain_belongs_to_one_organization_without_saying_which(okta: Provider) -> None:
    await house_with_sso(okta)
    rival = await house("rival@example.com")
    with pytest.raises(FieldRefused) as refused:
        await sso_settings.configure(rival.boss.actor, terms(okta), PROOFS)
    assert refused.value.field == "domains"
    assert refused.value.sentence == "One of these domains is in use already."


async def test_of_two_at_once_one_gets_the_domain(okta: Provider) -> None:
    houses = [await house(f"boss{number}@example.com") for number in range(4)]
    outcomes = await asyncio.gather(
        *(sso_settings.configure(made.boss.actor, terms(okta), PROOFS) for made in houses),
        return_exceptions=True,
    )
    lost = [each for each in outcomes if each is not None]
    assert len(lost) == 3
    assert all(isinstance(each, FieldRefused) and each.field == "domains" for each in lost)
    assert len(await rows(SsoConnection)) == len(await rows(SsoDomain)) == 1


async def test_a_change_keeps_the_secret_and_who_is_connected(okta: Provider) -> None:
    made = await house_with_sso(okta)
    await colleague(made.id, "owner", "second@example.org")
    await managed_member(made, okta)
    before = await the_connection()
    described = terms(okta, name="Okta Europe", client_secret="", domains=["example.org"])
    await sso_settings.change(made.boss.actor, described, PROOFS)
    after = await the_connection()
    assert (after.id, after.name) == (before.id, "Okta Europe")
    assert after.sealed_client_secret == before.sealed_client_secret
    assert await _domains() == {"example.org"}
    assert len(await rows(Connection)) == 1
    assert await kinds_of_mail() == []


async def test_a_proven_domain_stays_when_its_owner_leaves(okta: Provider) -> None:
    made = await house_with_sso(okta)
    second = await colleague(made.id, "owner", "second@example.org", password="x")
    described = terms(okta, domains=["example.com", "example.org"])
    await sso_settings.change(made.boss.actor, described, PROOFS)
    await organizations.leave(second.actor)
    await sso_settings.change(made.boss.actor, terms(okta, domains=["example.org"]), PROOFS)
    assert await _domains() == {"example.org"}
    described = terms(okta, domains=["example.org", "example.net"])
    await sso_settings.change(made.boss.actor, described, PROOFS)
    assert await _domains() == {"example.org"}
    assert await _claims() == {"example.net"}


async def test_another_issuer_needs_its_own_secret_and_knows_nobody(
    okta: Provider, tmp_path: Path
) -> None:
    made = await house_with_sso(okta)
    member = await managed_member(made, okta)
    with Provider(name="Entra", client_id="other", client_secret="other-secret") as entra:
        kept = terms(okta, issuer=entra.issuer, client_secret="")
        with pytest.raises(FieldRefused) as refused:
            await sso_settings.change(made.boss.actor, kept, PROOFS)
        assert refused.value.field == "client_secret"
        assert not entra.hits
        await sso_settings.change(made.boss.actor, terms(entra, name="Entra"), PROOFS)
    assert await rows(Connection) == []
    (mail,) = await deliver(tmp_path)
    assert member.account.email in mail["To"]
    body = mail.get_content() if not mail.is_multipart() else mail.as_string()
    assert "Okta" in body
    assert "connect your organization's sign-in again" in " ".join(body.split())


async def test_a_change_of_the_issuer_or_its_end_cuts_off_who_is_on_the_way(
    okta: Provider,
) -> None:
    from security_app.accounts import provider_sign_in

    made = await house_with_sso(okta)
    await provider_sign_in.begin_sso(OWNER, email="ada@example.com")
    assert len(await rows(ProviderTrip)) == 1
    await sso_settings.remove(made.boss.actor, PROOFS)
    assert await rows(ProviderTrip) == []
