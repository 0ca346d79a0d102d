"""The product as a process, with people in it: what the measurements run against."""

import contextlib
import os
import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from security_app.accounts import hashing
from security_app.accounts.proofs.totp import secret_context
from security_app.accounts.tokens import digest
from security_app.clock import now
from security_app.db.sealing import seal
from security_app.db.tables import (
    Account,
    SecurityEvent,
    Session,
    SignInAttempt,
    Totp,
    new_id,
)
from security_app.web import frontend
from tests.server import PASSWORD, Person, Server

__all__ = ["PASSWORD", "Person", "Server", "WatchedServer", "serving", "stored_password"]

_DEVICE: dict[str, Any] = {
    "ip": "198.51.100.7",
    "place": "Portugal",
    "user_agent": (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/140.0.0.0 Safari/537.36"
    ),
}
#: Rows written by one statement.
_BATCH = 5000


class WatchedServer(Server):
    """The product under a runner that notes how long its event loop is blocked."""

    @property
    def lags_file(self) -> Path:
        """Where the runner writes what it saw, at its end."""
        return self.folder / "lags.json"

    def _launch(self) -> None:
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.watched_server", str(self.lags_file)],
                cwd=frontend.ROOT,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )


@contextlib.contextmanager
def serving(*, watched: bool = False, behind_proxy: bool = True) -> Iterator[Server]:
    """Run the product with an empty database.

    Args:
        watched: under the runner that measures the event loop.
        behind_proxy: believe ``X-Forwarded-For``, so that clients come from many addresses.
    """
    # A measuring client does in a second what a person does in an hour.
    environment = {"POLICY_SOCKET_MESSAGES_PER_S": "1000000"}
    if behind_proxy:
        environment["TRUSTED_PROXY_HOPS"] = "1"
    with (WatchedServer if watched else Server)(environment) as server:
        yield server


@contextlib.contextmanager
def serving_workers(count: int) -> Iterator[Server]:
    """Run the product in some processes that share PostgreSQL and Redis.

    Raises:
        OSError: one of the two does not listen (``TEST_POSTGRES_URL``, ``TEST_REDIS_URL``).
    """
    environment = {
        "POLICY_SOCKET_MESSAGES_PER_S": "1000000",
        "WORKERS": str(count),
        "REDIS_URL": os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15"),
    }
    with Server(environment, postgresql=True) as server:
        yield server


def stored_password() -> str:
    """The stored form of everybody's password."""
    return hashing._hash(PASSWORD, "password")


def add_people(server: Server, count: int) -> list[Person]:
    """Make accounts, all with the same password."""
    stored, at = stored_password(), now()
    people = [
        Person(new_id(), f"p{number}-{secrets.token_hex(4)}@example.com", f"Person {number}")
        for number in range(count)
    ]
    _insert(
        server,
        Account,
        [
            {
                "id": person.id,
                "email": person.email,
                "email_key": person.email,
                "name": person.name,
                "created_at": at,
                "email_confirmed_at": at,
                "password_changed_at": at,
                "password_hash": stored,
            }
            for person in people
        ],
    )
    return people


def add_totp(server: Server, people: Sequence[Person], secret: str) -> None:
    """Give people an authenticator app with this secret."""
    at = now()
    _insert(
        server,
        Totp,
        [
            {
                "account_id": person.id,
                "sealed_secret": seal(secret.encode(), secret_context(person.id)),
                "enabled_at": at,
                "last_step": 0,
                "failures": 0,
            }
            for person in people
        ],
    )


def add_sessions(server: Server, person: Person, count: int, *, is_ended: bool = False) -> None:
    """Give a person sessions, live or ended, a second apart."""
    at = now()
    _insert(
        server,
        Session,
        [
            {
                "id": new_id(),
                "account_id": person.id,
                "secret_hash": digest(secrets.token_hex(8)),
                "kind": "browser",
                "opened_by": "password",
                "opened_at": at - timedelta(days=2),
                "last_active_at": at - timedelta(minutes=2, seconds=number),
                "expires_at": at + timedelta(days=7),
                "ended_at": at - timedelta(minutes=1) if is_ended else None,
                "ended_by": "owner" if is_ended else "",
                **_DEVICE,
            }
            for number in range(count)
        ],
    )


def add_history(server: Server, person: Person, count: int) -> None:
    """Give a person as many sign-ins and as many rows of the security log."""
    at = now()
    times = [at - timedelta(minutes=number + 1) for number in range(count)]
    common = {"account_id": person.id, **_DEVICE}
    attempt = {"result": "signed_in", "method": "password"}
    _insert(
        server, SignInAttempt, [{"id": new_id(), "at": time, **attempt, **common} for time in times]
    )
    event = {"action": "session.renamed"}
    _insert(
        server, SecurityEvent, [{"id": new_id(), "at": time, **event, **common} for time in times]
    )


def commit_ms(folder: Path, count: int = 40) -> list[float]:
    """What one durable commit takes on the disk of a folder."""
    from time import perf_counter

    path = folder / "commit.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, text TEXT)")
        found: list[float] = []
        for _ in range(count):
            start = perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO t (text) VALUES ('something short')")
            connection.execute("COMMIT")
            found.append((perf_counter() - start) * 1000)
    return found


def _insert(server: Server, table: type[Any], rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), _BATCH):
        with server.engine.begin() as connection:
            connection.execute(insert(table.__table__), list(rows[start : start + _BATCH]))
    if len(rows) >= _BATCH:
        # Otherwise the product's first commits would carry our rows into the file.
        with server.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
