"""Two things at the same instant: who loses is told, and nothing is left between (S-05, S-87).

The moments that matter are arranged, not hoped for: a third connection holds a
row, and the database itself says when somebody waits for it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from security_app.accounts import passwords, sessions, sign_in, tickets
from security_app.accounts.errors import Refused
from security_app.accounts.passwords import PasswordChanged
from security_app.accounts.sign_in import HandedOver
from security_app.clock import now
from security_app.db.engine import Database, transaction
from security_app.db.tables import Account, KnownBrowser
from tests.accounts.cast import (
    EMAIL,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    STRANGER,
    actor_of,
    live_sessions,
    open_session,
    sign_in_browser,
    sign_in_client,
)
from tests.accounts.test_passwords import change, reset_link

_WAITING = text(
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@asynccontextmanager
async def held(database: Database, *statements: str, **values: object) -> AsyncIterator[None]:
    """Rows locked by somebody else while the block runs; only where rows can be locked."""
    if database.is_sqlite:
        yield
        return
    async with database.engine.connect() as connection:
        for statement in statements:
            await connection.execute(text(statement), values)
        yield
        await connection.rollback()


async def until_waiting(database: Database, number: int, *tasks: asyncio.Task[Any]) -> None:
    """Until so many connections wait for a lock, or the tasks are done anyway."""
    if database.is_sqlite:
        return
    async with database.engine.connect() as watcher:
        async with asyncio.timeout(10):
            while await _waiting(watcher) < number and not all(task.done() for task in tasks):
                await asyncio.sleep(0.01)


async def _waiting(watcher: AsyncConnection) -> int:
    found = (await watcher.execute(_WAITING)).scalar_one()
    await watcher.rollback()
    return found


def started(work: Awaitable[Any]) -> asyncio.Task[Any]:
    return asyncio.ensure_future(asyncio.gather(work, return_exceptions=True))  # type: ignore[return-value]


async def test_s05_a_sign_in_finished_during_a_change_does_not_survive_it(
    ada: Account, database: Database
) -> None:
    actor, _ = await open_session(ada)
    pending = await sign_in.sign_in(STRANGER, email=EMAIL, password=PASSWORD)
    known = KnownBrowser(account_id=ada.id, browser_hash=STRANGER.browser_hash, last_seen_at=now())
    async with transaction() as db:
        db.add(known)
    lock = "SELECT 1 FROM known_browser WHERE browser_hash = :browser FOR NO KEY UPDATE"
    async with held(database, lock, browser=STRANGER.browser_hash):
        # The new session is written and not yet committed.
        redeeming = started(sign_in.redeem_ticket(STRANGER, pending.ticket))
        await until_waiting(database, 1, redeeming)
        changing = started(change(actor))
        await until_waiting(database, 2, changing)
    (redeemed,), (changed,) = await asyncio.gather(redeeming, changing)
    assert isinstance(changed, PasswordChanged), repr(changed)
    assert isinstance(redeemed, HandedOver | Refused), repr(redeemed)
    assert await live_sessions(ada) == {actor.session_id}


async def test_s05_an_api_sign_in_during_a_change_does_not_survive_it(
    ada: Account, database: Database
) -> None:
    actor, _ = await open_session(ada)
    outcomes = await asyncio.gather(
        change(actor),
        *(sign_in_client(STRANGER) for _ in range(3)),
        return_exceptions=True,
    )
    assert isinstance(outcomes[0], PasswordChanged)
    assert all(isinstance(o, sessions.NewSession | Refused) for o in outcomes[1:]), outcomes
    assert await live_sessions(ada) == {actor.session_id}


async def test_s87_a_change_and_a_reset_at_once_end_in_one_password(
    ada: Account, database: Database
) -> None:
    actor, _ = await open_session(ada)
    token = await reset_link(ada)
    new = "four geese fly at 6"
    async with held(database, "SELECT 1 FROM account WHERE id = :id FOR NO KEY UPDATE", id=ada.id):
        changing = started(change(actor))
        await until_waiting(database, 1, changing)
        resetting = started(passwords.reset_password(STRANGER, token=token, new=new, repeat=new))
        await until_waiting(database, 2, resetting)
    (changed,), (reset,) = await asyncio.gather(changing, resetting)
    assert isinstance(changed, PasswordChanged | Refused), repr(changed)
    assert isinstance(reset, int | Refused), repr(reset)
    assert isinstance(changed, PasswordChanged) is not isinstance(reset, int)
    await sign_in_browser(password=new if isinstance(reset, int) else OTHER_PASSWORD)


async def test_s87_a_cookie_renewed_during_another_change_deadlocks_nobody(
    ada: Account, database: Database
) -> None:
    first, _ = await open_session(ada)
    second, _ = await open_session(ada, "phone")
    async with transaction() as db:
        ticket = await tickets.issue_for_renewal(db, first, next_path="")
    async with held(
        database, "SELECT 1 FROM session WHERE id = :id FOR NO KEY UPDATE", id=first.session_id
    ):
        changing = started(change(second))
        await until_waiting(database, 1, changing)
        redeeming = started(sign_in.redeem_ticket(OWNER, ticket))
        await until_waiting(database, 2, redeeming)
    (changed,), (redeemed,) = await asyncio.gather(changing, redeeming)
    assert isinstance(changed, PasswordChanged), repr(changed)
    assert isinstance(redeemed, HandedOver | Refused), repr(redeemed)
    assert await live_sessions(ada) == {second.session_id}


async def test_s87_many_sign_ins_at_once_all_get_in(ada: Account) -> None:
    # As many as may be on their way at once: each counts as a failure until it is none.
    opened = await asyncio.gather(*(sign_in_browser() for _ in range(5)))
    assert await live_sessions(ada) == {session.id for session in opened}


async def test_two_browsers_that_sign_each_other_out_leave_no_doubt(ada: Account) -> None:
    first, _ = await open_session(ada)
    second, _ = await open_session(ada, "phone")
    await open_session(ada, "tablet")

    async def sign_out_others(actor: sessions.Actor) -> int:
        async with transaction() as db:
            return await sessions.sign_out_others(db, actor)

    counts = await asyncio.gather(sign_out_others(first), sign_out_others(second))
    assert sum(counts) + len(await live_sessions(ada)) == 3
    assert await live_sessions(ada) <= {first.session_id, second.session_id}


@pytest.mark.parametrize("times", [8])
async def test_a_session_is_ended_once_by_many_at_once(ada: Account, times: int) -> None:
    actor, _ = await open_session(ada)
    other, _ = await open_session(ada, "phone")

    async def end() -> None:
        async with transaction() as db:
            await sessions.end_session(db, actor, other.session_id)

    outcomes = await asyncio.gather(*(end() for _ in range(times)), return_exceptions=True)
    assert outcomes.count(None) == 1
    assert await live_sessions(ada) == {actor.session_id}
    assert (await actor_of_current(actor)) == actor.session_id


async def actor_of_current(actor: sessions.Actor) -> str:
    async with transaction() as db:
        renewed = await sessions.renew_secret(db, actor.account_id, actor.session_id)
    return (await actor_of(renewed)).session_id
