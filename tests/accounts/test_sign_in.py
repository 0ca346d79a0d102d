"""Getting in with a password: who is let in, and what is written about it."""

import pytest
from sqlalchemy import update
from sqlmodel import col
from time_machine import Traveller

from security_app.accounts import sessions, sign_in
from security_app.accounts.activity import sign_ins
from security_app.accounts.errors import InvalidCredentials, TicketDead
from security_app.accounts.tokens import digest
from security_app.clock import now
from security_app.db.engine import Database, reading, transaction
from security_app.db.tables import Account, KnownBrowser, Session, SignInAttempt
from tests.accounts.cast import (
    EMAIL,
    OWNER,
    PASSWORD,
    STRANGER,
    actor_of,
    is_signed_in,
    kinds_of_mail,
    make_account,
    outcome_of,
    rows,
    sign_in_browser,
    sign_in_client,
    visitor,
)


async def disable(account: Account) -> None:
    async with transaction() as db:
        await db.exec(
            update(Account).where(col(Account.id) == account.id).values(disabled_at=now())
        )


async def refusal(email: str, password: str) -> InvalidCredentials:
    refused = await outcome_of(sign_in.sign_in(OWNER, email=email, password=password))
    assert isinstance(refused, InvalidCredentials), repr(refused)
    return refused


async def test_s47_unknown_wrong_and_disabled_are_refused_alike(ada: Account) -> None:
    disabled = await make_account("disabled@example.org")
    await disable(disabled)
    refusals = [
        await refusal("nobody@example.org", PASSWORD),
        await refusal(EMAIL, "not the password 1"),
        await refusal(disabled.email, PASSWORD),
        await refusal(disabled.email, "not the password 1"),
    ]
    looks = {(r.code, r.status, r.field, r.sentence, str(r), repr(r)) for r in refusals}
    assert len(looks) == 1
    assert await rows(Session) == []
    attempts = await rows(SignInAttempt)
    assert [attempt.result for attempt in attempts] == ["wrong_password"] * 4
    assert [a.account_id for a in attempts if a.account_id] == [ada.id]


@pytest.mark.parametrize("password", ["", " ", "None", "null", "\x00", "\ud800"])
async def test_s07_an_account_without_a_password_has_no_empty_one(
    database: Database, password: str
) -> None:
    await make_account(password=None)
    await refusal(EMAIL, password)


@pytest.mark.parametrize("password", ["", "\x00", PASSWORD + "\x00", "\ud800", "x" * 1_000_000])
async def test_odd_passwords_are_just_wrong(ada: Account, password: str) -> None:
    await refusal(EMAIL, password)


@pytest.mark.parametrize(
    "email", ["", "@", "\x00", EMAIL + "\x00", "\ud800@example.org", "a\r\nb@c.org", "x" * 100_000]
)
async def test_odd_addresses_are_just_unknown(ada: Account, email: str) -> None:
    await refusal(email, PASSWORD)


@pytest.mark.parametrize("email", [EMAIL.upper(), f"  {EMAIL}\n", "ＡＤＡ@example.org"])
async def test_the_spelling_of_the_address_does_not_matter(ada: Account, email: str) -> None:
    assert await is_signed_in(await sign_in_browser(email=email))


@pytest.mark.parametrize("typed", ["caf\u00e9 at 7 sharp", "cafe\u0301 at 7 sharp"])
@pytest.mark.parametrize("chosen", ["caf\u00e9 at 7 sharp", "cafe\u0301 at 7 sharp"])
async def test_s01_composed_and_decomposed_letters_are_one_password(
    database: Database, chosen: str, typed: str
) -> None:
    await make_account(password=chosen)
    assert await is_signed_in(await sign_in_browser(password=typed))


@pytest.mark.parametrize(
    "typed", [PASSWORD.upper(), f" {PASSWORD}", f"{PASSWORD} ", PASSWORD[:-1], f"{PASSWORD}4"]
)
async def test_s01_case_outer_spaces_and_every_character_count(ada: Account, typed: str) -> None:
    await refusal(EMAIL, typed)


async def test_s01_the_last_of_256_characters_counts(database: Database) -> None:
    longest = "0123456789abcdef" * 16
    await make_account(password=longest)
    await refusal(EMAIL, longest[:-1] + "g")
    await refusal(EMAIL, longest + "g")
    assert await is_signed_in(await sign_in_browser(password=longest))


async def test_s01_256_decomposed_letters_sign_in(database: Database) -> None:
    await make_account(password="7" + "é" * 255)
    assert await is_signed_in(await sign_in_browser(password="7" + "e\u0301" * 255))


async def test_s01_nothing_typed_after_a_long_decomposed_password_is_cut(
    database: Database,
) -> None:
    decomposed = "7" + "e\u0301" * 128
    await make_account(password=decomposed)
    await refusal(EMAIL, decomposed + "and something else")


async def test_s82_history_says_who_got_in_and_how(ada: Account) -> None:
    session = await sign_in_browser()
    async with reading() as db:
        (row,) = (await sign_ins(db, ada.id, limit=10)).items
    assert (row.result, row.method, row.two_factor_verified) == ("signed_in", "password", False)
    assert (row.ip, row.device, row.at) == (OWNER.ip, "Chrome on Windows", now())
    assert not row.is_new_device
    (stored,) = await rows(SignInAttempt)
    assert stored.session_id == session.id


async def test_the_session_is_the_visitors_own(ada: Account) -> None:
    session = await sign_in_browser()
    (row,) = await rows(Session)
    assert (row.account_id, row.kind, row.opened_by) == (ada.id, "browser", "password")
    assert (row.ip, row.browser_hash, row.ended_at) == (OWNER.ip, OWNER.browser_hash, None)
    assert (await actor_of(session)).account_id == ada.id


async def test_only_a_second_device_is_news(ada: Account) -> None:
    await sign_in_browser()
    await sign_in_browser()
    assert await kinds_of_mail() == []
    await sign_in_browser(visitor("phone"))
    assert await kinds_of_mail() == ["new_sign_in"]
    await sign_in_browser(visitor("phone"))
    assert await kinds_of_mail() == ["new_sign_in"]
    attempts = await rows(SignInAttempt)
    assert [attempt.is_new_device for attempt in attempts].count(True) == 1


async def test_a_wrong_password_makes_no_browser_known(ada: Account) -> None:
    await refusal(EMAIL, "not the password 1")
    assert await rows(KnownBrowser) == []


async def test_a_ticket_not_taken_makes_no_browser_known(ada: Account) -> None:
    await sign_in.sign_in(STRANGER, email=EMAIL, password=PASSWORD)
    assert await rows(KnownBrowser) == []
    assert await rows(Session) == []


async def test_api_sign_in_gives_a_session_at_once(ada: Account) -> None:
    client = visitor("")
    session = await sign_in_client(client)
    assert (await actor_of(session, client)).kind == "api"
    (row,) = await rows(SignInAttempt)
    assert (row.result, row.method, row.session_id) == ("signed_in", "api", session.id)
    assert await kinds_of_mail() == []


async def test_an_api_client_from_another_network_is_news(ada: Account) -> None:
    for ip in ("203.0.113.10", "203.0.113.10", "198.51.100.1"):
        await sign_in_client(visitor("", ip))
    assert await kinds_of_mail() == ["new_sign_in"]


async def test_api_refusals_are_the_same(ada: Account) -> None:
    for email, password in ((EMAIL, "not the password 1"), ("nobody@example.org", PASSWORD)):
        with pytest.raises(InvalidCredentials):
            await sign_in.sign_in_api(visitor(""), email=email, password=password)
    assert await rows(Session) == []


async def test_an_account_disabled_after_the_password_opens_nothing(ada: Account) -> None:
    signed_in = await sign_in.sign_in(OWNER, email=EMAIL, password=PASSWORD)
    await disable(ada)
    with pytest.raises(TicketDead):
        await sign_in.redeem_ticket(OWNER, signed_in.ticket)
    assert await rows(Session) == []


async def test_s39_disabling_an_account_ends_what_is_open(ada: Account) -> None:
    session = await sign_in_browser()
    await disable(ada)
    assert not await is_signed_in(session)


async def test_s03_an_old_password_still_signs_in(ada: Account, clock: Traveller) -> None:
    clock.shift(400 * 24 * 3600)
    assert await is_signed_in(await sign_in_browser())


@pytest.mark.parametrize("planted", ["", "planted", "planted\x00", "x" * 10_000])
async def test_s36_a_value_the_client_brought_is_never_adopted(ada: Account, planted: str) -> None:
    signed_in = await sign_in.sign_in(OWNER, email=EMAIL, password=PASSWORD)
    handed = await sign_in.redeem_ticket(OWNER, signed_in.ticket, former_secret=planted)
    assert handed.session.secret != planted
    assert await sessions.find_actor(digest(planted), OWNER) is None


async def test_s36_the_session_the_browser_had_before_ends(ada: Account) -> None:
    former = await sign_in_browser()
    signed_in = await sign_in.sign_in(OWNER, email=EMAIL, password=PASSWORD)
    handed = await sign_in.redeem_ticket(OWNER, signed_in.ticket, former_secret=former.secret)
    assert not await is_signed_in(former)
    assert await is_signed_in(handed.session)
    (ended,) = await rows(Session, Session.id == former.id)
    assert ended.ended_by == "replaced"


def test_s76_what_is_handed_around_does_not_print_its_secret() -> None:
    ticket = sign_in.SignedIn("the-ticket")
    session = sessions.NewSession("public-id", "the-secret", now())
    assert "the-" not in f"{ticket!r}{session!r}{sign_in.HandedOver(session, '')!r}"
    assert OWNER.browser_hash not in repr(OWNER)
