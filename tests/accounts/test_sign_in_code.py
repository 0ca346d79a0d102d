"""Between password and code, and the code itself: S-13, S-41, S-42, S-49, S-73."""

import asyncio

import time_machine

from security_app.accounts import passwords, sign_in, sign_in_code, step_up
from security_app.accounts.errors import (
    ChallengeDead,
    CodeRefused,
    FieldRefused,
    StepUpRequired,
    TicketDead,
    TooManyAttempts,
)
from security_app.accounts.sign_in import SignedIn
from security_app.accounts.step_up import Proofs
from security_app.accounts.tokens import digest
from security_app.db.engine import transaction
from security_app.db.tables import Account, Challenge, OutboxMessage, Session, SignInAttempt
from tests.accounts.cast import (
    EMAIL,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    STRANGER,
    is_signed_in,
    open_session,
    outcome_of,
    rows,
    visitor,
)
from tests.accounts.phone import code, enable


async def _enabled(account: Account, clock: time_machine.Traveller) -> tuple[str, list[str]]:
    actor, _ = await open_session(account)
    secret, kit = await enable(actor)
    clock.shift(60)
    return secret, [item.code for item in kit.codes]


async def _begin(who=OWNER) -> None:  # noqa: ANN001
    answer = await sign_in.sign_in(who, email=EMAIL, password=PASSWORD)
    assert answer.ticket == ""
    assert answer.code_needed is not None


async def test_s41_the_password_alone_opens_nothing(
    ada: Account, clock: time_machine.Traveller
) -> None:
    await _enabled(ada, clock)
    before = len(await rows(Session))
    answer = await sign_in.sign_in(OWNER, email=EMAIL, password=PASSWORD)
    assert answer.code_needed is not None
    assert answer.code_needed.methods == ("totp", "recovery_code")
    assert len(await rows(Session)) == before
    assert isinstance(
        await outcome_of(sign_in.redeem_ticket(OWNER, answer.code_needed.challenge)), TicketDead
    )


async def test_a_code_finishes_the_sign_in_and_the_history_says_so(
    ada: Account, clock: time_machine.Traveller
) -> None:
    secret, _ = await _enabled(ada, clock)
    await _begin()
    done = await sign_in_code.verify_browser(OWNER, code=code(secret), method="totp")
    session = (await sign_in.redeem_ticket(OWNER, done.ticket)).session
    assert await is_signed_in(session)
    (row,) = await rows(SignInAttempt, SignInAttempt.session_id == session.id)
    assert (row.result, row.method, row.two_factor_verified) == ("signed_in", "password+totp", True)


async def test_the_box_for_the_app_code_takes_a_recovery_code(
    ada: Account, clock: time_machine.Traveller
) -> None:
    _, codes = await _enabled(ada, clock)
    await _begin()
    done = await sign_in_code.verify_browser(OWNER, code=codes[0].lower(), method="totp")
    session = (await sign_in.redeem_ticket(OWNER, done.ticket)).session
    (row,) = await rows(Session, Session.id == session.id)
    assert (row.opened_by, row.two_factor_verified) == ("password+recovery_code", True)
    assert "recovery_code_used" in [message.kind for message in await rows(OutboxMessage)]


async def test_s13_the_code_that_confirmed_the_set_up_cannot_sign_in(ada: Account) -> None:
    actor, _ = await open_session(ada)
    secret, _kit = await enable(actor)
    await _begin()
    answer = await outcome_of(sign_in_code.verify_browser(OWNER, code=code(secret), method="totp"))
    assert isinstance(answer, CodeRefused)


async def test_s13_one_code_in_twenty_parallel_sign_ins_opens_one_session(
    ada: Account, clock: time_machine.Traveller
) -> None:
    secret, _ = await _enabled(ada, clock)
    browsers = [visitor(f"browser {number}") for number in range(20)]
    await asyncio.gather(*map(_begin, browsers))
    answers = await asyncio.gather(
        *(sign_in_code.verify_browser(b, code=code(secret), method="totp") for b in browsers),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, SignedIn) for answer in answers) == 1
    assert all(
        isinstance(a, CodeRefused | TooManyAttempts) for a in answers if not isinstance(a, SignedIn)
    )


async def test_s13_the_previous_step_is_used_up_with_a_later_one(
    ada: Account, clock: time_machine.Traveller
) -> None:
    secret, _ = await _enabled(ada, clock)
    previous = code(secret, ahead_s=-30)
    await _begin()
    await sign_in_code.verify_browser(OWNER, code=code(secret), method="totp")
    await _begin()
    answer = await outcome_of(sign_in_code.verify_browser(OWNER, code=previous, method="totp"))
    assert isinstance(answer, CodeRefused)


async def test_s26_one_recovery_code_in_parallel_sign_ins_opens_one_session(
    ada: Account, clock: time_machine.Traveller
) -> None:
    _, codes = await _enabled(ada, clock)
    browsers = [visitor(f"browser {number}") for number in range(8)]
    await asyncio.gather(*map(_begin, browsers))
    answers = await asyncio.gather(
        *(sign_in_code.verify_browser(b, code=codes[0], method="recovery_code") for b in browsers),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, SignedIn) for answer in answers) == 1


async def test_s41_finishing_twice_at_once_succeeds_once(
    ada: Account, clock: time_machine.Traveller
) -> None:
    secret, codes = await _enabled(ada, clock)
    await _begin()
    answers = await asyncio.gather(
        sign_in_code.verify_browser(OWNER, code=code(secret), method="totp"),
        sign_in_code.verify_browser(OWNER, code=codes[0], method="recovery_code"),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, SignedIn) for answer in answers) == 1


async def test_s41_a_pending_sign_in_is_bound_to_its_browser_and_lives_ten_minutes(
    ada: Account, clock: time_machine.Traveller
) -> None:
    secret, _ = await _enabled(ada, clock)
    await _begin()
    foreign = sign_in_code.verify_browser(STRANGER, code=code(secret), method="totp")
    assert isinstance(await outcome_of(foreign), ChallengeDead)
    clock.shift(601)
    late = sign_in_code.verify_browser(OWNER, code=code(secret), method="totp")
    assert isinstance(await outcome_of(late), ChallengeDead)


async def test_s41_five_tries_end_a_pending_sign_in(
    ada: Account, clock: time_machine.Traveller
) -> None:
    secret, _ = await _enabled(ada, clock)
    await _begin()
    for _ in range(5):
        wrong = sign_in_code.verify_browser(OWNER, code="000000", method="totp")
        assert isinstance(await outcome_of(wrong), CodeRefused)
    right = sign_in_code.verify_browser(OWNER, code=code(secret), method="totp")
    assert isinstance(await outcome_of(right), ChallengeDead)
    mails = [message.kind for message in await rows(OutboxMessage)]
    assert mails.count("wrong_code") == 1


async def test_s49_failures_are_shared_by_attempts_and_methods(
    ada: Account, clock: time_machine.Traveller
) -> None:
    secret, _ = await _enabled(ada, clock)
    wrong = [("000000", "totp"), ("AAAA-BBBB-CCCC-DDDD", "recovery_code")] * 5
    for text, method in wrong:
        await _begin()
        answer = sign_in_code.verify_browser(OWNER, code=text, method=method)
        assert isinstance(await outcome_of(answer), CodeRefused)
    await _begin()
    locked = sign_in_code.verify_browser(OWNER, code=code(secret), method="totp")
    assert isinstance(await outcome_of(locked), TooManyAttempts)
    clock.shift(15 * 60 + 1)
    await _begin()
    await sign_in_code.verify_browser(OWNER, code=code(secret), method="totp")


async def test_s73_an_api_client_gets_a_pending_secret_that_opens_nothing(
    ada: Account, clock: time_machine.Traveller
) -> None:
    secret, _ = await _enabled(ada, clock)
    client = visitor("")
    answer = await sign_in.sign_in_api(client, email=EMAIL, password=PASSWORD)
    assert answer.session is None
    assert answer.code_needed is not None
    pending = answer.code_needed.challenge
    assert not await rows(Session, Session.secret_hash == digest(pending))
    session = await sign_in_code.verify_api(
        client, challenge=pending, code=code(secret), method="totp"
    )
    assert await is_signed_in(session)
    again = sign_in_code.verify_api(client, challenge=pending, code=code(secret), method="totp")
    assert isinstance(await outcome_of(again), ChallengeDead)


async def test_s05_a_password_change_asks_for_a_code_and_ends_pending_sign_ins(
    ada: Account, clock: time_machine.Traveller
) -> None:
    secret, _ = await _enabled(ada, clock)
    actor, _ = await open_session(ada)
    await _begin()
    without = passwords.change_password(
        actor, current=PASSWORD, new=OTHER_PASSWORD, repeat=OTHER_PASSWORD
    )
    assert isinstance(await outcome_of(without), FieldRefused)
    await passwords.change_password(
        actor, current=PASSWORD, new=OTHER_PASSWORD, repeat=OTHER_PASSWORD, code=code(secret)
    )
    assert not await rows(Challenge)


async def test_s42_a_grant_is_for_one_action_one_session_five_minutes_once(
    ada: Account, clock: time_machine.Traveller
) -> None:
    laptop, _ = await open_session(ada)
    phone, _ = await open_session(ada, "phone")
    await step_up.prove(laptop, "enable_totp", Proofs(PASSWORD))

    async def spend(actor, action: str) -> object:  # noqa: ANN001
        async def attempt() -> None:
            async with transaction() as db:
                await step_up.spend(db, actor, action)

        return await outcome_of(attempt())

    assert isinstance(await spend(phone, "enable_totp"), StepUpRequired)
    assert isinstance(await spend(laptop, "disable_totp"), StepUpRequired)
    assert await spend(laptop, "enable_totp") is None
    assert isinstance(await spend(laptop, "enable_totp"), StepUpRequired)
    await step_up.prove(laptop, "enable_totp", Proofs(PASSWORD))
    clock.shift(301)
    assert isinstance(await spend(laptop, "enable_totp"), StepUpRequired)
