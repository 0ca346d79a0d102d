"""Two things at the same moment: one that has begun, and waits for a transaction that is open."""

import asyncio
import contextvars
from collections.abc import Awaitable
from typing import Any

from sqlalchemy import text

from security_app.db.engine import Database
from tests.accounts.cast import outcome_of


async def begin_and_wait(database: Database, attempt: Awaitable[Any]) -> "asyncio.Task[Any]":
    """Start something, and return when the transaction that is open keeps it waiting."""
    # A context of its own: it is not part of that transaction.
    task = asyncio.create_task(outcome_of(attempt), context=contextvars.Context())
    while not await _is_somebody_waiting(database):
        assert not task.done(), task.result()
        await asyncio.sleep(0)
    return task


async def _is_somebody_waiting(database: Database) -> bool:
    if database.is_sqlite:
        return bool(database._write_queue._waiters)  # type: ignore[attr-defined]
    waiting = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with database.engine.connect() as connection:
        return bool((await connection.execute(text(waiting))).scalar_one())
