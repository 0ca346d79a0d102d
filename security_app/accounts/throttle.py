"""How often: failures counted in the database, before anything is evaluated.

An attempt first *reserves* a hit under each of its keys, in one transaction,
and a success gives its own hits back. So parallel guesses cannot slip through,
workers share the count, and a restart keeps it (S-48). See
``docs/decisions/0003-throttles-in-the-database.md``.
"""

import asyncio
import contextlib
import secrets
import weakref
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Executable, bindparam, delete, func, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts.actor import Visitor
from security_app.accounts.errors import TooManyAttempts
from security_app.accounts.places import network_key
from security_app.clock import now
from security_app.db.engine import execute, transaction
from security_app.db.tables import ThrottleKey
from security_app.keys import keyed_digest
from security_app.limits import MAIL_LIMITS_ADDRESS, MAIL_LIMITS_RECIPIENT, Limit

#: A key untouched for this long holds nothing that any limit still looks at: the
#: longest window is the day of mailed codes (S-20).
_FORGET_AFTER = timedelta(hours=25)
#: Below the lowest limit there is, so that parallel successes never reach it.
_LANE_PLACES = 4
_lanes: weakref.WeakValueDictionary[str, asyncio.Semaphore] = weakref.WeakValueDictionary()
#: Between the time of a hit and what makes it this attempt's own.
_MARK = "~"


def _taking(insert: Callable[..., Any]) -> Executable:
    """One statement that locks a counter, adds a hit and tells all it now holds."""
    taking = insert(ThrottleKey).values(
        key=bindparam("key"), hits=bindparam("hit"), updated_at=bindparam("at")
    )
    return taking.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "hits": col(ThrottleKey.hits) + taking.excluded.hits,
            "updated_at": taking.excluded.updated_at,
        },
    ).returning(col(ThrottleKey.hits))


#: Built once, as each sign-in needs them: putting one together costs more than running it.
_TAKE = {"sqlite": _taking(sqlite_insert), "postgresql": _taking(postgresql_insert)}
_KEEP = (
    update(ThrottleKey)
    .where(col(ThrottleKey.key) == bindparam("of"))
    .values(hits=bindparam("kept"))
)
_GIVE_BACK = (
    update(ThrottleKey)
    .where(col(ThrottleKey.key) == bindparam("of"))
    .values(hits=func.replace(col(ThrottleKey.hits), bindparam("hit"), ""))
)


@dataclass(frozen=True, slots=True)
class Budget:
    """One counter and the limits on it."""

    key: str
    limits: Sequence[Limit]


@dataclass(frozen=True, slots=True)
class Reservation:
    """Hits taken by one attempt; give them back with :func:`refund` on success.

    Attributes:
        budgets: where they were taken.
        hit: what stands in each counter; no other attempt writes the same.
    """

    budgets: tuple[Budget, ...]
    hit: str


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
    at = now()
    # Attempts of the same microsecond differ too: a refund takes back one hit, its own.
    hit = f" {at.timestamp()!r}{_MARK}{secrets.token_hex(8)}"
    async with transaction(is_relaxed=True) as db:
        waits = [await _take(db, budget, hit, at) for budget in _in_order(budgets)]
        if (wait := max(waits, default=0.0)) > 0:
            # What was taken is rolled back.
            raise TooManyAttempts(timedelta(seconds=wait))
    return Reservation(budgets, hit)


async def refund(db: AsyncSession, reservation: Reservation) -> None:
    """Give the hits of a successful attempt back: only its own, nobody else's (S-50)."""
    for budget in _in_order(reservation.budgets):
        await execute(db, _GIVE_BACK, {"of": budget.key, "hit": reservation.hit})


async def wait_of(db: AsyncSession, *budgets: Budget) -> timedelta:
    """How long until every budget allows one more; zero when they do now. Takes nothing."""
    at = now().timestamp()
    longest = 0.0
    for budget in budgets:
        row = await db.get(ThrottleKey, budget.key)
        if row is not None:
            hits = sorted(_time(hit) for hit in row.hits.split())
            longest = max(longest, _wait(hits, budget, at))
    return timedelta(seconds=longest)


def mail_budgets(
    email_key: str, visitor: Visitor, *, kind: str = "recipient"
) -> tuple[Budget, ...]:
    """How many mails may be caused to an address not proven yet, and from one network.

    Args:
        kind: mails of another kind have a counter of their own at the address: whoever
            may send the one must not use the other up.
    """
    recipient = keyed_digest("throttle", email_key)[:32]
    return (
        Budget(f"mail:{kind}:{recipient}", MAIL_LIMITS_RECIPIENT),
        Budget(f"mail:address:{network_key(visitor.ip)}", MAIL_LIMITS_ADDRESS),
    )


async def forget_old(db: AsyncSession) -> None:
    """Drop counters nobody needs any more."""
    await db.exec(delete(ThrottleKey).where(ThrottleKey.updated_at < now() - _FORGET_AFTER))  # pyright: ignore[reportArgumentType]


def _in_order(budgets: Sequence[Budget]) -> list[Budget]:
    # Rows are locked in one order everywhere, so two attempts cannot deadlock.
    return sorted(budgets, key=lambda budget: budget.key)


async def _take(db: AsyncSession, budget: Budget, hit: str, at: datetime) -> float:
    """Add a hit; returns how many seconds too early that was, 0 when it was not."""
    values = {"key": budget.key, "hit": hit, "at": at}
    kept = (await execute(db, _TAKE[db.get_bind().dialect.name], values)).scalar_one().split()
    others = sorted((_time(one), one) for one in kept if one != hit.strip())
    start = at.timestamp() - max(limit.window for limit in budget.limits).total_seconds()
    recent = [(time, one) for time, one in others if time > start]
    if len(recent) < len(others):
        hits = "".join(f" {one}" for _, one in recent) + hit
        await execute(db, _KEEP, {"of": budget.key, "kept": hits})
    return _wait([time for time, _ in recent], budget, at.timestamp())


def _time(hit: str) -> float:
    return float(hit.partition(_MARK)[0])


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
