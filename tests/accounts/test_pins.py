"""The PIN set, changed and removed: S-30, S-31, S-34; what is stored of it: S-31, S-75."""

import hashlib
import hmac
import itertools
import re

import pytest
import time_machine

from security_app.accounts import key_rotation, pins, step_up
from security_app.accounts.actor import Actor
from security_app.accounts.errors import (
    CodeRefused,
    FieldRefused,
    NotOn,
    StepUpRequired,
    WrongPassword,
)
from security_app.accounts.pin_errors import PinWrong
from security_app.accounts.step_up import Proofs
from security_app.db.engine import Database
from security_app.db.tables import Account, Pin, SecurityEvent, StepUpGrant
from security_app.keys import keys
from tests.accounts import phone
from tests.accounts.cast import (
    PASSWORD,
    everything_stored,
    kinds_of_mail,
    make_account,
    open_session,
    outcome_of,
    rows,
)
from tests.accounts.keypad import (
    ACTION,
    KEY,
    OTHER_PIN,
    PIN,
    act,
    enter,
    give_pin,
    status_of,
    stored_pin,
)
from tests.accounts.postbox import Postbox, code_for
from tests.environment import SetEnvironment

OLD = "kT4mWq9ZrV2xLs7HdYp0NcFj3GbUe8Ao"
NEW = "pB6vXs1KqM8wRt3ZfJn5YhLd9CgTa2Ei"


async def _set(
    actor: Actor, pin: str = PIN, proofs: Proofs | None = None, repeat: str | None = None
) -> object:
    """What setting a PIN ends with."""
    return await outcome_of(
        pins.set_pin(
            actor,
            pin=pin,
            repeat=pin if repeat is None else repeat,
            proofs=proofs or Proofs(PASSWORD),
        )
    )


async def test_a_pin_is_set_changed_and_removed_and_each_is_told(ada: Account) -> None:
    actor, _ = await open_session(ada)
    assert (await status_of(ada)).set_at is None
    assert await _set(actor, f" {PIN} ") is False
    assert (await status_of(ada)).set_at is not None
    assert await _set(actor, OTHER_PIN) is True
    assert isinstance(await enter(actor, PIN), PinWrong)
    assert await enter(actor, OTHER_PIN) is None
    await step_up.prove(actor, "remove_pin", Proofs(PASSWORD))
    await pins.remove_pin(actor)
    assert (await status_of(ada)).set_at is None
    assert not await rows(Pin)
    told = ["pin_changed", "pin_removed", "pin_set"]
    assert await kinds_of_mail() == told
    actions = [event.action for event in await rows(SecurityEvent)]
    assert sorted(actions) == [kind.replace("_", ".") for kind in told]


@pytest.mark.parametrize(
    "pin",
    [
        *("", "258", "2580258", "25 80", "258o", "-258", "+2580", "25.8", "2580\n", "2580\0"),
        *("٢٥٨٠", "２５８０", "²⁵⁸⁰", "𝟚𝟝𝟠𝟘", "2" * 100_000, " " * 100_000, "\ud8002580"),
    ],
)
async def test_s30_a_pin_is_four_to_six_ascii_digits(ada: Account, pin: str) -> None:
    actor, _ = await open_session(ada)
    refused = await _set(actor, pin)
    assert isinstance(refused, FieldRefused)
    assert (refused.field, refused.sentence) == ("pin", "A PIN has 4 to 6 digits.")
    assert not await rows(Pin)


@pytest.mark.parametrize(
    ("pin", "reason"),
    [
        ("1234", "in a row"),
        ("987654", "in a row"),
        ("7890", "in a row"),
        ("0987", "in a row"),
        ("1111", "repeat"),
        ("000000", "repeat"),
        ("2525", "repeat"),
        ("147147", "repeat"),
        ("1987", "year"),
        ("2012", "year"),
    ],
)
async def test_s30_a_pin_that_is_guessed_first_is_refused_with_the_reason(
    ada: Account, pin: str, reason: str
) -> None:
    actor, _ = await open_session(ada)
    refused = await _set(actor, pin)
    assert isinstance(refused, FieldRefused)
    assert refused.field == "pin"
    assert reason in refused.sentence
    assert not await rows(Pin)


@pytest.mark.parametrize("pin", [PIN, "25258", "198704", "135790", "00001", OTHER_PIN])
def test_s30_other_pins_are_taken(pin: str) -> None:
    assert pins.accepted_pin(pin) == pin


async def test_s30_both_entries_must_be_the_same(ada: Account) -> None:
    actor, _ = await open_session(ada)
    for repeat in ("", "2581", "02580"):
        refused = await _set(actor, repeat=repeat)
        assert isinstance(refused, FieldRefused)
        assert refused.field == "repeat_pin"
    assert not await rows(Pin)


async def test_s30_the_password_is_needed_to_set_change_and_remove(ada: Account) -> None:
    actor, _ = await open_session(ada)
    missing = await _set(actor, proofs=Proofs())
    assert isinstance(missing, FieldRefused)
    assert missing.field == "password"
    assert isinstance(await _set(actor, proofs=Proofs("wrong-1")), WrongPassword)
    assert isinstance(await outcome_of(pins.remove_pin(actor)), StepUpRequired)
    await give_pin(ada)
    assert isinstance(await _set(actor, OTHER_PIN, Proofs("wrong-1")), WrongPassword)
    # The PIN itself is no proof for its change or removal.
    for action in ("set_pin", "remove_pin"):
        refused = await outcome_of(step_up.prove(actor, action, Proofs(pin=PIN)))
        assert isinstance(refused, FieldRefused)
        refused = await outcome_of(step_up.prove(actor, action, Proofs(PIN, pin=PIN)))
        assert isinstance(refused, WrongPassword)
    assert isinstance(await outcome_of(pins.remove_pin(actor)), StepUpRequired)
    assert await enter(actor, PIN) is None


async def test_s30_with_a_second_factor_its_code_is_needed_too(
    ada: Account, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    secret, _ = await phone.enable(actor)
    clock.shift(60)
    missing = await _set(actor)
    assert isinstance(missing, FieldRefused)
    assert missing.field == "code"
    assert isinstance(await _set(actor, proofs=Proofs(PASSWORD, "000000")), CodeRefused)
    assert not await rows(Pin)
    assert await _set(actor, proofs=Proofs(PASSWORD, phone.code(secret))) is False
    missing = await outcome_of(step_up.prove(actor, "remove_pin", Proofs(PASSWORD)))
    assert isinstance(missing, FieldRefused)
    clock.shift(60)
    await step_up.prove(actor, "remove_pin", Proofs(PASSWORD, phone.code(secret)))
    await pins.remove_pin(actor)


async def test_s30_a_code_by_mail_is_for_setting_or_for_removing(
    owner: Actor, postbox: Postbox, clock: time_machine.Traveller
) -> None:
    clock.shift(61)
    for_setting = await code_for(owner, "set_pin", postbox)
    refused = await outcome_of(step_up.prove(owner, "remove_pin", Proofs(PASSWORD, for_setting)))
    assert isinstance(refused, CodeRefused)
    assert await _set(owner, proofs=Proofs(PASSWORD, for_setting)) is False


async def test_the_policy_may_ask_for_the_password_alone(
    owner: Actor, environment: SetEnvironment
) -> None:
    environment(POLICY="oncloudwine")
    assert await _set(owner) is False
    await step_up.prove(owner, "remove_pin", Proofs(PASSWORD))
    await pins.remove_pin(owner)


async def test_an_account_without_a_password_sets_it_with_a_mailed_code(
    database: Database, clock: time_machine.Traveller, postbox: Postbox
) -> None:
    account = await make_account("google@example.org", password=None)
    actor, _ = await open_session(account, "tablet")
    assert isinstance(await _set(actor), FieldRefused)
    code = await code_for(actor, "set_pin", postbox)
    assert await _set(actor, proofs=Proofs(code=code)) is False
    assert (await status_of(account)).set_at is not None


async def test_removing_what_is_not_there_is_refused(ada: Account) -> None:
    actor, _ = await open_session(ada)
    await step_up.prove(actor, "remove_pin", Proofs(PASSWORD))
    assert isinstance(await outcome_of(pins.remove_pin(actor)), NotOn)


async def test_s34_a_new_pin_or_none_makes_open_grants_useless(ada: Account) -> None:
    """Nobody takes the PIN away, or changes it, to use what the former one has allowed."""
    actor, _ = await open_session(ada)
    await give_pin(ada)
    assert await enter(actor, PIN) is None
    assert await _set(actor, OTHER_PIN) is True
    assert isinstance(await act(actor), StepUpRequired)
    assert await enter(actor, OTHER_PIN) is None
    await step_up.prove(actor, "remove_pin", Proofs(PASSWORD))
    await pins.remove_pin(actor)
    assert isinstance(await act(actor), StepUpRequired)
    assert not [grant for grant in await rows(StepUpGrant) if grant.spent_at is None]


async def test_without_a_pin_the_name_of_the_object_is_typed(ada: Account) -> None:
    actor, _ = await open_session(ada)
    for typed in ("", "deploy key", PIN):
        refused = await outcome_of(
            step_up.prove(actor, ACTION, Proofs(confirmation=typed, pin=PIN), KEY)
        )
        assert isinstance(refused, FieldRefused)
        assert refused.field == "confirmation"
    await step_up.prove(actor, ACTION, Proofs(confirmation=f" {KEY.name} "), KEY)
    assert await act(actor) is None
    # With one set, typing is no way round it.
    await give_pin(ada)
    refused = await outcome_of(
        step_up.prove(actor, ACTION, Proofs(pin="7391", confirmation=KEY.name), KEY)
    )
    assert isinstance(refused, PinWrong)


async def test_s31_no_stored_value_tells_the_pin_without_the_key(
    ada: Account, database: Database
) -> None:
    """Every four-digit PIN under every plain digest, salted or not: none stands there."""
    actor, _ = await open_session(ada)
    await _set(actor)
    (row,) = await rows(Pin)
    key_id, _, rest = row.pin_hash.partition("$")
    assert key_id == keys()[0].id
    assert re.match(r"argon2id\$v=19\$m=19456,t=2,p=1\$", rest)
    stored = await everything_stored(database)
    # The first bytes of a digest are searched, all at once: half a million searches take a minute.
    length = 16
    windows = {stored[start : start + length] for start in range(len(stored))}
    salts = [b"", ada.id.encode(), row.pin_hash.split("$")[-2].encode(), key_id.encode()]
    for digits in itertools.product(b"0123456789", repeat=4):
        pin = bytes(digits)
        for salt in salts:
            for name in ("md5", "sha1", "sha256"):
                plain = hashlib.new(name, salt + pin, usedforsecurity=False)
                keyed = hmac.new(salt, pin, name)
                for found in (plain, keyed):
                    assert found.hexdigest().encode()[:length] not in windows
                    assert found.digest()[:length] not in windows


async def test_s31_the_hash_is_of_a_keyed_digest(ada: Account, environment: SetEnvironment) -> None:
    """The same row under another key refuses the right PIN; two equal PINs differ."""
    actor, _ = await open_session(ada)
    await _set(actor)
    (first,) = await rows(Pin)
    assert first.pin_hash != stored_pin(PIN)
    key_id = first.pin_hash.partition("$")[0]
    environment(SECRET_KEYS=NEW)
    assert keys()[0].id != key_id
    assert isinstance(await enter(actor, PIN), PinWrong)


async def test_s75_a_pin_moves_to_the_new_key_when_it_is_entered(
    ada: Account, environment: SetEnvironment
) -> None:
    actor, _ = await open_session(ada)
    await give_pin(ada)
    environment(SECRET_KEYS=f"{NEW},{OLD}")
    assert (await key_rotation.rotate()).pins == 1
    assert await enter(actor, PIN) is None
    (row,) = await rows(Pin)
    assert row.pin_hash.startswith(f"{keys()[0].id}$")
    assert (await key_rotation.rotate()).pins == 0
    environment(SECRET_KEYS=NEW)
    assert await enter(actor, PIN) is None
