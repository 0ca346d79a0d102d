"""Recovery codes: S-24 to S-29."""

import asyncio
import re
from collections.abc import Callable

import pytest
import time_machine

from security_app import policy
from security_app.accounts import recovery_codes, second_factor, step_up
from security_app.accounts.errors import (
    CodeRefused,
    MethodSuspended,
    NotRetrievable,
    StepUpRequired,
    TooManyAttempts,
)
from security_app.accounts.recovery_codes import Kit
from security_app.accounts.step_up import Proofs
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, OutboxMessage, RecoveryCode
from security_app.limits import FACTOR_FAILURES_SUSPEND
from security_app.policy import Policy
from tests.accounts.cast import PASSWORD, open_session, outcome_of, rows
from tests.accounts.phone import code, enable


async def test_s24_ten_distinct_codes_of_sixteen_base32_characters(ada: Account) -> None:
    actor, _ = await open_session(ada)
    _, kit = await enable(actor)
    codes = [item.code for item in kit.codes]
    assert len(set(codes)) == 10
    assert all(re.fullmatch("([A-Z2-7]{4}-){3}[A-Z2-7]{4}", item) for item in codes)


async def test_s25_the_database_holds_no_code_in_any_plain_form(ada: Account) -> None:
    actor, _ = await open_session(ada)
    _, kit = await enable(actor)
    stored = " ".join(
        f"{row.tag} {row.code_hash} {row.sealed_code!r}" for row in await rows(RecoveryCode)
    )
    for item in kit.codes:
        bare = item.code.replace("-", "")
        assert bare not in stored
        assert bare.encode().hex() not in stored
    assert all("$argon2id$" in row.code_hash for row in await rows(RecoveryCode))


@pytest.mark.parametrize("spelling", [str.lower, lambda c: c.replace("-", ""), lambda c: f" {c} "])
async def test_s24_case_spaces_and_dashes_do_not_matter(
    ada: Account, spelling: Callable[[str], str]
) -> None:
    actor, _ = await open_session(ada)
    _, kit = await enable(actor)
    await step_up.prove(actor, "disable_totp", Proofs(PASSWORD, spelling(kit.codes[0].code)))


async def test_s24_fifteen_characters_are_no_code(ada: Account) -> None:
    actor, _ = await open_session(ada)
    _, kit = await enable(actor)
    short = kit.codes[0].code[:-1]
    answer = await outcome_of(step_up.prove(actor, "disable_totp", Proofs(PASSWORD, short)))
    assert isinstance(answer, CodeRefused)


async def test_s26_one_code_in_twenty_parallel_tries_counts_once(ada: Account) -> None:
    actor, _ = await open_session(ada)
    _, kit = await enable(actor)
    proofs = Proofs(PASSWORD, kit.codes[0].code)
    answers = await asyncio.gather(
        *(step_up.prove(actor, "disable_totp", proofs) for _ in range(20)), return_exceptions=True
    )
    assert answers.count(None) == 1
    assert all(isinstance(a, CodeRefused | TooManyAttempts) for a in answers if a is not None)


async def test_s26_a_used_code_is_shown_with_its_time(
    ada: Account, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    secret, kit = await enable(actor)
    await step_up.prove(actor, "disable_totp", Proofs(PASSWORD, kit.codes[2].code))
    clock.shift(60)
    await step_up.prove(actor, "view_recovery_codes", Proofs(code=code(secret)))
    shown = await recovery_codes.view(actor)
    assert [item.code for item in shown.codes] == [item.code for item in kit.codes]
    assert [bool(item.used_at) for item in shown.codes].index(True) == 2
    async with reading() as db:
        status = await recovery_codes.status(db, ada.id)
    assert (status.left, status.total, status.number) == (9, 10, 1)


@pytest.mark.parametrize("action", ["view_recovery_codes", "regenerate_recovery_codes"])
async def test_s27_only_a_fresh_authenticator_code_opens_the_codes(
    ada: Account, clock: time_machine.Traveller, action: str
) -> None:
    actor, _ = await open_session(ada)
    secret, kit = await enable(actor)
    act = recovery_codes.view if action.startswith("view") else recovery_codes.regenerate
    assert isinstance(await outcome_of(act(actor)), StepUpRequired)
    for proofs in (Proofs(PASSWORD, kit.codes[0].code), Proofs(PASSWORD, code(secret))):
        # A recovery code does not serve; the code that confirmed the set-up is used up.
        assert isinstance(await outcome_of(step_up.prove(actor, action, proofs)), CodeRefused)
    clock.shift(60)
    await step_up.prove(actor, action, Proofs(code=code(secret)))
    await act(actor)
    assert isinstance(await outcome_of(act(actor)), StepUpRequired)


async def test_s27_regenerating_kills_all_former_codes_at_once(
    ada: Account, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    secret, old = await enable(actor)
    clock.shift(60)
    await step_up.prove(actor, "regenerate_recovery_codes", Proofs(code=code(secret)))
    new = await recovery_codes.regenerate(actor)
    assert new.number == old.number + 1
    for item in old.codes[:3]:
        answer = await outcome_of(step_up.prove(actor, "disable_totp", Proofs(PASSWORD, item.code)))
        assert isinstance(answer, CodeRefused)
    await step_up.prove(actor, "disable_totp", Proofs(PASSWORD, new.codes[0].code))


async def test_regenerating_and_spending_at_once_leave_ten_new_codes(
    ada: Account, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    secret, old = await enable(actor)
    clock.shift(60)
    await step_up.prove(actor, "regenerate_recovery_codes", Proofs(code=code(secret)))
    answers = await asyncio.gather(
        recovery_codes.regenerate(actor),
        *(
            step_up.prove(actor, "disable_totp", Proofs(PASSWORD, item.code))
            for item in old.codes[:3]
        ),
        return_exceptions=True,
    )
    assert isinstance(answers[0], Kit)
    codes = await rows(RecoveryCode)
    assert len(codes) == 10
    assert all(row.used_at is None for row in codes)


async def test_d2_the_hashed_policy_keeps_no_copy_and_erases_the_old_ones(
    ada: Account, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor, _ = await open_session(ada)
    secret, _kit = await enable(actor)
    hashed = Policy(recovery_code_storage="hashed")
    for module in (policy, recovery_codes):
        monkeypatch.setattr(module, "get_policy", lambda: hashed)
    async with transaction() as db:
        assert await recovery_codes.forget_copies(db) == 10
    clock.shift(60)
    await step_up.prove(actor, "view_recovery_codes", Proofs(code=code(secret)))
    assert isinstance(await outcome_of(recovery_codes.view(actor)), NotRetrievable)
    assert all(row.sealed_code is None for row in await rows(RecoveryCode))


async def test_three_left_is_low(ada: Account) -> None:
    actor, _ = await open_session(ada)
    _, kit = await enable(actor)
    for item in kit.codes[:7]:
        await step_up.prove(actor, "disable_totp", Proofs(PASSWORD, item.code))
    async with reading() as db:
        status = await recovery_codes.status(db, ada.id)
    assert (status.left, status.is_low) == (3, True)


async def test_s29_using_a_code_mails_the_owner(ada: Account) -> None:
    actor, _ = await open_session(ada)
    _, kit = await enable(actor)
    await step_up.prove(actor, "disable_totp", Proofs(PASSWORD, kit.codes[0].code))
    kinds = [message.kind for message in await rows(OutboxMessage)]
    assert kinds.count("recovery_code_used") == 1


async def test_s49_fifty_wrong_codes_suspend_them_until_an_operator_lifts_it(
    ada: Account, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    _, kit = await enable(actor)
    wrong = Proofs(PASSWORD, "AAAA-AAAA-AAAA-AAAA")
    for _ in range(FACTOR_FAILURES_SUSPEND // 10):
        for _ in range(10):
            refusal = await outcome_of(step_up.prove(actor, "disable_totp", wrong))
            assert isinstance(refusal, CodeRefused)
        clock.shift(15 * 60 + 1)
    right = Proofs(PASSWORD, kit.codes[0].code)
    refusal = await outcome_of(step_up.prove(actor, "disable_totp", right))
    assert isinstance(refusal, MethodSuspended)
    async with transaction() as db:
        assert await second_factor.lift_suspension(db, ada.email_key)
        assert not await second_factor.lift_suspension(db, "nobody@example.org")
    await step_up.prove(actor, "disable_totp", right)
