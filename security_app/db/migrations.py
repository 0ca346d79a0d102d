"""Bringing the schema up to date, and refusing one that is newer than this program."""

import os
import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from security_app.db.errors import DatabaseUnusable
from security_app.settings import get_settings

_ROOT = Path(__file__).resolve().parents[2]


def alembic_config(url: str | None = None) -> Config:
    """The alembic configuration for one database.

    Args:
        url: the application's database URL; by default the settings'.
    """
    config = Config(toml_file=str(_ROOT / "pyproject.toml"))
    config.set_main_option("script_location", str(_ROOT / "alembic"))
    config.attributes["url"] = sync_url(url or get_settings().database_url.get_secret_value())
    return config


def sync_url(url: str) -> str:
    """The same database through its synchronous driver."""
    return url.replace("sqlite+aiosqlite://", "sqlite://", 1)


def upgrade(url: str | None = None) -> None:
    """Bring the schema to this program's version.

    Raises:
        DatabaseUnusable: written by a newer version, read-only, locked or unreachable.
    """
    if url is None:
        get_settings().prepare_data_dir()
    config = alembic_config(url)
    _refuse_newer(config)
    try:
        command.upgrade(config, "head")
        _refuse_read_only(config)
    except (OperationalError, sqlite3.OperationalError) as error:
        raise DatabaseUnusable(_one_line(error)) from None
    _restrict_file(config.attributes["url"])


def ensure_current() -> None:
    """Refuse to serve with a schema that is not this program's.

    Raises:
        DatabaseUnusable: older, newer, or unreachable.
    """
    config = alembic_config()
    current = _refuse_newer(config)
    if current != ScriptDirectory.from_config(config).get_current_head():
        msg = "The database is from an older version: run `make migrate` first."
        raise DatabaseUnusable(msg)


def _refuse_newer(config: Config) -> str | None:
    engine = create_engine(config.attributes["url"], hide_parameters=True)
    try:
        with engine.connect() as connection:
            current = _revision(connection)
    except DBAPIError as error:
        raise DatabaseUnusable(_one_line(error)) from None
    finally:
        engine.dispose()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        msg = f"The database is from a newer version (schema {current}): update the program."
        raise DatabaseUnusable(msg)
    return current


def _refuse_read_only(config: Config) -> None:
    """Write the version over itself: what cannot be written must not start."""
    engine = create_engine(config.attributes["url"], hide_parameters=True)
    try:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
    finally:
        engine.dispose()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _one_line(error: Exception) -> str:
    original = getattr(error, "orig", None) or error
    return f"The database cannot be used: {str(original).splitlines()[0]}"


def _restrict_file(url: str) -> None:
    if not url.startswith("sqlite:///"):
        return
    path = Path(url.removeprefix("sqlite:///"))
    for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        if file.exists():
            os.chmod(file, 0o600)  # noqa: PTH101 - S-86: the owner alone reads it
