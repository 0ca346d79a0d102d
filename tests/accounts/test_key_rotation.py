"""A new first key: all goes on, and what still needs the old one fails closed (S-74, S-75)."""

from pathlib import Path

import pytest
import time_machine

from security_app.accounts import key_rotation, recovery_codes, sign_in, step_up, totp, undo
from security_app.accounts.errors import CodeRefused, InvalidCredentials, WrongPassword
from security_app.accounts.key_rotation import Rotated
from security_app.accounts.step_up import Proofs
from security_app.db.engine import transaction
from security_app.db.sealing import CannotOpen, open_sealed, sealed_with
from security_app.db.tables import Account, OutboxMessage, RecoveryCode, Totp, TotpSetUp
from security_app.keys import keys
from security_app.mail.queueing import open_params
from tests.accounts.cast import (
    EMAIL,
    OWNER,
    PASSWORD,
    make_account,
    open_session,
    outcome_of,
    rows,
    the_account,
    visitor,
)
from tests.accounts.moving import undo_tokens
from tests.accounts.phone import code, enable, set_up
from tests.environment import SetEnvironment

OLD = "kT4mWq9ZrV2xLs7HdYp0NcFj3GbUe8Ao"
NEW = "pB6vXs1KqM8wRt3ZfJn5YhLd9CgTa2Ei"


@pytest.fixture
async def bob(ada: Account) -> Account:
    """Somebody else, with an app that is being set up."""
    return await make_account("bob@example.org")


async def _everything_sealed() -> list[bytes]:
    return [
        *(row.sealed_secret for row in await rows(Totp)),
        *(row.sealed_secret for row in await rows(TotpSetUp)),
        *(row.sealed_code for row in await rows(RecoveryCode) if row.sealed_code),
        *(row.sealed_params for row in await rows(OutboxMessage) if row.sealed_params),
    ]


async def test_s75_rotation_seals_everything_under_the_new_key_and_nothing_stops(
    ada: Account, bob: Account, clock: time_machine.Traveller, environment: SetEnvironment
) -> None:
    actor, _ = await open_session(ada)
    secret, kit = await enable(actor)
    as_bob, _ = await open_session(bob, "tablet")
    staged = await set_up(as_bob)
    sealed = await _everything_sealed()
    old = keys()[0].id
    assert {sealed_with(value) for value in sealed} == {old}

    environment(SECRET_KEYS=f"{NEW},{OLD}")
    assert keys()[0].id != old
    assert await key_rotation.rotate() == Rotated(len(sealed), passwords=2, recovery_codes=10)
    assert {sealed_with(value) for value in await _everything_sealed()} == {keys()[0].id}
    assert await key_rotation.rotate() == Rotated(0, passwords=2, recovery_codes=10)

    clock.shift(60)
    assert all(open_params(message) for message in await rows(OutboxMessage))
    await step_up.prove(actor, "view_recovery_codes", Proofs(code=code(secret)))
    assert (await recovery_codes.view(actor)).codes == kit.codes
    await step_up.prove(actor, "disable_totp", Proofs(PASSWORD, kit.codes[7].code))
    answer = await sign_in.sign_in(visitor("new"), email=EMAIL, password=PASSWORD)
    assert answer.code_needed is not None
    assert len((await totp.confirm_set_up(as_bob, code(staged))).codes) == 10


async def test_s75_before_the_rotation_the_old_key_still_opens_everything(
    ada: Account, clock: time_machine.Traveller, environment: SetEnvironment
) -> None:
    actor, _ = await open_session(ada)
    secret, kit = await enable(actor)
    environment(SECRET_KEYS=f"{NEW},{OLD}")
    clock.shift(60)
    await step_up.prove(actor, "disable_totp", Proofs(PASSWORD, code(secret)))
    await step_up.prove(actor, "disable_totp", Proofs(PASSWORD, kit.codes[0].code))


async def test_s75_a_password_moves_to_the_new_key_when_it_is_used(
    ada: Account, environment: SetEnvironment
) -> None:
    environment(SECRET_KEYS=f"{NEW},{OLD}")
    await sign_in.sign_in(OWNER, email=EMAIL, password=PASSWORD)
    assert ((await the_account(ada)).password_hash or "").startswith(keys()[0].id)
    assert (await key_rotation.rotate()).passwords == 0
    environment(SECRET_KEYS=NEW)
    await sign_in.sign_in(OWNER, email=EMAIL, password=PASSWORD)


async def test_s75_without_the_old_key_what_needs_it_fails_closed(
    ada: Account, bob: Account, clock: time_machine.Traveller, environment: SetEnvironment
) -> None:
    actor, _ = await open_session(ada)
    secret, kit = await enable(actor)
    environment(SECRET_KEYS=f"{NEW},{OLD}")
    await key_rotation.rotate()
    environment(SECRET_KEYS=NEW)
    clock.shift(60)
    # Hashes were not moved: the password and the codes refuse like wrong ones.
    for answer in (
        await outcome_of(sign_in.sign_in(OWNER, email=EMAIL, password=PASSWORD)),
        await outcome_of(step_up.prove(actor, "disable_totp", Proofs(PASSWORD, code(secret)))),
    ):
        assert isinstance(answer, InvalidCredentials | WrongPassword)
    refused = Proofs(code=kit.codes[0].code, method="recovery_code")
    assert isinstance(
        await outcome_of(step_up.prove(actor, "view_recovery_codes", refused)), CodeRefused
    )
    # What was sealed again opens: the app's codes count, the set can be viewed and renewed.
    await step_up.prove(actor, "view_recovery_codes", Proofs(code=code(secret)))
    assert (await recovery_codes.view(actor)).codes == kit.codes
    clock.shift(60)
    await step_up.prove(actor, "regenerate_recovery_codes", Proofs(code=code(secret)))
    await recovery_codes.regenerate(actor)
    assert (await key_rotation.rotate()).recovery_codes == 0


async def test_s75_an_old_key_dropped_too_early_opens_nothing_and_rotates_nothing(
    ada: Account, clock: time_machine.Traveller, environment: SetEnvironment
) -> None:
    actor, _ = await open_session(ada)
    secret, _ = await enable(actor)
    before = await _everything_sealed()
    environment(SECRET_KEYS=NEW)
    clock.shift(60)
    answer = await outcome_of(
        step_up.prove(actor, "view_recovery_codes", Proofs(code=code(secret)))
    )
    assert isinstance(answer, CannotOpen | CodeRefused)
    assert isinstance(await outcome_of(key_rotation.rotate()), CannotOpen)
    assert await _everything_sealed() == before
    environment(SECRET_KEYS=f"{NEW},{OLD}")
    await key_rotation.rotate()


async def test_s74_a_rotation_does_not_move_what_was_swapped_or_changed(
    ada: Account, bob: Account, clock: time_machine.Traveller, environment: SetEnvironment
) -> None:
    """One row that does not open stops the rotation before anything is changed."""
    secrets = []
    for account, browser in ((ada, "laptop"), (bob, "tablet")):
        actor, _ = await open_session(account, browser)
        secrets.append((await enable(actor))[0])
    first, second = await rows(Totp)
    async with transaction() as db:
        for row, sealed in ((first, second.sealed_secret), (second, first.sealed_secret)):
            (await db.get_one(Totp, row.account_id)).sealed_secret = sealed
    for row in await rows(Totp):
        with pytest.raises(CannotOpen):
            open_sealed(row.sealed_secret, f"totp:{row.account_id}")
    before = await _everything_sealed()
    environment(SECRET_KEYS=f"{NEW},{OLD}")
    assert isinstance(await outcome_of(key_rotation.rotate()), CannotOpen)
    assert await _everything_sealed() == before


async def test_s75_what_this_wasnt_me_keeps_needs_the_old_key_and_nothing_else_of_it_does(
    ada: Account, clock: time_machine.Traveller, environment: SetEnvironment, tmp_path: Path
) -> None:
    actor, _ = await open_session(ada)
    _secret, kit = await enable(actor)
    await step_up.prove(actor, "disable_totp", Proofs(PASSWORD, kit.codes[0].code))
    await totp.disable(actor)
    links = await undo_tokens(tmp_path, EMAIL)
    token = links["Your authenticator app was turned off"]
    environment(SECRET_KEYS=f"{NEW},{OLD}")
    assert (await key_rotation.rotate()).undo_links == 2
    # Dropped too early: the app does not come back, all the rest still happens.
    environment(SECRET_KEYS=NEW)
    done = await undo.undo(OWNER, token)
    assert not done.factors_back
    assert done.ended_sessions == 1
    assert (await the_account(ada)).password_hash is None
