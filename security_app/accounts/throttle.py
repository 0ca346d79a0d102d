"""How often: failures counted in the database, before anything is evaluated.

An attempt first *reserves* a hit under each of its keys, in one transaction,
and a success gives its own hits back. So parallel guesses cannot slip through,
workers share the count, and a restart keeps it (S-48). See
``docs/decisions/0003-throttles-in-the-database.md``.
"""

import asyncio
import contextlib
import weakref
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts.errors import TooManyAttempts
from security_app.clock import now
from security_app.db.engine import transaction
from security_app.db.tables import ThrottleKey
from security_app.policy import Limit

#: A key untouched for this long holds nothing that any limit still looks at: the
#: longest window is the day of mailed codes (S-20).
_FORGET_AFTER = timedelta(hours=25)
#: Below the lowest limit there is, so that parallel successes never reach it.
_LANE_PLACES = 4
_lanes: weakref.WeakValueDictionary[str, asyncio.Semaphore] = weakref.WeakValueDictionary()


@dataclass(frozen=True, slots=True)
class Budget:
    """One counter and the limits on it."""

    key: str
    limits: Sequence[Limit]


@dataclass(frozen=True, slots=True)
class Reservation:
    """Hits taken by one attempt; give them back with :func:`refund` on success."""

    budgets: tuple[Budget, ...]
    at: float


@contextlib.asynccontextmanager
async def lane(key: str) -> AsyncGenerator[None]:
    """Let few attempts of one key be between their hit and its refund at once.

    Somebody who signs in many times in parallel with the right password must
    not be refused for hits that are about to be taken back. Hold it from
    :func:`reserve` to the commit that refunds.
    """
    places = _lanes.get(key)
    if places is None:
        places = _lanes[key] = asyncio.Semaphore(_LANE_PLACES)
    async with places:
        yield


async def reserve(*budgets: Budget) -> Reservation:
    """Take one hit from every budget, or none.

    Raises:
        TooManyAttempts: a budget is used up; says how long to wait. Refused
            attempts are not counted, so waiting is never extended by trying.
    """
    at = now().timestamp()
    async with transaction(is_relaxed=True) as db:
        rows = [await _locked_row(db, budget.key) for budget in _in_order(budgets)]
        wait = max(
            (
                _wait(_hits(row), budget, at)
                for row, budget in zip(rows, _in_order(budgets), strict=True)
            ),
            default=0.0,
        )
        if wait > 0:
            raise TooManyAttempts(timedelta(seconds=wait))
        for row, budget in zip(rows, _in_order(budgets), strict=True):
            oldest = at - max(limit.window.total_seconds() for limit in budget.limits)
            _keep(row, [*(hit for hit in _hits(row) if hit > oldest), at])
            db.add(row)
    return Reservation(budgets, at)


async def refund(db: AsyncSession, reservation: Reservation) -> None:
    """Give the hits of a successful attempt back: only its own, nobody else's (S-50)."""
    for budget in _in_order(reservation.budgets):
        row = await _locked_row(db, budget.key)
        hits = _hits(row)
        if reservation.at in hits:
            hits.remove(reservation.at)
        _keep(row, hits)
        db.add(row)


async def wait_of(db: AsyncSession, *budgets: Budget) -> timedelta:
    """How long until every budget allows one more; zero when they do now. Takes nothing."""
    at = now().timestamp()
    longest = 0.0
    for budget in budgets:
        row = await db.get(ThrottleKey, budget.key)
        if row is not None:
            longest = max(longest, _wait(_hits(row), budget, at))
    return timedelta(seconds=longest)


async def forget_old(db: AsyncSession) -> None:
    """Drop counters nobody needs any more."""
    await db.exec(delete(ThrottleKey).where(ThrottleKey.updated_at < now() - _FORGET_AFTER))  # pyright: ignore[reportArgumentType]


def _in_order(budgets: Sequence[Budget]) -> list[Budget]:
    # Rows are locked in one order everywhere, so two attempts cannot deadlock.
    return sorted(budgets, key=lambda budget: budget.key)


async def _locked_row(db: AsyncSession, key: str) -> ThrottleKey:
    insert = sqlite_insert if db.get_bind().dialect.name == "sqlite" else postgresql_insert
    await db.exec(
        insert(ThrottleKey).values(key=key, hits="", updated_at=now()).on_conflict_do_nothing()
    )
    statement = select(ThrottleKey).where(ThrottleKey.key == key).with_for_update()
    return (await db.exec(statement)).one()


def _hits(row: ThrottleKey) -> list[float]:
    return [float(hit) for hit in row.hits.split()]


def _keep(row: ThrottleKey, hits: list[float]) -> None:
    row.hits = " ".join(repr(hit) for hit in hits)
    row.updated_at = now()


def _wait(hits: list[float], budget: Budget, at: float) -> float:
    """Seconds until every limit allows one more; 0 when they do now."""
    longest = 0.0
    for limit in budget.limits:
        recent = [hit for hit in hits if hit > at - limit.window.total_seconds()]
        if len(recent) < limit.hits:
            continue
        until_free = recent[-limit.hits] + limit.window.total_seconds() - at
        until_enough = recent[-1] + limit.longest_wait.total_seconds() - at
        longest = max(longest, min(until_free, until_enough))
    return longest
