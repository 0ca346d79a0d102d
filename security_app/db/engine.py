"""The engine and the two ways in: ``transaction()`` to write, ``reading()`` to look.

SQLite runs in WAL with ``synchronous=FULL``, foreign keys, a busy timeout and
immediate write transactions (S-86, S-87). Within one process writers queue on
an asyncio lock: SQLite's own busy handler sleeps in steps of up to 100 ms.
"""

import asyncio
import contextlib
import contextvars
import functools
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, TypeVarTuple, overload

from sqlalchemy import (
    Connection,
    CursorResult,
    Engine,
    Executable,
    Row,
    Select,
    create_engine,
    event,
)
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool
from sqlalchemy.sql.selectable import TypedReturnsRows
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.db import sqlite_driver
from security_app.db.errors import DatabaseUnavailable
from security_app.settings import get_settings

Columns = TypeVarTuple("Columns")

#: How long a writer waits for another process before it gives up.
BUSY_TIMEOUT_S = 5.0
_AFTER_COMMIT = "after_commit"
_in_transaction: contextvars.ContextVar[bool] = contextvars.ContextVar(
    "in_transaction", default=False
)


class Database:
    """One engine with its write queue."""

    def __init__(self, url: str) -> None:
        """Make the engine; nothing is opened yet.

        Args:
            url: ``sqlite+aiosqlite:///…`` or ``postgresql+psycopg://…``.
        """
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            self.engine = _sqlite_engine(url, pool_size=8)
            # Of their own, so that no connection is told anew what the next one needs.
            relaxed = _sqlite_engine(url, pool_size=1, synchronous="NORMAL")
            long = _sqlite_engine(url, pool_size=1, is_in_place=False)
        else:
            self.engine = relaxed = long = create_async_engine(
                url, hide_parameters=True, pool_size=10, max_overflow=10, pool_pre_ping=True
            )
        self._write, self._relaxed, self._long = (
            engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
            for engine in (self.engine, relaxed, long)
        )
        self._write_queue = asyncio.Lock()
        self._rows = _row_engine(url) if self.is_sqlite else None
        self._autocommit = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextlib.asynccontextmanager
    async def transaction(
        self, *, is_relaxed: bool = False, is_long: bool = False
    ) -> AsyncGenerator[AsyncSession]:
        """Write in one transaction; see :func:`transaction`."""
        if _in_transaction.get():
            msg = "transactions do not nest"
            raise RuntimeError(msg)
        token = _in_transaction.set(True)
        try:
            async with self._write_queue if self.is_sqlite else contextlib.nullcontext():
                engine = self._long if is_long else self._relaxed if is_relaxed else self._write
                async with (
                    _clear_errors(),
                    AsyncSession(engine, expire_on_commit=False, autoflush=False) as db,
                    db.begin(),
                ):
                    yield db
        finally:
            _in_transaction.reset(token)
        for callback in db.info.pop(_AFTER_COMMIT, ()):
            callback()

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncSession]:
        """Read from one snapshot; see :func:`reading`."""
        async with (
            _clear_errors(),
            AsyncSession(self.engine, expire_on_commit=False, autoflush=False) as db,
        ):
            yield db

    async def read_row(
        self, statement: Select[*tuple[Any, ...]], values: Mapping[str, Any] | None = None
    ) -> Row[*tuple[Any, ...]] | None:
        """Read one row by an indexed column; see :func:`read_row`."""
        async with _clear_errors():
            if self._rows is not None:
                with self._rows.connect() as connection:
                    return connection.execute(statement, values).first()
            async with self._autocommit.connect() as connection:
                return (await connection.execute(statement, values)).first()

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()
        await self._relaxed.dispose()
        await self._long.dispose()
        if self._rows is not None:
            self._rows.dispose()


def _row_engine(url: str) -> Engine:
    """One synchronous connection for point reads.

    A read by index takes 0.1 ms and never waits for a writer in WAL; the hop to
    the driver's thread and back would take ten times that, on every event.
    """
    return create_engine(
        url.replace("+aiosqlite", "", 1),
        hide_parameters=True,
        poolclass=StaticPool,
        isolation_level="AUTOCOMMIT",
        connect_args={"timeout": 0.0, "check_same_thread": False},
    )


def _sqlite_engine(
    url: str, *, pool_size: int, synchronous: str = "FULL", is_in_place: bool = True
) -> AsyncEngine:
    def configure(connection: Any, _record: object) -> None:  # noqa: ANN401
        # The driver must not begin transactions of its own: _begin_sqlite does.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "foreign_keys=ON",
            "secure_delete=ON",
            f"busy_timeout={int(BUSY_TIMEOUT_S * 1000)}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    engine = create_async_engine(
        url,
        hide_parameters=True,
        pool_size=pool_size,
        # The connection used last has pages and statements at hand.
        pool_use_lifo=True,
        connect_args={
            "timeout": BUSY_TIMEOUT_S,
            "async_creator_fn": functools.partial(sqlite_driver.connect, is_in_place=is_in_place),
        },
    )
    event.listen(engine.sync_engine, "connect", configure)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))


@contextlib.asynccontextmanager
async def _clear_errors() -> AsyncGenerator[None]:
    """Turn "locked", "read-only", "disk full" and "gone" into one error without values."""
    try:
        yield
    except DBAPIError as error:
        original = error.orig
        is_unavailable = isinstance(error, InterfaceError | OperationalError)
        if is_unavailable or error.connection_invalidated:
            message = str(original).splitlines()[0] if original else "connection lost"
            raise DatabaseUnavailable(message) from None
        raise
    except PoolTimeout:
        raise DatabaseUnavailable("no free connection") from None


@overload
async def execute(
    db: AsyncSession, statement: TypedReturnsRows[*Columns], values: Mapping[str, Any] | None = None
) -> CursorResult[*Columns]: ...
@overload
async def execute(
    db: AsyncSession, statement: Executable, values: Mapping[str, Any] | None = None
) -> CursorResult[*tuple[Any, ...]]: ...
async def execute(
    db: AsyncSession, statement: Executable, values: Mapping[str, Any] | None = None
) -> CursorResult[*tuple[Any, ...]]:
    """Run a statement that was built once, as the paths taken most often need it.

    To put a statement together, and to hand it through the ORM, costs several times
    what the database takes to run it.

    Args:
        db: a session; what was added to it and is not flushed yet is not seen.
        statement: of columns, not of tables, with ``bindparam`` where it varies.
        values: what the parameters are this time.
    """
    return await db.run_sync(lambda session: session.connection().execute(statement, values))


def after_commit(db: AsyncSession, callback: Callable[[], None]) -> None:
    """Run a callback once this transaction is committed; never when it rolls back.

    Args:
        db: the session ``transaction()`` gave.
        callback: fast, does not raise: wakes a sender, publishes a change.
    """
    db.info.setdefault(_AFTER_COMMIT, []).append(callback)


_current: Database | None = None


def database() -> Database:
    """The process's database, opened on first use from the settings."""
    global _current  # noqa: PLW0603 - one engine per process
    if _current is None:
        _current = Database(get_settings().database_url.get_secret_value())
    return _current


def use_database(replacement: Database | None) -> None:
    """Replace the process's database: for tests, and after a fork."""
    global _current  # noqa: PLW0603 - one engine per process
    _current = replacement


def transaction(
    *, is_relaxed: bool = False, is_long: bool = False
) -> contextlib.AbstractAsyncContextManager[AsyncSession]:
    """Open the one transaction of a click or a request.

    Commits at the end, rolls back on any exception. What was registered with
    :func:`after_commit` happens after the commit only.

    Args:
        is_relaxed: survive a killed process but perhaps not a power cut; for
            counters whose loss harms nobody.
        is_long: its statements may meet thousands of rows: on SQLite each runs off the
            event loop, the others on it.

    Raises:
        DatabaseUnavailable: locked for too long, read-only, full or gone; nothing was written.
    """
    return database().transaction(is_relaxed=is_relaxed, is_long=is_long)


async def read_row(
    statement: Select[*tuple[Any, ...]], values: Mapping[str, Any] | None = None
) -> Row[*tuple[Any, ...]] | None:
    """Read one row by an indexed column, outside any transaction: for the look-up of every event.

    Args:
        statement: best built once, with ``bindparam`` where it varies.
        values: what the parameters are this time.

    Raises:
        DatabaseUnavailable: the database cannot be read.
    """
    return await database().read_row(statement, values)


def reading() -> contextlib.AbstractAsyncContextManager[AsyncSession]:
    """Open a read-only session.

    Raises:
        DatabaseUnavailable: the database cannot be read.
    """
    return database().reading()
