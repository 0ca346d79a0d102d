"""Signing in and up through a provider: S-07, S-63, S-65, S-67."""

import asyncio

import pytest
from sqlmodel import col, select

from security_app.accounts import email_codes, provider_sign_in, sign_in
from security_app.accounts.errors import InvalidCredentials
from security_app.accounts.provider_errors import (
    AddressTaken,
    AddressUnproven,
    ProviderDenied,
    ProviderRefused,
    ProviderUnknown,
)
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, Connection, Session, SignInAttempt
from tests.accounts.cast import (
    OWNER,
    PASSWORD,
    STRANGER,
    actor_of,
    make_account,
    outcome_of,
    visitor,
)
from tests.accounts.identities import ADA_AT_GOOGLE, come_back, google, sign_in_with, url_of
from tests.accounts.postbox import Postbox, code_for, postbox, prove, verify
from tests.oidc_provider import MISSING, Provider

__all__ = ["google", "postbox"]

pytestmark = pytest.mark.usefixtures("database", "clock")
ADDRESS = "ada@example.com"


async def _accounts() -> list[Account]:
    async with reading() as db:
        return list((await db.exec(select(Account).order_by(col(Account.created_at)))).all())


async def _connections() -> list[Connection]:
    async with reading() as db:
        return list((await db.exec(select(Connection))).all())


async def test_a_newcomer_gets_an_account_without_a_password(google: Provider) -> None:
    arrived = await sign_in_with(google, ADA_AT_GOOGLE)
    assert arrived.refusal is None
    handed = await sign_in.redeem_ticket(OWNER, arrived.ticket)
    [account] = await _accounts()
    assert (account.email, account.name) == (ADDRESS, "Ada King")
    assert account.password_hash is None
    assert account.password_changed_at is None
    assert account.email_confirmed_at is not None
    [connection] = await _connections()
    assert (connection.issuer, connection.subject) == (google.issuer, ADA_AT_GOOGLE)
    async with reading() as db:
        session = (await db.exec(select(Session))).one()
        attempt = (await db.exec(select(SignInAttempt))).one()
    assert handed.session.secret
    assert (session.opened_by, session.two_factor_verified) == ("google", False)
    assert (attempt.result, attempt.method) == ("signed_in", "google")


@pytest.mark.parametrize("password", ["", " ", "\0", "None", "null", PASSWORD])
async def test_s07_no_password_opens_such_an_account(google: Provider, password: str) -> None:
    await sign_in_with(google, ADA_AT_GOOGLE)
    refusal = await outcome_of(sign_in.sign_in(OWNER, email=ADDRESS, password=password))
    assert isinstance(refusal, InvalidCredentials)


async def test_s63_the_subject_is_who_somebody_is_not_the_address(google: Provider) -> None:
    await sign_in_with(google, ADA_AT_GOOGLE)
    google.person(ADA_AT_GOOGLE).claims["email"] = "ada.lovelace@example.com"
    assert (await sign_in_with(google, ADA_AT_GOOGLE)).ticket
    [account] = await _accounts()
    assert account.email == ADDRESS
    [connection] = await _connections()
    assert connection.email == "ada.lovelace@example.com"
    google.add_person("google-other", email=ADDRESS)
    refusal = (await sign_in_with(google, "google-other")).refusal
    assert isinstance(refusal, AddressTaken)
    assert len(await _connections()) == 1


async def test_two_first_sign_ins_at_once_make_one_account(google: Provider) -> None:
    arrived = await asyncio.gather(
        *(sign_in_with(google, ADA_AT_GOOGLE, visitor=visitor(f"b{n}")) for n in range(4))
    )
    assert any(each.ticket for each in arrived)
    assert len(await _accounts()) == len(await _connections()) == 1


@pytest.mark.parametrize("verified", [True, "true", False, "false", None, 1, "True", MISSING])
async def test_s65_an_address_of_an_account_is_never_merged(
    google: Provider, verified: object
) -> None:
    """Whether made by its owner or, unconfirmed, by an attacker who waits for the victim."""
    account = await make_account(ADDRESS)
    google.claims["email_verified"] = verified
    arrived = await sign_in_with(google, ADA_AT_GOOGLE)
    assert isinstance(arrived.refusal, AddressTaken | AddressUnproven)
    assert arrived.ticket == ""
    assert await _connections() == []
    assert [each.id for each in await _accounts()] == [account.id]


@pytest.mark.parametrize("verified", [False, "false", None, 1, "True", "yes", [True], MISSING])
async def test_s65_an_address_nobody_vouches_for_makes_no_account(
    google: Provider, verified: object
) -> None:
    google.claims["email_verified"] = verified
    assert isinstance((await sign_in_with(google, ADA_AT_GOOGLE)).refusal, AddressUnproven)
    assert await _accounts() == []


@pytest.mark.parametrize("email", [MISSING, "", "no address", 7, ["ada@example.com"], "a@b" * 200])
async def test_without_an_address_there_is_no_account(google: Provider, email: object) -> None:
    google.claims["email"] = google.userinfo["email"] = email
    assert isinstance((await sign_in_with(google, ADA_AT_GOOGLE)).refusal, AddressUnproven)
    assert await _accounts() == []


@pytest.mark.parametrize("name", ["x" * 5000, "a\u202eb", "\0", 7, None, {"a": 1}])
async def test_a_name_that_is_none_is_left_out(google: Provider, name: object) -> None:
    google.claims["name"] = name
    assert (await sign_in_with(google, ADA_AT_GOOGLE)).ticket
    [account] = await _accounts()
    assert account.name == ""


@pytest.mark.parametrize("email", ["a\0@example.com", "\u202eada@example.com", "a\n@example.com"])
async def test_s83_an_address_nobody_can_read_is_left_out(google: Provider, email: str) -> None:
    await sign_in_with(google, ADA_AT_GOOGLE)
    google.claims["email"] = email
    assert (await sign_in_with(google, ADA_AT_GOOGLE)).ticket
    [connection] = await _connections()
    assert connection.email == ADDRESS


async def test_s67_the_local_second_factor_is_asked(google: Provider, postbox: Postbox) -> None:
    first = await sign_in_with(google, ADA_AT_GOOGLE)
    session = (await sign_in.redeem_ticket(OWNER, first.ticket)).session
    actor = await actor_of(session)
    code = await code_for(actor, "enable_email_code", postbox)
    assert await prove(actor, "enable_email_code", code) is None
    await email_codes.start_set_up(actor)
    await email_codes.send_for_set_up(actor)
    await email_codes.confirm_set_up(actor, postbox.code)
    arrived = await sign_in_with(google, ADA_AT_GOOGLE, visitor=STRANGER)
    assert arrived.needs_code
    assert arrived.ticket == ""
    handed_over = await verify(postbox.code, STRANGER)
    await sign_in.redeem_ticket(STRANGER, handed_over.ticket)
    async with reading() as db:
        rows = (await db.exec(select(Session).order_by(col(Session.opened_at)))).all()
    assert ("google+email_code", True) in {(r.opened_by, r.two_factor_verified) for r in rows}


async def test_a_disabled_account_stays_shut(google: Provider) -> None:
    await sign_in_with(google, ADA_AT_GOOGLE)
    async with transaction() as db:
        account = (await db.exec(select(Account))).one()
        account.disabled_at = now()
        db.add(account)
    assert isinstance((await sign_in_with(google, ADA_AT_GOOGLE)).refusal, ProviderRefused)


async def test_who_cancels_there_is_told_so(google: Provider) -> None:
    path = await provider_sign_in.begin(OWNER, "google", next_path="/workspace")
    answer = google.authorize(await url_of(path), ADA_AT_GOOGLE)
    arrived = await come_back({"state": answer["state"], "error": "access_denied"})
    assert isinstance(arrived.refusal, ProviderDenied)
    assert arrived.next_path == "/workspace"


@pytest.mark.parametrize("key", ["apple", "sso-x", "", "google\0", "Google"])
async def test_what_is_not_offered_cannot_be_begun(google: Provider, key: str) -> None:
    assert isinstance(await outcome_of(provider_sign_in.begin(OWNER, key)), ProviderUnknown)
