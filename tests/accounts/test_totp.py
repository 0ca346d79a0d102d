"""Turning the authenticator app on and off: S-10 to S-16, S-43, S-74, S-78."""

import asyncio
import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import time_machine

from security_app.accounts import recovery_codes, step_up, totp
from security_app.accounts.errors import (
    AlreadyOn,
    ClockOff,
    CodeRefused,
    NotOn,
    Refused,
    SetUpDead,
    StepUpRequired,
    TooManyAttempts,
    WrongPassword,
)
from security_app.accounts.step_up import Proofs
from security_app.db.engine import reading
from security_app.db.sealing import CannotOpen, open_sealed
from security_app.db.tables import Account, OutboxMessage, RecoveryCode, Totp, TotpSetUp
from tests.accounts.cast import PASSWORD, make_account, open_session, outcome_of, rows
from tests.accounts.phone import code, enable, set_up


async def test_s10_secrets_are_fresh_and_have_160_bits(ada: Account) -> None:
    actor, _ = await open_session(ada)
    secrets = {await set_up(actor) for _ in range(25)}
    assert len(secrets) == 25
    assert all(re.fullmatch("[A-Z2-7]{32}", secret) for secret in secrets)


def test_s11_the_uri_names_issuer_twice_and_round_trips() -> None:
    for email in ("ada@example.org", "a b:c&d@example.org", "ünï😀@example.org"):
        url = urlsplit(totp.otpauth_url("JBSWY3DPEHPK3PXP", email))
        issuer, _, account = unquote(url.path.lstrip("/")).partition(":")
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        assert (url.scheme, url.netloc, issuer, account) == (
            "otpauth", "totp", "Security Centre", email,
        )  # fmt: skip
        assert query == {
            "secret": "JBSWY3DPEHPK3PXP",
            "issuer": "Security Centre",
            "algorithm": "SHA1",
            "digits": "6",
            "period": "30",
        }
        assert "+" not in url.path + url.query


async def test_s15_nothing_is_on_until_a_code_proves_it(ada: Account) -> None:
    actor, _ = await open_session(ada)
    secret = await set_up(actor)
    assert not await rows(Totp)
    kit = await totp.confirm_set_up(actor, code(secret))
    assert len(await rows(Totp)) == 1
    assert len(kit.codes) == 10
    assert not await rows(TotpSetUp)


async def test_s15_a_set_up_belongs_to_its_session_and_lives_ten_minutes(
    ada: Account, clock: time_machine.Traveller
) -> None:
    laptop, _ = await open_session(ada)
    phone, _ = await open_session(ada, "phone")
    secret = await set_up(laptop)
    assert isinstance(await outcome_of(totp.confirm_set_up(phone, code(secret))), SetUpDead)
    clock.shift(601)
    assert isinstance(await outcome_of(totp.confirm_set_up(laptop, code(secret))), SetUpDead)
    assert not await rows(Totp)


async def test_s15_a_newer_set_up_replaces_the_older(ada: Account) -> None:
    actor, _ = await open_session(ada)
    older = await set_up(actor)
    newer = await set_up(actor)
    assert isinstance(await outcome_of(totp.confirm_set_up(actor, code(older))), CodeRefused)
    await totp.confirm_set_up(actor, code(newer))


async def test_s15_two_set_ups_at_once_turn_on_one(ada: Account) -> None:
    actor, _ = await open_session(ada)
    secret = await set_up(actor)
    answers = await asyncio.gather(
        *(totp.confirm_set_up(actor, code(secret)) for _ in range(8)), return_exceptions=True
    )
    kits = [answer for answer in answers if isinstance(answer, recovery_codes.Kit)]
    assert len(kits) == 1
    assert all(isinstance(a, Refused) for a in answers if a is not kits[0])
    assert len(await rows(RecoveryCode)) == 10


async def test_s16_a_set_up_while_on_is_refused(ada: Account) -> None:
    actor, _ = await open_session(ada)
    secret, _ = await enable(actor)
    proofs = Proofs(PASSWORD, code(secret, ahead_s=30))
    assert isinstance(await outcome_of(step_up.prove(actor, "enable_totp", proofs)), AlreadyOn)
    assert isinstance(await outcome_of(totp.start_set_up(actor)), AlreadyOn)


@pytest.mark.parametrize(("ahead_s", "words"), [(180, "3 minutes ahead"), (-240, "4 minutes")])
async def test_d9_during_set_up_a_wrong_clock_is_told_and_not_accepted(
    ada: Account, ahead_s: float, words: str
) -> None:
    actor, _ = await open_session(ada)
    secret = await set_up(actor)
    refusal = await outcome_of(totp.confirm_set_up(actor, code(secret, ahead_s=ahead_s)))
    assert isinstance(refusal, ClockOff)
    assert refusal.offset_s == ahead_s
    assert words in refusal.sentence
    assert not await rows(Totp)


@pytest.mark.parametrize(
    "typed",
    [
        *("", "12345", "1234567", "-12345", "+12345", "12 34", "abcdef", "1" * 1000),
        *("１２３４５６", "٠١٢٣٤٥"),
    ],
)
async def test_s14_what_is_no_code_is_refused_alike(ada: Account, typed: str) -> None:
    actor, _ = await open_session(ada)
    await set_up(actor)
    assert isinstance(await outcome_of(totp.confirm_set_up(actor, typed)), CodeRefused)


async def test_s46_enabling_needs_the_password_every_time(ada: Account) -> None:
    actor, _ = await open_session(ada)
    assert isinstance(await outcome_of(totp.start_set_up(actor)), StepUpRequired)
    wrong = await outcome_of(step_up.prove(actor, "enable_totp", Proofs("not it")))
    assert isinstance(wrong, WrongPassword)
    await set_up(actor)
    assert isinstance(await outcome_of(totp.start_set_up(actor)), StepUpRequired)


async def test_disabling_takes_secret_and_codes_out_of_the_database(ada: Account) -> None:
    actor, _ = await open_session(ada)
    secret, _kit = await enable(actor)
    await step_up.prove(actor, "disable_totp", Proofs(PASSWORD, code(secret, ahead_s=30)))
    await totp.disable(actor)
    assert not await rows(Totp)
    assert not await rows(RecoveryCode)
    again = await outcome_of(totp.disable(actor))
    assert isinstance(again, StepUpRequired)


async def test_disabling_by_a_recovery_code_and_enabling_anew_gives_another_kit(
    ada: Account,
) -> None:
    actor, _ = await open_session(ada)
    first_secret, first = await enable(actor)
    await step_up.prove(actor, "disable_totp", Proofs(PASSWORD, first.codes[3].code))
    await totp.disable(actor)
    second_secret, second = await enable(actor)
    assert second.number == first.number + 1
    assert second_secret != first_secret
    assert not {item.code for item in first.codes} & {item.code for item in second.codes}


async def test_disabling_what_is_off_is_refused(ada: Account) -> None:
    actor, _ = await open_session(ada)
    proof = step_up.prove(actor, "disable_totp", Proofs(PASSWORD, "123456"))
    assert isinstance(await outcome_of(proof), NotOn)
    assert isinstance(await outcome_of(totp.disable(actor)), StepUpRequired)


async def test_s49_ten_wrong_codes_end_the_guessing_of_a_set_up(ada: Account) -> None:
    actor, _ = await open_session(ada)
    secret = await set_up(actor)
    for _ in range(10):
        assert isinstance(await outcome_of(totp.confirm_set_up(actor, "000000")), CodeRefused)
    answer = await outcome_of(totp.confirm_set_up(actor, code(secret)))
    assert isinstance(answer, TooManyAttempts)
    assert not await rows(Totp)


async def test_s74_a_secret_opens_for_its_own_account_only(ada: Account) -> None:
    eve = await make_account("eve@example.org")
    actor, _ = await open_session(ada)
    await enable(actor)
    (row,) = await rows(Totp)
    with pytest.raises(CannotOpen):
        open_sealed(row.sealed_secret, f"totp:{eve.id}")


async def test_s84_every_change_of_the_factor_mails_the_owner(ada: Account) -> None:
    actor, _ = await open_session(ada)
    secret, _kit = await enable(actor)
    await step_up.prove(actor, "disable_totp", Proofs(PASSWORD, code(secret, ahead_s=30)))
    await totp.disable(actor)
    kinds = [message.kind for message in await rows(OutboxMessage)]
    assert sorted(kinds) == ["totp_disabled", "totp_enabled"]
    async with reading() as db:
        assert await recovery_codes.status(db, ada.id) is not None
