"""Where an organization's provider manages an account, nothing leads around it."""

from pathlib import Path

import pytest

from security_app.accounts import connections, emails, identities, sign_in_code
from security_app.accounts.provider_errors import ProviderUnknown
from security_app.accounts.sso import ManagedBySso
from security_app.db.engine import reading, transaction
from security_app.db.tables import Connection, SignInAttempt
from tests.accounts.cast import PASSWORD, STRANGER, outcome_of, rows
from tests.accounts.identities import ADA_AT_GOOGLE, google, sign_in_with
from tests.accounts.moving import ask, mails_to, token_in
from tests.accounts.postbox import Postbox, enable, give_password, postbox, verify
from tests.accounts.sso_house import House, connect, house_with_sso, managed_member, okta
from tests.accounts.workplace import Colleague, colleague
from tests.oidc_provider import Provider

__all__ = ["google", "okta", "postbox"]

pytestmark = pytest.mark.usefixtures("database", "clock")


@pytest.fixture
async def member(okta: Provider, google: Provider) -> Colleague:
    """A managed member who had connected Google before."""
    made: House = await house_with_sso(okta)
    someone = await managed_member(made, okta)
    async with transaction() as db:
        db.add(
            Connection(
                account_id=someone.id,
                provider="google",
                issuer=google.issuer,
                subject=ADA_AT_GOOGLE,
                connected_at=someone.account.created_at,
            )
        )
    return someone


async def test_google_connected_before_signs_in_no_more(
    member: Colleague, google: Provider
) -> None:
    arrived = await sign_in_with(google, ADA_AT_GOOGLE, visitor=STRANGER)
    assert isinstance(arrived.refusal, ManagedBySso)
    assert arrived.ticket == ""
    [tried] = await rows(SignInAttempt, SignInAttempt.account_id == member.id)
    assert (tried.result, tried.method) == ("refused", "google")
    [of_google] = await rows(Connection, Connection.provider == "google")
    assert of_google.last_used_at is None


async def test_a_sign_in_that_waits_for_its_code_is_over_once_managed(
    okta: Provider, postbox: Postbox
) -> None:
    made = await house_with_sso(okta)
    someone = await colleague(made.id, "member", password=PASSWORD)
    await enable(someone.actor, postbox)
    await give_password(STRANGER, email=someone.account.email)
    await sign_in_code.mail_code_of_browser(STRANGER)
    await connect(someone, okta)
    assert isinstance(await verify(postbox.code, STRANGER), ManagedBySso)


async def test_an_address_asked_for_before_is_not_taken_once_managed(
    okta: Provider, tmp_path: Path
) -> None:
    made = await house_with_sso(okta)
    someone = await colleague(made.id, "member", password=PASSWORD)
    await ask(someone.actor, "new@example.net")
    await connect(someone, okta)
    mails = await mails_to(tmp_path, "new@example.net", "/confirm-new-email")
    refusal = await outcome_of(emails.confirm_change(STRANGER, token_in(mails[0])))
    assert isinstance(refusal, ManagedBySso)


async def test_nothing_but_the_organizations_own_is_offered(member: Colleague) -> None:
    async with reading() as db:
        [only] = await identities.offered(db, member.id)
    assert only.name == "Okta"
    refusal = await outcome_of(connections.target_to_connect(member.actor, "apple"))
    assert isinstance(refusal, ProviderUnknown)


async def test_it_stays_and_what_was_connected_before_may_go(member: Colleague) -> None:
    async with reading() as db:
        connected = {each.name: each.id for each in await identities.of_account(db, member.id)}
    assert await connections.target_to_disconnect(member.actor, connected["Google"])
    refusal = await outcome_of(connections.target_to_disconnect(member.actor, connected["Okta"]))
    assert isinstance(refusal, ManagedBySso)
