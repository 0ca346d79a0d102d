"""How often somebody may guess, and that no limit locks the owner out (S-48 to S-52)."""

import asyncio

import pytest
from time_machine import Traveller

from security_app.accounts import passwords, sign_in, throttle
from security_app.accounts.actor import Visitor
from security_app.accounts.addresses import address_key
from security_app.accounts.errors import InvalidCredentials, Refused, TooManyAttempts, WrongPassword
from security_app.accounts.proofs.password import budgets_at_the_door
from security_app.db.engine import Database, use_database
from security_app.db.tables import Account, SignInAttempt
from tests.accounts.cast import (
    EMAIL,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    STRANGER,
    is_signed_in,
    make_account,
    open_session,
    outcome_of,
    rows,
    sign_in_browser,
    visitor,
)

WRONG = "not the password 1"


async def guess(who: Visitor = STRANGER, email: str = EMAIL, password: str = WRONG) -> Refused:
    refused = await outcome_of(sign_in.sign_in(who, email=email, password=password))
    assert isinstance(refused, InvalidCredentials | TooManyAttempts), repr(refused)
    return refused


async def was_evaluated(who: Visitor = STRANGER, email: str = EMAIL) -> bool:
    return isinstance(await guess(who, email), InvalidCredentials)


async def use_up(who: Visitor = STRANGER, email: str = EMAIL, times: int = 5) -> None:
    """Count failures as the door counts them, without the slow comparison."""
    for _ in range(times):
        await throttle.reserve(*budgets_at_the_door(address_key(email), who, None))


async def use_up_address(who: Visitor, times: int = 30) -> None:
    for number in range(times):
        await use_up(who, f"nobody{number}@example.org", times=1)


async def results(account: Account) -> list[str]:
    return [row.result for row in await rows(SignInAttempt, SignInAttempt.account_id == account.id)]


async def test_s48_the_sixth_guess_in_five_minutes_waits(ada: Account, clock: Traveller) -> None:
    for _ in range(5):
        assert await was_evaluated()
    refused = await guess()
    assert isinstance(refused, TooManyAttempts)
    assert 300 <= refused.wait_s <= 301
    assert "minutes" in refused.sentence
    clock.shift(299)
    assert not await was_evaluated()
    clock.shift(2)
    assert await was_evaluated()


async def test_s48_the_twenty_first_guess_in_an_hour_waits(ada: Account, clock: Traveller) -> None:
    for _ in range(4):
        await use_up()
        clock.shift(301)
    refused = await guess()
    assert isinstance(refused, TooManyAttempts)
    assert refused.wait_s <= 15 * 60
    clock.shift(refused.wait_s)
    assert await was_evaluated()


async def test_s52_the_right_password_while_locked_looks_like_a_wrong_one(ada: Account) -> None:
    await use_up()
    wrong, right = await guess(), await guess(password=PASSWORD)
    assert isinstance(right, TooManyAttempts)
    assert (wrong.sentence, repr(wrong)) == (right.sentence, repr(right))
    assert (await results(ada)).count("signed_in") == 0


async def test_s52_an_address_of_nobody_is_throttled_alike(ada: Account) -> None:
    await use_up(email="nobody@example.org")
    await use_up()
    unknown, known = await guess(email="nobody@example.org"), await guess()
    assert isinstance(unknown, TooManyAttempts)
    assert unknown.sentence == known.sentence


async def test_refused_attempts_are_not_counted(ada: Account, clock: Traveller) -> None:
    await use_up()
    clock.shift(100)
    for _ in range(30):
        assert not await was_evaluated()
    clock.shift(201)
    assert await was_evaluated()


async def test_a_refused_flood_leaves_one_row_a_minute(ada: Account, clock: Traveller) -> None:
    await use_up()
    for _ in range(10):
        await guess()
    assert (await results(ada)).count("throttled") == 1
    clock.shift(61)
    await guess()
    assert (await results(ada)).count("throttled") == 2


async def test_s48_spellings_of_an_address_are_one_counter(ada: Account) -> None:
    await use_up(email=EMAIL.upper(), times=3)
    await use_up(email=f" {EMAIL} ", times=2)
    assert not await was_evaluated()


async def test_s48_browser_and_api_are_one_counter(ada: Account) -> None:
    await use_up(times=4)
    with pytest.raises(InvalidCredentials):
        await sign_in.sign_in_api(visitor(""), email=EMAIL, password=WRONG)
    with pytest.raises(TooManyAttempts):
        await sign_in.sign_in_api(visitor(""), email=EMAIL, password=PASSWORD)


async def test_s48_thirty_guesses_from_one_address(database: Database, clock: Traveller) -> None:
    await use_up_address(STRANGER)
    assert not await was_evaluated(email="somebody@example.org")
    assert await was_evaluated(visitor(ip="198.51.100.78"), "somebody@example.org")
    clock.shift(301)
    assert await was_evaluated(email="somebody@example.org")


@pytest.mark.parametrize(
    ("first", "second", "is_one"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("198.51.100.9", "::ffff:198.51.100.9", True),
        ("198.51.100.9", "198.51.100.10", False),
    ],
)
async def test_s51_what_counts_as_one_address(
    database: Database, clock: Traveller, first: str, second: str, is_one: bool
) -> None:
    await use_up_address(visitor(ip=first))
    assert await was_evaluated(visitor(ip=second), "somebody@example.org") is not is_one


async def test_s50_a_stranger_cannot_lock_out_a_browser_that_was_here_before(ada: Account) -> None:
    await sign_in_browser(OWNER)
    await use_up(STRANGER)
    assert not await was_evaluated(STRANGER)
    assert await is_signed_in(await sign_in_browser(OWNER))


async def test_s50_a_whole_network_cannot_lock_out_a_known_browser(ada: Account) -> None:
    await sign_in_browser(OWNER)
    await use_up_address(visitor("x", OWNER.ip))
    assert await is_signed_in(await sign_in_browser(OWNER))


async def test_s50_a_known_browser_has_a_budget_not_a_licence(ada: Account) -> None:
    await sign_in_browser(OWNER)
    for _ in range(5):
        assert await was_evaluated(OWNER)
    assert not await was_evaluated(OWNER)
    assert await was_evaluated(STRANGER)


async def test_s50_a_browser_known_to_one_account_is_a_stranger_to_another(ada: Account) -> None:
    mallory = await make_account("mallory@example.org")
    await sign_in_browser(STRANGER, email=mallory.email)
    await use_up(visitor("somewhere else", "192.0.2.1"))
    assert not await was_evaluated(STRANGER)


async def test_s50_open_sessions_work_while_the_door_is_locked(ada: Account) -> None:
    actor, session = await open_session(ada)
    await use_up()
    assert await is_signed_in(session)
    await passwords.change_password(
        actor, current=PASSWORD, new=OTHER_PASSWORD, repeat=OTHER_PASSWORD
    )


async def test_s50_nobody_elses_success_clears_a_counter(ada: Account) -> None:
    mallory = await make_account("mallory@example.org")
    await use_up(times=4)
    await sign_in.sign_in(STRANGER, email=mallory.email, password=PASSWORD)
    await use_up(times=1)
    assert not await was_evaluated()


async def test_s50_an_own_success_does_not_clear_the_network(database: Database) -> None:
    mallory = await make_account("mallory@example.org")
    await use_up_address(STRANGER, times=29)
    await sign_in.sign_in(STRANGER, email=mallory.email, password=PASSWORD)
    assert await was_evaluated(email="somebody@example.org")
    assert not await was_evaluated(email="anybody@example.org")


async def test_successes_cost_nothing(ada: Account) -> None:
    for _ in range(6):
        await sign_in.sign_in(STRANGER, email=EMAIL, password=PASSWORD)
    await use_up(times=5)


async def test_a_success_leaves_earlier_failures_counted(ada: Account) -> None:
    await use_up(times=4)
    await sign_in.sign_in(STRANGER, email=EMAIL, password=PASSWORD)
    await use_up(times=1)
    assert not await was_evaluated()


async def test_s48_a_restart_keeps_the_count(ada: Account, database: Database) -> None:
    await use_up()
    restarted = Database(database.engine.url.render_as_string(hide_password=False))
    use_database(restarted)
    try:
        assert not await was_evaluated()
    finally:
        use_database(database)
        await restarted.dispose()


async def test_s48_of_a_hundred_parallel_guesses_five_are_evaluated(ada: Account) -> None:
    refusals = await asyncio.gather(*(guess() for _ in range(100)))
    assert sum(isinstance(refused, InvalidCredentials) for refused in refusals) == 5
    assert (await results(ada)).count("wrong_password") == 5


async def test_s48_the_current_password_is_no_way_around(ada: Account) -> None:
    actor, _ = await open_session(ada)
    change = {"new": OTHER_PASSWORD, "repeat": OTHER_PASSWORD}
    for _ in range(5):
        with pytest.raises(WrongPassword):
            await passwords.change_password(actor, current=WRONG, **change)
    with pytest.raises(TooManyAttempts):
        await passwords.change_password(actor, current=PASSWORD, **change)
