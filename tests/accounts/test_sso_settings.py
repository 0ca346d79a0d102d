"""An organization's single sign-on: who may set it up, with which domains, and its end."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col

from security_app.accounts import members, organizations, passwords, sso_settings
from security_app.accounts.errors import (
    AlreadyOn,
    FieldRefused,
    NotOn,
    TooManyAttempts,
    WrongPassword,
)
from security_app.accounts.password_reset import ask_for_reset
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
from security_app.live.hub import hub
from security_app.policy import ROLES
from tests.accounts.cast import (
    OTHER_PASSWORD,
    OWNER,
    deliver,
    kinds_of_mail,
    outcome_of,
    rows,
    sign_in_browser,
    token_in,
)
from tests.accounts.sso_house import (
    PROOFS,
    account_with,
    actor_after,
    house,
    house_with_sso,
    managed_member,
    okta,
    seen_by,
    sign_in_with_sso,
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


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 61),
        ("name", "a\u202eb"),
        ("name", "https://evil.example"),
        ("name", "evil.example"),
        ("issuer", ""),
        ("issuer", "https://example.com/" + "x" * 255),
        ("issuer", "https://exa mple.com"),
        ("issuer", "https://ex\u00e4mple.com"),
        ("client_id", ""),
        ("client_id", "x" * 256),
        ("client_id", "a\0b"),
        ("client_secret", "x" * 256),
        ("client_secret", "\ud800"),
        ("domains", []),
        ("domains", [""]),
        ("domains", ["example"]),
        ("domains", ["a@example.com"]),
        ("domains", ["exa mple.com"]),
        ("domains", ["example.com/path"]),
        ("domains", ["[127.0.0.1]"]),
        ("domains", [f"d{number}.example.com" for number in range(11)]),
        ("domains", ["x" * 300 + ".com"]),
        ("domains", ["Gmail.com"]),
        ("domains", ["GMX.at"]),
        ("domains", ["yahoo.co.uk"]),
        ("domains", ["example.com", "icloud.com"]),
    ],
)
async def test_what_cannot_be_right_is_refused_beside_its_field(
    okta: Provider, field: str, value: object
) -> None:
    with pytest.raises(FieldRefused) as refused:
        terms(okta, **{field: value})
    assert refused.value.field == field


@pytest.mark.parametrize(
    "written", ["EXAMPLE.com", " @example.com ", "example.com.", "\uff45xample.com"]
)
async def test_domains_are_read_as_addresses_are(okta: Provider, written: str) -> None:
    assert terms(okta, domains=[written, "example.com"]).domains == {"example.com"}
    assert terms(okta, domains=["b\u00fccher.example"]).domains == {"xn--bcher-kva.example"}
    assert terms(okta, domains=["gmx.example.com"]).domains == {"gmx.example.com"}


@pytest.mark.parametrize(
    "issuer",
    [
        "ftp://example.com",
        "example.com",
        "//example.com",
        "https://",
        "https://user@example.com",
        "https://user:pass@example.com",
        "https://example.com?tenant=1",
        "https://example.com#x",
        "https://example.com:99999",
        "https://[::1",
        "https://example.com\\@evil.example",
        "javascript:alert(1)",
    ],
)
async def test_what_is_no_issuer_is_refused_in_words(okta: Provider, issuer: str) -> None:
    made = await house()
    with pytest.raises(FieldRefused) as refused:
        await sso_settings.configure(made.boss.actor, terms(okta, issuer=issuer), PROOFS)
    assert refused.value.field == "issuer"
    assert "https://" in refused.value.sentence


@pytest.mark.parametrize(
    "issuer",
    [
        "http://127.0.0.1:{port}",
        "https://127.0.0.1:{port}",
        "https://localhost:{port}",
        "https://[::1]:{port}",
        "https://[::ffff:127.0.0.1]:{port}",
        "https://10.0.0.1",
        "https://192.168.1.1",
        "https://169.254.169.254",
        "https://0.0.0.0:{port}",
        "https://2130706433:{port}",
        "https://0x7f000001:{port}",
        "https://127.1:{port}",
        "https://[::]:{port}",
        "https://[::ffff:169.254.169.254]",
        "https://[64:ff9b::7f00:1]:{port}",
    ],
)
async def test_our_own_network_is_never_asked(
    okta: Provider, environment: Callable[..., None], issuer: str
) -> None:
    """Server-side request forgery: the issuer is chosen by people."""
    environment(SSO_PRIVATE_ISSUERS=None)
    made = await house()
    port = okta.issuer.rpartition(":")[2]
    described = terms(okta, issuer=issuer.format(port=port))
    with pytest.raises(FieldRefused) as refused:
        await sso_settings.configure(made.boss.actor, described, PROOFS)
    assert refused.value.field == "issuer"
    assert not okta.hits
    assert await rows(SsoConnection) == []


@pytest.mark.parametrize("trouble", ["down", "another's document", "no JSON", "slash"])
async def test_a_wrong_issuer_is_refused_beside_its_field_and_costs_no_proof(
    okta: Provider, trouble: str
) -> None:
    made = await house()
    described = terms(okta)
    if trouble == "down":
        okta.stop()
    elif trouble == "another's document":
        okta.metadata = {"issuer": "https://elsewhere.example"}
    elif trouble == "no JSON":
        okta.bodies["discovery"] = b"<html>"
    else:
        described = terms(okta, issuer=f"{okta.issuer}/")
    attempt = sso_settings.configure(made.boss.actor, described, Proofs("wrong"))
    refused = await outcome_of(attempt)
    assert isinstance(refused, FieldRefused)
    assert refused.field == "issuer"
    assert "exactly" in refused.sentence


async def test_asking_providers_is_bounded(okta: Provider) -> None:
    made = await house()
    for _ in range(20):
        attempt = sso_settings.configure(made.boss.actor, terms(okta), Proofs())
        assert isinstance(await outcome_of(attempt), FieldRefused)
    with pytest.raises(TooManyAttempts):
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


async def test_removal_gives_everybody_a_way_back(okta: Provider, tmp_path: Path) -> None:
    made = await house_with_sso(okta)
    newcomer = await actor_after(await sign_in_with_sso(okta))
    seen = await seen_by(made.boss.actor)
    assert seen is not None
    assert seen.members == 1
    assert await sso_settings.remove(made.boss.actor, PROOFS) == "Okta"
    for table in (SsoConnection, SsoDomain, Connection):
        assert await rows(table) == []
    mails = [each.as_string() for each in await deliver(tmp_path) if "ada@" in each["To"]]
    assert any("/forgot-password" in mail for mail in mails)

    await ask_for_reset(OWNER, email="ada@example.com")
    link = next(each for each in await deliver(tmp_path) if "?token=" in each.as_string())
    token = token_in(link)
    await passwords.reset_password(OWNER, token=token, new=OTHER_PASSWORD, repeat=OTHER_PASSWORD)
    assert (await sign_in_browser(email="ada@example.com", password=OTHER_PASSWORD)).secret
    account = await account_with("ada@example.com")
    assert account is not None
    assert account.id == newcomer.account_id
    log = await rows(SecurityEvent)
    assert "organization.sso_removed" in [row.action for row in log]
    [cut] = [row for row in log if row.action == "connection.removed"]
    assert (cut.account_id, cut.detail, cut.ip) == (account.id, "Okta", "")


async def test_who_left_neither_counts_nor_is_written_to(okta: Provider, tmp_path: Path) -> None:
    made = await house_with_sso(okta)
    former = await actor_after(await sign_in_with_sso(okta))
    assert await organizations.leave(former) == "Okta"
    seen = await seen_by(made.boss.actor)
    assert seen is not None
    assert seen.members == 0
    await sso_settings.remove(made.boss.actor, PROOFS)
    told = [each for each in await deliver(tmp_path) if "ada@example.com" in each["To"]]
    # Of the account, when it was made; of the end of what opens it no more, nothing.
    assert len(told) == 1
    assert "no longer signs you in" not in told[0].as_string()


async def test_who_is_removed_is_told_how_to_get_in(okta: Provider, tmp_path: Path) -> None:
    made = await house_with_sso(okta)
    newcomer = await actor_after(await sign_in_with_sso(okta))
    plain = await colleague(made.id, "member")
    for account_id in (newcomer.account_id, plain.id):
        await members.remove(made.boss.actor, account_id)
    mails = await deliver(tmp_path)
    told = "".join(mail.as_string() for mail in mails if mail["To"] == "ada@example.com")
    assert "Okta no longer signs you in" in told
    assert "/forgot-password" in told
    others = [mail.as_string() for mail in mails if mail["To"] == plain.account.email]
    assert others
    assert not [mail for mail in others if "/forgot-password" in mail]


async def test_the_pages_of_all_members_follow(okta: Provider) -> None:
    made = await house()
    member = await colleague(made.id, "member")
    with hub.subscribe(member.id) as subscription:
        for act in (
            sso_settings.configure(made.boss.actor, terms(okta), PROOFS),
            sso_settings.remove(made.boss.actor, PROOFS),
        ):
            await act
            topics = {change.topic for change in await subscription.next(1)}
            assert {"workspace", "connections"} <= topics


async def test_the_end_of_the_organization_is_its_end(okta: Provider, tmp_path: Path) -> None:
    from security_app.accounts import step_up
    from security_app.accounts.step_up import Target

    made = await house_with_sso(okta)
    proofs = Proofs(confirmation="Northwind Wines")
    target = Target(made.id, "Northwind Wines")
    await step_up.prove(made.boss.actor, "delete_organization", proofs, target)
    newcomer = await actor_after(await sign_in_with_sso(okta))
    await organizations.delete_organization(made.boss.actor, made.id)
    assert await rows(SsoConnection) == await rows(SsoDomain) == []
    mails = [mail for mail in await deliver(tmp_path) if mail["To"] == "ada@example.com"]
    assert "/forgot-password" in "".join(mail.as_string() for mail in mails)
    log = await rows(SecurityEvent, SecurityEvent.account_id == newcomer.account_id)
    assert {"connection.removed", "organization.deleted"} <= {row.action for row in log}
