"""The SQLite file: how it is opened, who may read it, what happens when it cannot be used."""

import asyncio
import sqlite3
import stat
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select

from security_app.accounts import activity
from security_app.clock import now
from security_app.db import engine
from security_app.db.engine import Database, read_row, reading, transaction, use_database
from security_app.db.errors import DatabaseUnavailable
from security_app.db.migrations import upgrade
from security_app.db.tables import Account, SecurityEvent
from security_app.settings import get_settings
from tests.accounts.cast import OWNER, make_account, rows
from tests.environment import SetEnvironment

_PRAGMAS = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")


@pytest.fixture
async def sqlite(sqlite_url: str) -> AsyncIterator[Database]:
    """A migrated SQLite file in use."""
    current = Database(sqlite_url)
    use_database(current)
    yield current
    await current.dispose()
    use_database(None)


def path_of(url: str) -> Path:
    return Path(url.partition(":///")[2])


async def pragmas(*, is_relaxed: bool = False, is_long: bool = False) -> tuple[object, ...]:
    async with transaction(is_relaxed=is_relaxed, is_long=is_long) as db:
        connection = await db.connection()
        return tuple(
            [(await connection.execute(text(f"PRAGMA {name}"))).scalar_one() for name in _PRAGMAS]
        )


async def test_s86_writes_are_synced_and_checked(sqlite: Database) -> None:
    assert await pragmas() == ("wal", 2, 1, 1)
    assert await pragmas(is_long=True) == ("wal", 2, 1, 1)


async def test_s86_only_counters_may_relax(sqlite: Database) -> None:
    for _ in range(3):
        assert await pragmas(is_relaxed=True) == ("wal", 1, 1, 1)
        assert await pragmas() == ("wal", 2, 1, 1)


async def test_s86_many_connections_keep_their_settings(sqlite: Database) -> None:
    kinds = [bool(number % 2) for number in range(20)]
    found = await asyncio.gather(*(pragmas(is_relaxed=kind) for kind in kinds))
    assert [values[1] for values in found] == [1 if kind else 2 for kind in kinds]


async def test_s86_the_owner_alone_reads_file_and_log(tmp_path: Path) -> None:
    path = tmp_path / "fresh.db"
    upgrade(f"sqlite+aiosqlite:///{path}")
    current = Database(f"sqlite+aiosqlite:///{path}")
    use_database(current)
    try:
        await make_account()
        files = sorted(tmp_path.glob("fresh.db*"))
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in files}
        assert modes == {"fresh.db": 0o600, "fresh.db-shm": 0o600, "fresh.db-wal": 0o600}
    finally:
        await current.dispose()
        use_database(None)


def test_s77_the_data_directory_is_the_owners(tmp_path: Path, environment: SetEnvironment) -> None:
    folder = tmp_path / "deep" / "data"
    environment(DATA_DIR=str(folder))
    upgrade()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "security.db").stat().st_mode) == 0o600
    folder.chmod(0o755)
    get_settings().prepare_data_dir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_s78_what_is_deleted_leaves_the_file(sqlite: Database, sqlite_url: str) -> None:
    account = await make_account("canary-address@example.org")
    path = path_of(sqlite_url)
    await checkpoint(sqlite)
    assert b"canary-address" in path.read_bytes()
    async with transaction() as db:
        await db.delete(await db.get_one(Account, account.id))
    await checkpoint(sqlite)
    files = path.parent.glob(f"{path.name}*")
    assert not any(b"canary-address" in file.read_bytes() for file in files)


async def checkpoint(database: Database) -> None:
    async with database.engine.connect() as connection:
        raw = await connection.get_raw_connection()
        assert raw.driver_connection is not None
        await raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@pytest.fixture
async def impatient(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Database, sqlite3.Connection]]:
    """A database that waits 0.2 s for others, and another program in the same file."""
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_S", 0.2)
    current = Database(sqlite_url)
    use_database(current)
    # The first connection puts the file into WAL, for good.
    assert await rows(Account) == []
    other = sqlite3.connect(path_of(sqlite_url), isolation_level=None)
    yield current, other
    other.close()
    await current.dispose()
    use_database(None)


async def test_s87_locked_by_another_program_gives_one_clear_error_and_writes_nothing(
    impatient: tuple[Database, sqlite3.Connection],
) -> None:
    _, other = impatient
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseUnavailable) as refused:
        await make_account("canary-address@example.org")
    assert str(refused.value) == "database is locked"
    assert await rows(Account) == []
    other.execute("ROLLBACK")
    await make_account()
    assert len(await rows(Account)) == 1


async def test_s87_a_writer_waits_for_another_program(
    impatient: tuple[Database, sqlite3.Connection],
) -> None:
    _, other = impatient
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(make_account())
    while not engine.database()._write_queue.locked():
        await asyncio.sleep(0)
    other.execute("COMMIT")
    await writing
    assert len(await rows(Account)) == 1


async def test_nobody_else_waits_while_a_writer_waits_for_another_program(
    impatient: tuple[Database, sqlite3.Connection],
) -> None:
    _, other = impatient
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(make_account())
    while not (engine.database()._write_queue.locked() or writing.done()):
        await asyncio.sleep(0)
    assert await rows(Account) == []
    assert not writing.done()
    other.execute("COMMIT")
    await writing


@pytest.mark.parametrize("is_long", [False, True])
async def test_only_long_transactions_run_their_statements_off_the_event_loop(
    sqlite: Database, is_long: bool
) -> None:
    async with transaction(is_long=is_long) as db:
        connection = await db.connection()
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        await raw.create_function("thread_number", 0, threading.get_ident)
        runs_in = (await connection.execute(text("SELECT thread_number()"))).scalar_one()
    assert (runs_in != threading.get_ident()) is is_long


async def test_readers_do_not_wait_for_a_writer(
    impatient: tuple[Database, sqlite3.Connection],
) -> None:
    await make_account()
    _, other = impatient
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE account SET name = 'half written'")
    assert [account.name for account in await rows(Account)] == ["Ada"]
    row = await read_row(select(Account.name))
    assert row is not None
    assert row[0] == "Ada"
    other.execute("ROLLBACK")


@pytest.mark.parametrize("way", ["write", "read", "point read"])
async def test_a_file_that_cannot_be_opened_is_one_clear_error(tmp_path: Path, way: str) -> None:
    current = Database(f"sqlite+aiosqlite:///{tmp_path}/no-such-folder/security.db")
    use_database(current)
    try:
        with pytest.raises(DatabaseUnavailable) as refused:
            await use(way, select(Account.name))
        assert str(refused.value) == "unable to open database file"
    finally:
        await current.dispose()
        use_database(None)


async def use(way: str, statement: object) -> None:
    if way == "write":
        async with transaction() as db:
            await db.connection()
    elif way == "read":
        async with reading() as db:
            await db.exec(statement)  # type: ignore[call-overload]
    else:
        await read_row(statement)  # type: ignore[arg-type]


async def test_a_read_only_file_is_one_clear_error_and_can_still_be_read(
    sqlite_url: str, sqlite: Database
) -> None:
    await make_account()
    current = Database(f"sqlite+aiosqlite:///file:{path_of(sqlite_url)}?mode=ro&uri=true")
    use_database(current)
    try:
        with pytest.raises(DatabaseUnavailable) as refused:
            await make_account("second@example.org")
        assert str(refused.value) == "attempt to write a readonly database"
        assert len(await rows(Account)) == 1
    finally:
        await current.dispose()
        use_database(sqlite)


async def test_a_full_disk_is_one_clear_error_and_writes_nothing(
    sqlite: Database, sqlite_url: str
) -> None:
    # The page limit of SQLite stands for the end of the disk.
    await make_account()
    async with sqlite.engine.connect() as connection:
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
        await connection.execute(text(f"PRAGMA max_page_count={pages}"))
    with pytest.raises(DatabaseUnavailable, match="full"):
        async with transaction() as db:
            for number in range(300):
                activity.record_for(db, (await rows(Account))[0].id, OWNER, "email.confirmed")
                db.add(Account(email=f"{number}@b.org", email_key=f"{number}", created_at=now()))
    assert len(await rows(Account)) == 1
    assert await rows(SecurityEvent) == []
