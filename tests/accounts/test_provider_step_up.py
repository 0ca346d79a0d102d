"""Accounts without a password prove themselves all the same: S-45."""

from datetime import timedelta

import pytest

from security_app.accounts import (
    connections,
    email_codes,
    identities,
    members,
    oidc_issuers,
    passwords,
    provider_sign_in,
    provider_step_up,
    sign_in,
    step_up,
)
from security_app.accounts.actor import Actor
from security_app.accounts.errors import AlreadyOn, CodeRefused, FieldRefused, StepUpRequired
from security_app.accounts.provider_errors import NotFresh, ProviderRefused, ProviderUnavailable
from security_app.accounts.step_up import NO_TARGET, Proofs, Target
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, Connection
from security_app.policy import STEP_UP, Ask
from tests.accounts import keypad
from tests.accounts.cast import OTHER_PASSWORD, OWNER, PASSWORD, actor_of, outcome_of
from tests.accounts.identities import ADA_AT_GOOGLE, come_back, google, sign_in_with, url_of
from tests.accounts.postbox import Postbox, code_for, postbox, prove
from tests.accounts.sso_house import (
    SUB,
    House,
    actor_after,
    house_with_sso,
    managed_member,
    okta,
    sign_in_with_sso,
    the_connection,
)
from tests.oidc_provider import MISSING, Provider

__all__ = ["google", "okta", "postbox"]

pytestmark = pytest.mark.usefixtures("database", "clock")
ACTION = "create_api_key"
_HOUR_S = 3600


@pytest.fixture
async def gina(google: Provider) -> Actor:
    """Somebody who signed up with Google and has nothing else."""
    arrived = await sign_in_with(google, ADA_AT_GOOGLE)
    return await actor_of((await sign_in.redeem_ticket(OWNER, arrived.ticket)).session)


async def _round_trip(google: Provider, gina: Actor, action: str = ACTION) -> object:
    path = await provider_step_up.begin(gina, action, NO_TARGET, next_path="/workspace")
    url = await url_of(path)
    assert "prompt=login" in url
    assert "max_age=0" in url
    return (await come_back(google.authorize(url, ADA_AT_GOOGLE), actor=gina)).refusal


async def _spend(actor: Actor, action: str = ACTION, target: str = "") -> object:
    async def spent() -> None:
        async with transaction() as db:
            await step_up.spend(db, actor, action, target)

    return await outcome_of(spent())


#: Those that ask for a password of who has one, whatever is on.
ACTIONS = [
    name
    for name, row in STEP_UP.items()
    if row.password is not Ask.NEVER and name != "sign_in" and not name.startswith("disable_")
]


@pytest.mark.parametrize("action", ACTIONS)
async def test_s45_no_password_is_no_proof(gina: Actor, action: str) -> None:
    for proofs in (Proofs(), Proofs(password="x"), Proofs(code=" "), Proofs(code="123456")):
        refusal = await outcome_of(step_up.prove(gina, action, proofs))
        assert isinstance(refusal, FieldRefused | CodeRefused)
    assert isinstance(await _spend(gina, action), StepUpRequired)


async def test_s45_a_mailed_code_proves_it_once(gina: Actor, postbox: Postbox) -> None:
    code = await code_for(gina, ACTION, postbox)
    assert isinstance(await prove(gina, "set_pin", code), CodeRefused)
    assert await prove(gina, ACTION, code) is None
    assert isinstance(await prove(gina, ACTION, code), CodeRefused)
    assert await _spend(gina) is None
    assert isinstance(await _spend(gina), StepUpRequired)


async def test_s45_a_fresh_sign_in_at_the_provider_proves_it_once(
    google: Provider, gina: Actor
) -> None:
    assert await _round_trip(google, gina) is None
    assert isinstance(await _spend(gina, "set_pin"), StepUpRequired)
    assert await _spend(gina) is None
    assert isinstance(await _spend(gina), StepUpRequired)


@pytest.mark.parametrize("auth_time", [MISSING, None, 0, -1, "now", True, 1e300])
async def test_s45_a_sign_in_without_its_time_is_none(
    google: Provider, gina: Actor, auth_time: object
) -> None:
    google.claims["auth_time"] = auth_time
    assert isinstance(await _round_trip(google, gina), NotFresh | ProviderRefused)
    assert isinstance(await _spend(gina), StepUpRequired)


async def test_s45_an_old_sign_in_is_none(google: Provider, gina: Actor) -> None:
    google.auth_time = int(now().timestamp()) - _HOUR_S
    assert isinstance(await _round_trip(google, gina), NotFresh)
    assert isinstance(await _spend(gina), StepUpRequired)


async def test_s45_somebody_else_at_the_provider_proves_nothing(
    google: Provider, gina: Actor
) -> None:
    google.add_person("google-thief", email="thief@example.com")
    path = await provider_step_up.begin(gina, ACTION, NO_TARGET, next_path="")
    answer = google.authorize(await url_of(path), "google-thief")
    arrived = await come_back(answer, actor=gina)
    assert isinstance(arrived.refusal, ProviderRefused)
    assert isinstance(await _spend(gina), StepUpRequired)


async def test_a_trip_of_one_purpose_serves_no_other(google: Provider, gina: Actor) -> None:
    """A sign-in brought back by the signed-in person writes no grant."""
    path = await provider_sign_in.begin(OWNER, "google")
    answer = google.authorize(await url_of(path), ADA_AT_GOOGLE)
    assert (await come_back(answer, actor=gina)).kind == "sign_in"
    assert isinstance(await _spend(gina), StepUpRequired)


async def test_the_grant_is_for_the_object_it_was_asked_for(google: Provider, gina: Actor) -> None:
    target = Target("one", "One")
    path = await provider_step_up.begin(gina, ACTION, target, next_path="")
    await come_back(google.authorize(await url_of(path), ADA_AT_GOOGLE), actor=gina)
    assert isinstance(await _spend(gina, target="two"), StepUpRequired)
    assert await _spend(gina, target="one") is None


async def test_s33_the_round_trip_does_not_stand_for_the_pin(google: Provider, gina: Actor) -> None:
    """Deleting the account asks for the PIN too, where one is set: before and meanwhile."""
    path = await provider_step_up.begin(gina, "delete_account", NO_TARGET, next_path="")
    answer = google.authorize(await url_of(path), ADA_AT_GOOGLE)
    async with reading() as db:
        await keypad.give_pin(await db.get_one(Account, gina.account_id))
    arrived = await come_back(answer, actor=gina)
    assert isinstance(arrived.refusal, StepUpRequired)
    again = provider_step_up.begin(gina, "delete_account", NO_TARGET, next_path="")
    assert isinstance(await outcome_of(again), StepUpRequired)


async def test_with_a_second_factor_the_provider_alone_is_not_enough(
    google: Provider, gina: Actor, postbox: Postbox
) -> None:
    path = await provider_step_up.begin(gina, ACTION, NO_TARGET, next_path="")
    answer = google.authorize(await url_of(path), ADA_AT_GOOGLE)
    code = await code_for(gina, "enable_email_code", postbox)
    assert await prove(gina, "enable_email_code", code) is None
    await email_codes.start_set_up(gina)
    await email_codes.send_for_set_up(gina)
    await email_codes.confirm_set_up(gina, postbox.code)
    arrived = await come_back(answer, actor=gina)
    assert isinstance(arrived.refusal, StepUpRequired)
    wanted = await step_up.needed(gina, ACTION)
    assert (wanted.methods, wanted.stands_in) == (("email_code",), False)


async def test_provider_down_the_mailed_code_still_serves(
    google: Provider, gina: Actor, postbox: Postbox
) -> None:
    google.stop()
    oidc_issuers._known.clear()
    begun = provider_step_up.begin(gina, ACTION, NO_TARGET, next_path="")
    assert isinstance(await outcome_of(begun), ProviderUnavailable)
    assert await prove(gina, ACTION, await code_for(gina, ACTION, postbox)) is None


async def test_s07_the_first_password_needs_a_proof(
    google: Provider, gina: Actor, postbox: Postbox
) -> None:
    new = {"new": OTHER_PASSWORD, "repeat": OTHER_PASSWORD}
    assert isinstance(await outcome_of(passwords.set_first_password(gina, **new)), StepUpRequired)
    wrong = passwords.set_first_password(gina, **new, code="000000", method="email_code")
    assert isinstance(await outcome_of(wrong), CodeRefused)
    assert await _round_trip(google, gina, "set_first_password") is None
    await passwords.set_first_password(gina, **new)
    assert isinstance(await outcome_of(passwords.set_first_password(gina, **new)), AlreadyOn)
    signed_in = await sign_in.sign_in(OWNER, email="ada@example.com", password=OTHER_PASSWORD)
    assert signed_in.ticket
    assert await connections.target_to_disconnect(gina, await _connection_of(gina))


async def _connection_of(actor: Actor) -> str:
    async with reading() as db:
        [connected] = await identities.of_account(db, actor.account_id)
    return connected.id


async def _after_sso(okta: Provider) -> tuple[House, Actor]:
    """An organization, and somebody who came through its provider and has nothing else."""
    made = await house_with_sso(okta)
    return made, await actor_after(await sign_in_with_sso(okta))


async def test_a_former_organizations_provider_proves_nothing(okta: Provider) -> None:
    made, former = await _after_sso(okta)
    path = await provider_step_up.begin(former, ACTION, NO_TARGET, next_path="")
    answer = okta.authorize(await url_of(path), SUB)
    await members.remove(made.boss.actor, former.account_id)
    key = f"sso-{(await the_connection()).id}"
    assert isinstance(
        (await come_back(answer, actor=former, provider=key)).refusal, ProviderRefused
    )
    refusal = await outcome_of(provider_step_up.begin(former, ACTION, NO_TARGET, next_path=""))
    assert isinstance(refusal, StepUpRequired)
    assert isinstance(await _spend(former), StepUpRequired)


async def test_what_was_connected_before_proves_nothing_once_managed(
    okta: Provider, google: Provider
) -> None:
    _, managed = await _after_sso(okta)
    async with transaction() as db:
        db.add(
            Connection(
                account_id=managed.account_id,
                provider="google",
                issuer=google.issuer,
                subject=ADA_AT_GOOGLE,
                connected_at=now() - timedelta(days=1),
            )
        )
    async with reading() as db:
        provider = await provider_step_up.provider_for(db, managed, ACTION)
    assert provider.name == "Okta"


async def test_a_password_from_before_sso_proves_nothing_the_provider_and_the_mailbox_do(
    okta: Provider, postbox: Postbox
) -> None:
    """They could neither change nor reset it any more: who forgot it would be stuck."""
    made = await house_with_sso(okta)
    managed = (await managed_member(made, okta, "grace@example.com")).actor
    wanted = await step_up.needed(managed, ACTION)
    assert (wanted.password, wanted.methods, wanted.stands_in) == (False, ("email_code",), True)
    refusal = await outcome_of(step_up.prove(managed, ACTION, Proofs(password=PASSWORD)))
    assert isinstance(refusal, FieldRefused)
    assert refusal.field == "code"
    assert isinstance(await _spend(managed), StepUpRequired)
    async with reading() as db:
        assert (await provider_step_up.provider_for(db, managed, ACTION)).name == "Okta"
    assert await prove(managed, ACTION, await code_for(managed, ACTION, postbox)) is None
    assert await _spend(managed) is None
