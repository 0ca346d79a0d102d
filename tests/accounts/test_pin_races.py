"""Many PINs at the same instant: S-32, S-33, S-87."""

import asyncio

import pytest

from security_app.accounts import pins, step_up
from security_app.accounts.errors import StepUpRequired
from security_app.accounts.hashing import Verification
from security_app.accounts.hashing import verify_text as really_verify
from security_app.accounts.pin_errors import PinLocked, PinWrong
from security_app.accounts.proofs import pin as proof
from security_app.accounts.step_up import Proofs
from security_app.db.tables import Account, Pin
from tests.accounts.cast import PASSWORD, kinds_of_mail, open_session, outcome_of, rows
from tests.accounts.keypad import OTHER_PIN, PIN, WRONG_PIN, act, enter, give_pin


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every PIN that was really compared."""
    seen: list[str] = []

    async def verify(text: str, stored: str | None, purpose: str) -> Verification:
        if purpose == "pin":
            seen.append(text)
        return await really_verify(text, stored, purpose)

    monkeypatch.setattr(proof, "verify_text", verify)
    return seen


async def test_s32_of_fifty_guesses_at_once_five_are_evaluated(
    ada: Account, evaluated: list[str]
) -> None:
    actors = [(await open_session(ada, f"browser {number}"))[0] for number in range(5)]
    await give_pin(ada)
    guesses = [f"{7300 + number}" for number in range(50)]
    answers = await asyncio.gather(
        *(enter(actors[number % 5], guess) for number, guess in enumerate(guesses))
    )
    assert len(evaluated) == 5
    assert sum(isinstance(answer, PinWrong) for answer in answers) == 4
    assert sum(isinstance(answer, PinLocked) for answer in answers) == 46
    assert isinstance(await enter(actors[0], PIN), PinLocked)
    assert len(evaluated) == 5
    assert await kinds_of_mail() == ["pin_locked"]


async def test_s33_one_grant_does_one_of_twenty_actions_at_once(ada: Account) -> None:
    actor, _ = await open_session(ada)
    await give_pin(ada)
    assert await enter(actor, PIN) is None
    answers = await asyncio.gather(*(act(actor) for _ in range(20)))
    assert answers.count(None) == 1
    assert sum(isinstance(answer, StepUpRequired) for answer in answers) == 19


async def test_s32_a_pin_set_while_the_former_one_is_guessed_starts_whole_or_counts_them(
    ada: Account,
) -> None:
    """Whatever comes first: the new PIN is never locked longer than by guesses at itself."""
    actor, _ = await open_session(ada)
    await give_pin(ada)

    async def change() -> None:
        await pins.set_pin(actor, pin=OTHER_PIN, repeat=OTHER_PIN, proofs=Proofs(PASSWORD))

    answers = await asyncio.gather(change(), *(enter(actor, WRONG_PIN) for _ in range(4)))
    assert all(answer is None or isinstance(answer, PinWrong) for answer in answers), answers
    (row,) = await rows(Pin)
    assert row.failures <= 4
    assert row.locked_until is None
    assert await enter(actor, OTHER_PIN) is None


async def test_two_sessions_that_set_the_first_pin_at_once_leave_one(ada: Account) -> None:
    here, _ = await open_session(ada)
    there, _ = await open_session(ada, "phone")
    answers = await asyncio.gather(
        *(
            outcome_of(pins.set_pin(actor, pin=pin, repeat=pin, proofs=Proofs(PASSWORD)))
            for actor, pin in ((here, PIN), (there, OTHER_PIN))
        )
    )
    # The later one finds its grant gone with the factors it was given under, or replaces.
    assert all(isinstance(answer, bool | StepUpRequired) for answer in answers), answers
    assert False in answers
    assert len(await rows(Pin)) == 1


async def test_two_removals_at_once_remove_it_once(ada: Account) -> None:
    here, _ = await open_session(ada)
    there, _ = await open_session(ada, "phone")
    await give_pin(ada)
    for actor in (here, there):
        await step_up.prove(actor, "remove_pin", Proofs(PASSWORD))
    answers = await asyncio.gather(*(outcome_of(pins.remove_pin(actor)) for actor in (here, there)))
    assert sorted(answer is None for answer in answers) == [False, True]
    assert await kinds_of_mail() == ["pin_removed"]
    assert not await rows(Pin)
