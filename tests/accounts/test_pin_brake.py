"""The PIN entered: S-32 counts, locks and disables; S-33 one action, one object, once, a minute."""

from datetime import timedelta

import time_machine

from security_app.accounts import pins, step_up
from security_app.accounts.errors import StepUpRequired
from security_app.accounts.pin_errors import PinDisabled, PinLocked, PinRequired, PinWrong
from security_app.accounts.step_up import Proofs
from security_app.db.engine import Database, transaction, use_database
from security_app.db.tables import Account, Pin, SecurityEvent
from tests.accounts.cast import PASSWORD, kinds_of_mail, open_session, outcome_of, rows
from tests.accounts.keypad import (
    ACTION,
    KEY,
    OTHER_KEY,
    OTHER_PIN,
    PIN,
    WRONG_PIN,
    act,
    enter,
    give_pin,
    status_of,
)


async def _failures() -> int:
    (row,) = await rows(Pin)
    return row.failures


async def test_s32_the_fifth_wrong_one_locks_it_for_15_minutes_and_mails(
    ada: Account, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    await give_pin(ada)
    left = ["4 more tries", "3 more tries", "2 more tries", "1 more try"]
    for words in left:
        refused = await enter(actor, WRONG_PIN)
        assert isinstance(refused, PinWrong)
        assert words in refused.sentence
    assert await kinds_of_mail() == []
    fifth = await enter(actor, WRONG_PIN)
    assert isinstance(fifth, PinLocked)
    assert fifth.wait_s == 15 * 60
    assert await kinds_of_mail() == ["pin_locked"]
    assert [event.action for event in await rows(SecurityEvent)] == ["pin.locked"]
    clock.shift(15 * 60 - 1)
    # The right one is not even looked at, nor is anything counted.
    right = await enter(actor, PIN)
    assert isinstance(right, PinLocked)
    assert right.wait_s == 1
    assert (await status_of(ada)).locked_until is not None
    clock.shift(1)
    assert (await status_of(ada)).locked_until is None
    assert await enter(actor, PIN) is None
    assert await _failures() == 0


async def test_s32_a_right_one_ends_the_row(ada: Account) -> None:
    actor, _ = await open_session(ada)
    await give_pin(ada)
    for _ in range(3):
        for _ in range(4):
            assert isinstance(await enter(actor, WRONG_PIN), PinWrong)
        assert await enter(actor, PIN) is None
    assert await kinds_of_mail() == []


async def test_s32_locks_double_and_the_tenth_disables_it_until_it_is_set_again(
    ada: Account, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    await give_pin(ada)
    for _ in range(4):
        await enter(actor, WRONG_PIN)
    for minutes in (15, 30, 60, 120, 240):
        locked = await enter(actor, WRONG_PIN)
        assert type(locked) is PinLocked
        assert locked.wait_s == minutes * 60
        clock.shift(minutes * 60)
    tenth = await enter(actor, WRONG_PIN)
    assert isinstance(tenth, PinDisabled)
    assert (await status_of(ada)).is_disabled
    assert (await kinds_of_mail()).count("pin_disabled") == 1
    clock.shift(timedelta(days=365))
    fresh, _ = await open_session(ada, "next year")
    assert isinstance(await enter(fresh, PIN), PinDisabled)
    # Disabled is not removed: the action goes on asking for it (S-34).
    typed = Proofs(confirmation=KEY.name)
    assert isinstance(await outcome_of(step_up.prove(fresh, ACTION, typed, KEY)), PinRequired)
    # Setting it with full proof is the way back, and it counts from nought.
    await pins.set_pin(fresh, pin=OTHER_PIN, repeat=OTHER_PIN, proofs=Proofs(PASSWORD))
    assert not (await status_of(ada)).is_disabled
    assert isinstance(await enter(fresh, WRONG_PIN), PinWrong)
    assert await enter(fresh, OTHER_PIN) is None


async def test_a_lock_ends_when_the_pin_is_set_again(ada: Account) -> None:
    actor, _ = await open_session(ada)
    await give_pin(ada)
    for _ in range(5):
        await enter(actor, WRONG_PIN)
    assert (await status_of(ada)).locked_until is not None
    await pins.set_pin(actor, pin=OTHER_PIN, repeat=OTHER_PIN, proofs=Proofs(PASSWORD))
    assert (await status_of(ada)).locked_until is None
    assert await enter(actor, OTHER_PIN) is None


async def test_s32_what_cannot_be_a_pin_is_refused_and_not_counted(ada: Account) -> None:
    actor, _ = await open_session(ada)
    await give_pin(ada)
    for text in ("", " "):
        assert isinstance(await enter(actor, text), PinRequired)
    for text in ("٢٥٨٠", "２５８０", "258", "25800000", "2" * 1_000_000, "2580\0", "\ud800"):
        assert isinstance(await enter(actor, text), PinWrong)
    assert await _failures() == 0
    assert await enter(actor, f" {PIN} ") is None


async def test_s32_a_restart_keeps_the_count(ada: Account, database: Database) -> None:
    actor, _ = await open_session(ada)
    await give_pin(ada)
    for _ in range(4):
        await enter(actor, WRONG_PIN)
    reopened = Database(database.engine.url.render_as_string(hide_password=False))
    use_database(reopened)
    assert isinstance(await enter(actor, WRONG_PIN), PinLocked)
    await reopened.dispose()
    use_database(database)
    assert isinstance(await enter(actor, PIN), PinLocked)


async def test_s33_a_pin_is_good_for_one_object_once(ada: Account) -> None:
    actor, _ = await open_session(ada)
    await give_pin(ada)
    assert isinstance(await act(actor), StepUpRequired)
    assert await enter(actor, PIN, KEY) is None
    assert isinstance(await act(actor, OTHER_KEY), StepUpRequired)
    async with transaction() as db:
        other = await outcome_of(step_up.spend(db, actor, "cancel_release", KEY.id))
        untargeted = await outcome_of(step_up.spend(db, actor, ACTION))
    assert isinstance(other, StepUpRequired)
    assert isinstance(untargeted, StepUpRequired)
    assert await act(actor, KEY) is None
    assert isinstance(await act(actor, KEY), StepUpRequired)


async def test_s33_a_pin_is_good_for_a_minute(ada: Account, clock: time_machine.Traveller) -> None:
    actor, _ = await open_session(ada)
    await give_pin(ada)
    assert await enter(actor, PIN) is None
    clock.shift(59)
    assert await act(actor) is None
    assert await enter(actor, PIN) is None
    clock.shift(61)
    assert isinstance(await act(actor), StepUpRequired)


async def test_s33_a_typed_confirmation_is_good_for_a_minute_too(
    ada: Account, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    await step_up.prove(actor, ACTION, Proofs(confirmation=KEY.name), KEY)
    clock.shift(61)
    assert isinstance(await act(actor), StepUpRequired)


async def test_s33_a_pin_is_good_in_the_session_it_was_entered_in(ada: Account) -> None:
    here, _ = await open_session(ada)
    there, _ = await open_session(ada, "phone")
    await give_pin(ada)
    assert await enter(here, PIN) is None
    assert isinstance(await act(there), StepUpRequired)
    assert await act(here) is None


async def test_s33_deleting_the_account_asks_for_password_and_pin(
    ada: Account, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    await give_pin(ada)

    async def confirm(**proofs: str) -> object:
        return await outcome_of(step_up.prove(actor, "delete_account", Proofs(**proofs)))

    assert isinstance(await confirm(password=PASSWORD), PinRequired)
    assert isinstance(await confirm(password=PASSWORD, pin=WRONG_PIN), PinWrong)
    # A wrong password is told before any PIN is looked at.
    assert type(await confirm(password="wrong-1", pin=PIN)).__name__ == "WrongPassword"
    assert await _failures() == 1
    assert await confirm(password=PASSWORD, pin=PIN) is None
    clock.shift(61)
    async with transaction() as db:
        late = await outcome_of(step_up.spend(db, actor, "delete_account"))
    assert isinstance(late, StepUpRequired)
