"""One mailed code: what it is, what it is good for, how often: S-14, S-17, S-18, S-19, S-49."""

import asyncio
from collections import Counter

import pytest
import time_machine

from security_app.accounts import email_codes, sign_in_code
from security_app.accounts.actor import Actor
from security_app.accounts.errors import (
    ChallengeDead,
    CodeRefused,
    MethodSuspended,
    SetUpDead,
    TooManyAttempts,
)
from security_app.accounts.proofs import email_code
from security_app.accounts.sign_in import SignedIn
from security_app.db.tables import Account, EmailCode, EmailMethod, EmailSetUp
from security_app.limits import EMAIL_CODE_TRIES, FACTOR_FAILURES_SUSPEND
from tests.accounts.cast import OWNER, STRANGER, open_session, outcome_of, rows
from tests.accounts.postbox import (
    Postbox,
    code_for,
    enable,
    give_password,
    prove,
    start,
    verify,
    wrong,
)

#: Chi-square with 9 degrees of freedom lies above this once in ten million samples.
_CHI_SQUARE_9 = 50.0


def test_s17_codes_are_six_uniform_digits() -> None:
    codes = [email_code.new_code() for _ in range(2000)]
    assert all(len(code) == 6 and code.isascii() and code.isdigit() for code in codes)
    for place in range(6):
        counts = Counter(code[place] for code in codes)
        assert sum((counts[digit] - 200) ** 2 / 200 for digit in "0123456789") < _CHI_SQUARE_9
    # Kept as text: one in ten begins with a zero.
    assert any(code.startswith("0") for code in codes)


@pytest.mark.parametrize(("age_s", "is_good"), [(4 * 60 + 59, True), (5 * 60 + 1, False)])
async def test_s17_a_code_counts_for_five_minutes(
    owner: Actor, postbox: Postbox, clock: time_machine.Traveller, age_s: int, is_good: bool
) -> None:
    code = await code_for(owner, "enable_totp", postbox)
    clock.shift(age_s)
    standing = await email_codes.standing_for_step_up(owner, "enable_totp")
    assert (standing.expires_at is not None) is is_good
    answer = await prove(owner, "enable_totp", code)
    assert answer is None if is_good else isinstance(answer, CodeRefused)


async def test_s18_the_code_of_one_purpose_is_none_for_another(
    owner: Actor, postbox: Postbox, ada: Account
) -> None:
    code = await code_for(owner, "enable_totp", postbox)
    assert isinstance(await prove(owner, "disable_email_code", code), CodeRefused)
    assert isinstance(await prove(owner, "change_password", code), CodeRefused)
    await give_password()
    assert isinstance(await verify(code), CodeRefused)
    assert await prove(owner, "enable_totp", code) is None


async def test_s18_the_code_that_turns_it_on_opens_nothing_else(
    ada: Account, postbox: Postbox
) -> None:
    actor, _ = await open_session(ada)
    code = await enable(actor, postbox)
    await give_password()
    assert isinstance(await verify(code), CodeRefused)
    assert isinstance(await prove(actor, "disable_email_code", code), CodeRefused)


async def test_s18_a_code_is_for_the_session_that_asked(
    owner: Actor, postbox: Postbox, ada: Account
) -> None:
    phone, _ = await open_session(ada, "phone")
    code = await code_for(owner, "enable_totp", postbox)
    assert isinstance(await prove(phone, "enable_totp", code), CodeRefused)
    assert await prove(owner, "enable_totp", code) is None


async def test_s18_a_set_up_is_proven_in_the_session_that_began_it(
    ada: Account, postbox: Postbox
) -> None:
    laptop, _ = await open_session(ada)
    phone, _ = await open_session(ada, "phone")
    await start(laptop)
    await email_codes.send_for_set_up(laptop)
    confirming = email_codes.confirm_set_up(phone, postbox.code)
    assert isinstance(await outcome_of(confirming), SetUpDead)
    assert not await rows(EmailMethod)


async def test_s18_a_code_is_for_the_sign_in_that_asked(owner: Actor, postbox: Postbox) -> None:
    await give_password(OWNER)
    await sign_in_code.mail_code_of_browser(OWNER)
    code = postbox.code
    await give_password(STRANGER)
    assert isinstance(await verify(code, STRANGER), CodeRefused)
    # In the same browser a new sign-in goes on where the former one was: nobody waits for
    # another mail because of the password typed twice.
    await give_password(OWNER)
    assert isinstance(await verify(code, OWNER), SignedIn)


async def test_s19_only_the_newest_code_counts(
    owner: Actor, postbox: Postbox, clock: time_machine.Traveller
) -> None:
    older = await code_for(owner, "enable_totp", postbox)
    clock.shift(61)
    newer = await code_for(owner, "enable_totp", postbox)
    if older != newer:
        assert isinstance(await prove(owner, "enable_totp", older), CodeRefused)
    assert await prove(owner, "enable_totp", newer) is None


async def test_s19_a_code_works_once(owner: Actor, postbox: Postbox) -> None:
    code = await code_for(owner, "enable_totp", postbox)
    assert await prove(owner, "enable_totp", code) is None
    assert isinstance(await prove(owner, "enable_totp", code), CodeRefused)
    assert not await rows(EmailCode)


async def test_s19_one_code_in_parallel_proofs_counts_once(owner: Actor, postbox: Postbox) -> None:
    code = await code_for(owner, "enable_totp", postbox)
    answers = await asyncio.gather(*(prove(owner, "enable_totp", code) for _ in range(5)))
    assert answers.count(None) == 1
    assert all(isinstance(answer, CodeRefused) for answer in answers if answer is not None)


async def test_s19_one_code_in_parallel_sign_ins_opens_one(owner: Actor, postbox: Postbox) -> None:
    await give_password()
    await sign_in_code.mail_code_of_browser(OWNER)
    answers = await asyncio.gather(*(verify(postbox.code) for _ in range(8)))
    assert sum(isinstance(answer, SignedIn) for answer in answers) == 1
    losers = [answer for answer in answers if not isinstance(answer, SignedIn)]
    assert all(isinstance(a, CodeRefused | ChallengeDead | TooManyAttempts) for a in losers)


async def test_s19_one_code_in_parallel_set_ups_turns_on_once(
    ada: Account, postbox: Postbox
) -> None:
    actor, _ = await open_session(ada)
    await start(actor)
    await email_codes.send_for_set_up(actor)
    answers = await asyncio.gather(
        *(email_codes.confirm_set_up(actor, postbox.code) for _ in range(5)),
        return_exceptions=True,
    )
    assert answers.count(None) == 1
    assert all(isinstance(a, CodeRefused | SetUpDead) for a in answers if a is not None)
    assert len(await rows(EmailMethod)) == 1
    assert not await rows(EmailSetUp)


async def test_s19_five_wrong_tries_end_a_code(owner: Actor, postbox: Postbox) -> None:
    code = await code_for(owner, "enable_totp", postbox)
    for _ in range(EMAIL_CODE_TRIES):
        assert isinstance(await prove(owner, "enable_totp", wrong(code)), CodeRefused)
    assert isinstance(await prove(owner, "enable_totp", code), CodeRefused)
    standing = await email_codes.standing_for_step_up(owner, "enable_totp")
    assert standing.expires_at is None


async def test_s19_parallel_guesses_get_no_more_than_five_tries(
    owner: Actor, postbox: Postbox
) -> None:
    code = await code_for(owner, "enable_totp", postbox)
    guesses = [wrong(code)] * 9
    answers = await asyncio.gather(*(prove(owner, "enable_totp", guess) for guess in guesses))
    assert all(isinstance(answer, CodeRefused) for answer in answers)
    (row,) = await rows(EmailCode)
    assert row.tries == EMAIL_CODE_TRIES
    assert isinstance(await prove(owner, "enable_totp", code), CodeRefused)


async def test_s19_s49_a_new_code_does_not_take_failures_back(
    owner: Actor, postbox: Postbox, clock: time_machine.Traveller
) -> None:
    for _ in range(2):
        code = await code_for(owner, "enable_totp", postbox)
        for _ in range(5):
            assert isinstance(await prove(owner, "enable_totp", wrong(code)), CodeRefused)
        clock.shift(61)
    fresh = await code_for(owner, "enable_totp", postbox)
    assert isinstance(await prove(owner, "enable_totp", fresh), TooManyAttempts)
    # The same count holds at the front door.
    await give_password()
    assert isinstance(await verify(fresh), TooManyAttempts)


async def test_s49_fifty_wrong_codes_in_a_row_suspend_the_method(
    owner: Actor, postbox: Postbox, clock: time_machine.Traveller
) -> None:
    for _ in range(FACTOR_FAILURES_SUSPEND // 10):
        for _ in range(10):
            # Whether or not a code is out makes no difference to the count.
            assert isinstance(await prove(owner, "enable_totp", "000000"), CodeRefused)
        clock.shift(15 * 60 + 1)
    code = await code_for(owner, "enable_totp", postbox)
    assert isinstance(await prove(owner, "enable_totp", code), MethodSuspended)
    await give_password()
    clock.shift(61)
    await sign_in_code.mail_code_of_browser(OWNER)
    assert isinstance(await verify(postbox.code), MethodSuspended)


async def test_s49_a_right_code_ends_the_row_of_failures(owner: Actor, postbox: Postbox) -> None:
    code = await code_for(owner, "enable_totp", postbox)
    assert isinstance(await prove(owner, "enable_totp", wrong(code)), CodeRefused)
    assert [row.failures for row in await rows(EmailMethod)] == [1]
    assert await prove(owner, "enable_totp", code) is None
    assert [row.failures for row in await rows(EmailMethod)] == [0]


@pytest.mark.parametrize(
    "typed", ["", " ", "12345", "1234567", "-12345", "１２３４５６", "٠١٢٣٤٥", "12\n345", "1" * 999]
)
async def test_s14_what_is_no_code_is_refused_alike(
    ada: Account, postbox: Postbox, typed: str
) -> None:
    actor, _ = await open_session(ada)
    await start(actor)
    await email_codes.send_for_set_up(actor)
    assert isinstance(await outcome_of(email_codes.confirm_set_up(actor, typed)), CodeRefused)
    spaced = f" {postbox.code[:3]} {postbox.code[3:]} "
    await email_codes.confirm_set_up(actor, spaced)
