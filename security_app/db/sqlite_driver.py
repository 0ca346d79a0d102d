"""aiosqlite with few hops to its thread: none for a statement that waits for nobody.

The driver goes to the connection's thread and back to make a cursor, to execute, to
fetch and to close; a hop costs more than the statement. Here what begins and what
commits a transaction takes one hop, and what runs inside it none. See
``docs/decisions/0012-one-hop-a-statement.md`` and
``docs/decisions/0019-statements-in-place.md``.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

import aiosqlite

#: The driver's own default; our cursors fetch everything at once.
_CHUNK_ROWS = 64


class OneHopCursor:
    """What SQLAlchemy's adapter asks of an asynchronous cursor."""

    def __init__(self, connection: "OneHopConnection") -> None:
        """Begin with no result."""
        self._connection = connection
        self._rows: list[Any] = []
        self.arraysize = 1
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        """Nothing is open before a statement runs."""
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> None:
        """Run a statement and fetch all its rows."""
        await self._connection.run(lambda cursor: cursor.execute(sql, tuple(parameters)), self)

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each set of parameters."""
        await self._connection.run(lambda cursor: cursor.executemany(sql, parameters), self)

    async def fetchall(self) -> list[Any]:
        """Give the rows, once."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Nothing is open after a statement ran."""

    def take(self, cursor: sqlite3.Cursor) -> None:
        """Keep what a statement gave."""
        self.description = cursor.description
        self._rows = cursor.fetchall() if cursor.description else []
        # Of a statement with RETURNING it is known once the rows are fetched.
        self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid


class OneHopConnection(aiosqlite.Connection):
    """A connection of the driver whose cursors are :class:`OneHopCursor`.

    Attributes:
        is_in_place: whether statements inside a transaction run where they are asked
            for, on the event loop; else each goes to the thread.
    """

    is_in_place = True

    def cursor(self) -> OneHopCursor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Make a cursor; the database hears of it with its statement."""
        return OneHopCursor(self)

    async def rollback(self) -> None:
        """Roll back, where a transaction is open: the pool asks for it after each use."""
        if not self._conn.in_transaction:
            return
        if self.is_in_place:
            self._conn.rollback()
        else:
            await super().rollback()

    async def run(self, run: Callable[[sqlite3.Cursor], object], result: OneHopCursor) -> None:
        """Run one statement: here or in the connection's thread.

        Args:
            run: takes a fresh ``sqlite3`` cursor and executes.
            result: keeps what came of it.
        """

        def execute() -> None:
            cursor = self._conn.cursor()
            try:
                run(cursor)
                result.take(cursor)
            finally:
                cursor.close()

        # A transaction that has begun waits for nobody: it has its lock, or its snapshot.
        if self.is_in_place and self._conn.in_transaction:
            execute()
        else:
            await self._execute(execute)  # pyright: ignore[reportUnknownMemberType]


def connect(path: str, *, is_in_place: bool = True, **options: Any) -> OneHopConnection:
    """Give a connection to be awaited: ``async_creator_fn`` of SQLAlchemy's dialect.

    Args:
        path: of the database file, or a URI.
        is_in_place: see :class:`OneHopConnection`.
        **options: of ``sqlite3.connect``; the dialect lets any thread use the connection.
    """
    connection = OneHopConnection(lambda: sqlite3.connect(path, **options), _CHUNK_ROWS)
    connection.is_in_place = is_in_place
    # A process that ends does not wait for connections somebody forgot.
    connection._thread.daemon = True  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return connection
