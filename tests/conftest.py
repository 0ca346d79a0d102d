"""What every test needs: a settled environment and a real, migrated database."""

import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

# Before anything of the product is imported: it reads its environment once.
_SCRATCH = Path(tempfile.mkdtemp(prefix="security-centre-tests-"))
_ENVIRONMENT = {
    "DEMO": "0",
    "DATA_DIR": str(_SCRATCH / "data"),
    "SECRET_KEYS": "kT4mWq9ZrV2xLs7HdYp0NcFj3GbUe8Ao",
    "PUBLIC_URL": "http://localhost:3999",
    "PORT": "3999",
}
for _name in (
    "DATABASE_URL",
    "REDIS_URL",
    "SMTP_URL",
    "POLICY",
    "HIBP_URL",
    "GEOIP_DATABASE",
    "METRICS_TOKEN",
):
    os.environ.pop(_name, None)
os.environ.update(_ENVIRONMENT)

import pytest  # noqa: E402
from sqlalchemy import create_engine, delete, text  # noqa: E402
from sqlmodel import SQLModel  # noqa: E402

from security_app.db import tables  # noqa: E402, F401 - registers every table
from security_app.db.engine import Database, use_database  # noqa: E402
from security_app.db.migrations import upgrade  # noqa: E402

POSTGRES_URL = os.environ.get(
    "TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
)
REDIS_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")


def require_service(name: str, url: str) -> None:
    """Skip where a service does not listen; fail where it is required."""
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=2).close()
    except OSError:
        reason = f"{name} does not listen at {parts.hostname}:{parts.port}"
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail(f"{reason}, and REQUIRE_SERVICES=1")
        pytest.skip(reason)


@pytest.fixture(scope="session", autouse=True)
def scratch() -> Iterator[Path]:
    """A folder of this test process, gone at its end."""
    yield _SCRATCH
    shutil.rmtree(_SCRATCH, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_sqlite(scratch: Path) -> Path:
    """An empty SQLite file at the head of the migrations, to be copied."""
    path = scratch / "template.db"
    upgrade(f"sqlite+aiosqlite:///{path}")
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_url(worker_id: str) -> Iterator[str]:
    """A migrated PostgreSQL database of this worker's own."""
    require_service("PostgreSQL", POSTGRES_URL)
    name = f"security_centre_test_{os.getpid()}_{worker_id}"
    server = create_engine(POSTGRES_URL, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
        # No test takes the power from PostgreSQL itself.
        connection.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
    url = POSTGRES_URL.rpartition("/")[0] + f"/{name}"
    upgrade(url)
    yield url
    with server.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    server.dispose()


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A fresh migrated SQLite database."""
    path = tmp_path / "test.db"
    shutil.copyfile(migrated_sqlite, path)
    return f"sqlite+aiosqlite:///{path}"


#: Foreign keys rest meanwhile. TRUNCATE makes every table's files anew and takes 20 times longer.
_EMPTY_ALL = "; ".join(
    (
        "SET LOCAL session_replication_role = replica",
        *(str(delete(table)) for table in SQLModel.metadata.sorted_tables),
    )
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def database(request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """A fresh database the product uses, once on SQLite and once on PostgreSQL."""
    is_sqlite = request.param == "sqlite"
    url = request.getfixturevalue("sqlite_url" if is_sqlite else "postgres_url")
    current = Database(url)
    use_database(current)
    if not is_sqlite:
        async with current.engine.begin() as connection:
            await connection.exec_driver_sql(_EMPTY_ALL)
    yield current
    await current.dispose()
    use_database(None)
