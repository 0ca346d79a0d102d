"""Signing in through an organization's provider, and what it manages from then on."""

from collections.abc import Callable

import pytest

from security_app.accounts import (
    connections,
    members,
    memberships,
    organizations,
    passwords,
    provider_sign_in,
    sign_in,
    sso,
    sso_settings,
    step_up,
    totp,
)
from security_app.accounts.actor import Actor
from security_app.accounts.errors import FieldRefused
from security_app.accounts.password_reset import ask_for_reset
from security_app.accounts.provider_errors import (
    AddressTaken,
    AddressUnproven,
    OrganizationFull,
    ProviderRefused,
)
from security_app.accounts.sso import ManagedBySso
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, Connection, SignInAttempt
from security_app.policy import MANAGED_BY_SSO, ROLES, STEP_UP
from tests.accounts.cast import (
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    STRANGER,
    deliver,
    outcome_of,
    rows,
    sign_in_browser,
)
from tests.accounts.sso_house import (
    BOSS,
    PROOFS,
    account_with,
    actor_after,
    connect,
    house,
    house_with_sso,
    managed_member,
    okta,
    sign_in_with_sso,
    terms,
    the_connection,
)
from tests.accounts.workplace import colleague, has_2fa, require_2fa, roles
from tests.oidc_provider import Provider

__all__ = ["okta"]

pytestmark = pytest.mark.usefixtures("database", "clock")


async def _manager(account_id: str) -> str:
    async with reading() as db:
        row = await sso.manager_of(db, account_id)
    return row.name if row else ""


async def test_a_newcomer_is_made_a_member_by_the_first_sign_in(okta: Provider) -> None:
    """The provider vouches for its own domains, whatever it says of the address."""
    made = await house_with_sso(okta)
    actor = await actor_after(await sign_in_with_sso(okta))
    account = await account_with("ada@example.com")
    assert account is not None
    assert (account.id, account.name, account.password_hash) == (actor.account_id, "Ada King", None)
    assert (await roles(made.id))[account.id] == "member"
    assert await _manager(account.id) == "Okta"
    again = await actor_after(await sign_in_with_sso(okta, visitor=STRANGER), STRANGER)
    assert again.account_id == account.id
    assert {row.method for row in await rows(SignInAttempt)} == {"sso"}


@pytest.mark.parametrize("email", ["eve@example.org", "eve@sub.example.com", "", "no address"])
async def test_nobody_is_made_of_an_address_it_does_not_speak_for(
    okta: Provider, email: str
) -> None:
    await house_with_sso(okta)
    okta.add_person("eve", email=email, email_verified=True)
    arrived = await sign_in_with_sso(okta, "eve")
    assert isinstance(arrived.refusal, AddressUnproven)
    assert len(await rows(Account)) == 1


async def test_a_domain_of_another_organization_is_foreign_too(okta: Provider) -> None:
    await house_with_sso(okta)
    other = await house("owner@example.org")
    with Provider(name="Entra") as entra:
        entra.add_person("mallory", email="victim@example.com", email_verified=True)
        described = terms(entra, domains=["example.org"])
        await sso_settings.configure(other.boss.actor, described, PROOFS)
        path = await provider_sign_in.begin_sso(OWNER, email="x@example.org")
        from tests.accounts.identities import come_back, url_of

        url = await url_of(path)
        key = url.partition("callback%2F")[2].partition("&")[0]
        arrived = await come_back(entra.authorize(url, "mallory"), provider=key)
    assert isinstance(arrived.refusal, AddressUnproven)
    assert await account_with("victim@example.com") is None


async def test_an_account_with_the_address_is_never_opened_by_it(okta: Provider) -> None:
    made = await house_with_sso(okta)
    for organization_id in ("", made.id):
        await rows(Account)
        email = f"{organization_id or 'nobody'}@example.com".lower()
        await colleague(organization_id, "member", email, password=PASSWORD)
        okta.add_person(email, email=email, email_verified=True)
        arrived = await sign_in_with_sso(okta, email)
        assert isinstance(arrived.refusal, AddressTaken)
    assert await rows(Connection) == []


async def test_a_full_organization_takes_nobody(
    okta: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house_with_sso(okta)
    monkeypatch.setattr(memberships, "MAX_MEMBERS", 1)
    arrived = await sign_in_with_sso(okta)
    assert isinstance(arrived.refusal, OrganizationFull)
    assert await account_with("ada@example.com") is None


@pytest.mark.parametrize("how", ["removed", "left", "joined another"])
async def test_who_no_longer_belongs_to_it_cannot_come_in_through_it(
    okta: Provider, how: str
) -> None:
    made = await house_with_sso(okta)
    actor = await actor_after(await sign_in_with_sso(okta))
    if how == "removed":
        await members.remove(made.boss.actor, actor.account_id)
    else:
        await organizations.leave(actor)
    if how == "joined another":
        await organizations.create(actor, name="Mine")
    arrived = await sign_in_with_sso(okta)
    assert isinstance(arrived.refusal, ProviderRefused)
    assert not arrived.ticket
    tries = await rows(SignInAttempt, SignInAttempt.account_id == actor.account_id)
    assert [row.method for row in tries if row.result == "refused"] == ["sso"]
    assert await _manager(actor.account_id) == ""


async def test_an_unknown_domain_has_no_sso(okta: Provider) -> None:
    await house_with_sso(okta)
    with pytest.raises(FieldRefused) as refused:
        await provider_sign_in.begin_sso(OWNER, email="ada@example.org")
    assert refused.value.field == "email"


async def test_the_provider_asks_for_the_second_factor_of_whom_it_manages(okta: Provider) -> None:
    made = await house_with_sso(okta)
    member = await managed_member(made, okta)
    await has_2fa(member)
    arrived = await sign_in_with_sso(okta)
    assert (arrived.needs_code, bool(arrived.ticket)) == (False, True)


async def test_an_owner_keeps_the_way_in_that_breaks_the_glass(okta: Provider) -> None:
    """Password and second factor still work, are asked, and can be changed."""
    made = await house_with_sso(okta)
    await connect(made.boss, okta)
    await has_2fa(made.boss)
    assert await _manager(made.boss.id) == ""
    answer = await sign_in.sign_in(OWNER, email=BOSS, password=PASSWORD)
    assert answer.code_needed is not None
    assert answer.code_needed.methods == ("email_code",)
    # Through the provider the owner's own second factor is asked all the same.
    arrived = await sign_in_with_sso(okta)
    assert (arrived.needs_code, arrived.ticket) == (True, "")
    assert (await step_up.needed(made.boss.actor, "change_password")).password


async def test_with_a_dead_provider_the_owner_gets_in_and_takes_it_away(okta: Provider) -> None:
    made = await house_with_sso(okta)
    okta.stop()
    assert (await sign_in_browser(email=BOSS)).secret
    assert await sso_settings.remove(made.boss.actor, PROOFS) == "Okta"


@pytest.mark.parametrize("role", ROLES)
async def test_who_will_be_managed_is_told_before_it_is_connected(
    okta: Provider, environment: Callable[..., None], role: str
) -> None:
    """Said exactly where it comes true."""
    environment(GOOGLE_CLIENT_ID="client", GOOGLE_CLIENT_SECRET="secret")
    made = await house_with_sso(okta)
    person = await colleague(made.id, role, password=PASSWORD)
    key = f"sso-{(await the_connection()).id}"
    target = await connections.target_to_connect(person.actor, key)
    google = await connections.target_to_connect(person.actor, "google")
    assert google.consequence == ""
    assert ("“Managed by SSO”" in target.consequence) == (role != "owner")
    await connect(person, okta)
    assert await _manager(person.id) == ("Okta" if target.consequence else "")


@pytest.mark.parametrize("action", sorted(MANAGED_BY_SSO))
async def test_what_it_manages_is_refused_whoever_asks(okta: Provider, action: str) -> None:
    made = await house_with_sso(okta)
    member = await managed_member(made, okta)
    actor = member.actor
    for attempt in (
        step_up.needed(actor, action),
        step_up.prove(actor, action, PROOFS),
        _spend(actor, action),
    ):
        refused = await outcome_of(attempt)
        assert isinstance(refused, ManagedBySso)
        assert refused.sentence == "Okta manages this for your organization."


async def _spend(actor: Actor, action: str) -> None:
    async with transaction() as db:
        step_up.grant(db, actor, action)
        await step_up.spend(db, actor, action)


def test_what_it_manages_is_in_the_table() -> None:
    assert set(STEP_UP) >= MANAGED_BY_SSO
    assert not MANAGED_BY_SSO & {"set_pin", "create_api_key", "connect_provider", "delete_account"}


async def test_a_grant_from_before_is_worth_nothing_once_managed(okta: Provider) -> None:
    made = await house_with_sso(okta)
    member = await colleague(made.id, "member", password=PASSWORD)
    await step_up.prove(member.actor, "enable_totp", PROOFS)
    await connect(member, okta)
    with pytest.raises(ManagedBySso):
        await totp.start_set_up(member.actor)
    with pytest.raises(ManagedBySso):
        await passwords.change_password(
            member.actor, current=PASSWORD, new=OTHER_PASSWORD, repeat=OTHER_PASSWORD
        )


async def test_a_set_up_from_before_is_not_finished_once_managed(okta: Provider) -> None:
    from tests.accounts import phone

    made = await house_with_sso(okta)
    member = await colleague(made.id, "member", password=PASSWORD)
    await step_up.prove(member.actor, "enable_totp", PROOFS)
    secret = (await totp.start_set_up(member.actor)).secret
    await connect(member, okta)
    with pytest.raises(ManagedBySso):
        await totp.confirm_set_up(member.actor, phone.code(secret))


async def test_the_password_of_whom_it_manages_signs_nobody_in(okta: Provider) -> None:
    made = await house_with_sso(okta)
    member = await managed_member(made, okta)
    for attempt in (
        sign_in.sign_in(OWNER, email=member.account.email, password=PASSWORD),
        sign_in.sign_in_api(OWNER, email=member.account.email, password=PASSWORD),
    ):
        assert isinstance(await outcome_of(attempt), ManagedBySso)
    tries = await rows(SignInAttempt, SignInAttempt.account_id == member.id)
    assert {(row.result, row.method) for row in tries} == {
        ("refused", "password"),
        ("refused", "api"),
    }


async def test_the_right_password_of_whom_it_manages_costs_nothing(okta: Provider) -> None:
    """As at any right password: else its owner would be told to wait at the next one."""
    made = await house_with_sso(okta)
    member = await managed_member(made, okta)
    for _ in range(6):
        attempt = sign_in.sign_in(OWNER, email=member.account.email, password=PASSWORD)
        assert isinstance(await outcome_of(attempt), ManagedBySso)


async def test_a_wrong_password_does_not_tell_who_is_managed(okta: Provider) -> None:
    made = await house_with_sso(okta)
    member = await managed_member(made, okta)
    sentences = set()
    for email in (member.account.email, "nobody@example.com"):
        refused = await outcome_of(sign_in.sign_in(OWNER, email=email, password="wrong"))
        sentences.add((type(refused), refused.sentence))
    assert len(sentences) == 1


async def test_the_reset_mail_names_the_provider_instead_of_a_link(
    okta: Provider, tmp_path: Callable[..., None]
) -> None:
    made = await house_with_sso(okta)
    member = await managed_member(made, okta)
    await ask_for_reset(OWNER, email=member.account.email)
    (mail,) = await deliver(tmp_path)  # pyright: ignore[reportArgumentType]
    text = mail.get_body(("plain",))
    assert text is not None
    assert "through Okta" in text.get_content()
    assert "token=" not in mail.as_string()


async def test_an_owner_who_steps_down_is_managed_and_a_member_made_owner_is_not(
    okta: Provider,
) -> None:
    made = await house_with_sso(okta)
    member = await managed_member(made, okta)
    assert await _manager(member.id) == "Okta"
    await members.change_role(made.boss.actor, member.id, role="owner")
    assert await _manager(member.id) == ""
    assert (await sign_in_browser(email=member.account.email)).secret
    await members.change_role(made.boss.actor, member.id, role="admin")
    assert await _manager(member.id) == "Okta"


async def test_whom_it_manages_may_require_2fa_of_others(okta: Provider) -> None:
    made = await house_with_sso(okta)
    member = await managed_member(made, okta)
    await members.change_role(made.boss.actor, member.id, role="super_admin")
    await organizations.require_2fa(member.actor, is_required=True)
    async with reading() as db:
        place = await memberships.standing(db, member.actor)
    assert place is not None
    assert (place.requires_2fa, place.is_shut) == (True, False)


async def test_whom_it_manages_is_let_in_where_2fa_is_required(okta: Provider) -> None:
    made = await house_with_sso(okta)
    member = await managed_member(made, okta)
    plain = await colleague(made.id, "member")
    await require_2fa(made.id)
    async with reading() as db:
        managed = await memberships.standing(db, member.actor)
        unmanaged = await memberships.standing(db, plain.actor)
    assert managed is not None
    assert unmanaged is not None
    assert (managed.is_shut, unmanaged.is_shut) == (False, True)
