"""The counters behind every limit: what they hold, and for how long (S-48, S-50)."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import col, delete
from time_machine import Traveller

from security_app import limits
from security_app.accounts import throttle
from security_app.accounts.errors import TooManyAttempts
from security_app.accounts.proofs.password import budgets_at_the_door
from security_app.db.engine import Database, transaction
from security_app.db.tables import Account, ThrottleKey
from security_app.limits import PASSWORD_LIMITS_ACCOUNT, Limit
from tests.accounts.cast import EMAIL, STRANGER, outcome_of, rows


async def reserve_for_ada() -> None:
    await throttle.reserve(*budgets_at_the_door(EMAIL, STRANGER, None))


async def test_s50_hammering_for_hours_never_makes_a_wait_longer_than_fifteen_minutes(
    database: Database, clock: Traveller
) -> None:
    budget = throttle.Budget("password:account:x", PASSWORD_LIMITS_ACCOUNT)
    counted: list[int] = []
    for second in range(0, 3 * 3600, 60):
        refused = await outcome_of(throttle.reserve(budget))
        if isinstance(refused, TooManyAttempts):
            assert refused.wait_s <= 15 * 60 + 1
        else:
            counted.append(second)
        clock.shift(60)
    for start in counted:
        assert sum(start <= at < start + 300 for at in counted) <= 5
        # The last hours: 20, and one for each wait that was sat out.
        assert sum(start <= at < start + 3600 for at in counted) <= 20 + 4


async def test_counters_hold_no_address_in_clear(ada: Account) -> None:
    await reserve_for_ada()
    keys = [row.key for row in await rows(ThrottleKey)]
    assert keys
    assert not any("ada" in key or "example" in key for key in keys)


async def test_counters_are_forgotten_when_no_limit_looks_at_them(
    ada: Account, clock: Traveller
) -> None:
    await reserve_for_ada()
    clock.shift(24 * 3600)
    async with transaction() as db:
        await throttle.forget_old(db)
    assert await rows(ThrottleKey)
    clock.shift(3601)
    async with transaction() as db:
        await throttle.forget_old(db)
    assert await rows(ThrottleKey) == []


def test_no_limit_looks_back_further_than_counters_are_kept() -> None:
    found = [
        limit
        for value in vars(limits).values()
        if isinstance(value, tuple)
        for limit in value
        if isinstance(limit, Limit)
    ]
    assert found
    assert max(limit.window for limit in found) < throttle._FORGET_AFTER


async def test_attempts_of_the_same_instant_take_back_their_own_hit_only(
    database: Database, clock: Traveller
) -> None:
    budget = throttle.Budget("password:account:x", PASSWORD_LIMITS_ACCOUNT)
    first, second = [await throttle.reserve(budget) for _ in range(2)]
    for _ in range(2):
        async with transaction() as db:
            await throttle.refund(db, first)
    assert [row.hits for row in await rows(ThrottleKey)] == [second.hit]


async def test_hits_no_limit_looks_at_leave_the_counter(
    database: Database, clock: Traveller
) -> None:
    budget = throttle.Budget("password:account:x", PASSWORD_LIMITS_ACCOUNT)
    for _ in range(3):
        await throttle.reserve(budget)
    clock.shift(3601)
    last = await throttle.reserve(budget)
    assert [row.hits for row in await rows(ThrottleKey)] == [last.hit]


async def test_parallel_attempts_on_the_same_counters_in_any_order_never_deadlock(
    database: Database,
) -> None:
    hour = timedelta(hours=1)
    budgets = [throttle.Budget(name, (Limit(100, hour, hour),)) for name in "abc"]
    reservations = await asyncio.gather(
        *(throttle.reserve(*(budgets if number % 2 else reversed(budgets))) for number in range(20))
    )

    async def give_back(reservation: throttle.Reservation) -> None:
        async with transaction() as db:
            await throttle.refund(db, reservation)

    assert {len(row.hits.split()) for row in await rows(ThrottleKey)} == {20}
    await asyncio.gather(*(give_back(reservation) for reservation in reservations))
    assert {row.hits for row in await rows(ThrottleKey)} == {""}


async def test_a_refund_after_the_counter_is_gone_does_no_harm(
    database: Database, clock: Traveller
) -> None:
    budget = throttle.Budget("password:account:x", PASSWORD_LIMITS_ACCOUNT)
    reservation = await throttle.reserve(budget)
    async with transaction() as db:
        await db.exec(delete(ThrottleKey).where(col(ThrottleKey.key) == budget.key))
        await throttle.refund(db, reservation)
    for _ in range(5):
        await throttle.reserve(budget)
    with pytest.raises(TooManyAttempts):
        await throttle.reserve(budget)


async def test_one_used_up_budget_takes_nothing_from_the_others(
    database: Database, clock: Traveller
) -> None:
    full = throttle.Budget("a", PASSWORD_LIMITS_ACCOUNT)
    other = throttle.Budget("b", PASSWORD_LIMITS_ACCOUNT)
    for _ in range(5):
        await throttle.reserve(full)
    for _ in range(9):
        with pytest.raises(TooManyAttempts):
            await throttle.reserve(other, full)
    await throttle.reserve(other)
