"""The database of a running product, looked into and seeded from outside."""

import contextlib
import dataclasses
import functools
import os
import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text
from sqlmodel import Session as Rows
from sqlmodel import SQLModel, col, select

from security_app.accounts import hashing
from security_app.accounts.addresses import address_key
from security_app.accounts.tokens import digest, new_token
from security_app.db.migrations import sync_url
from security_app.db.tables import (
    Account,
    Invitation,
    Membership,
    Organization,
    OutboxMessage,
    Release,
    Session,
    new_id,
)
from security_app.limits import RELEASE_PROCESSING

PASSWORD = "quiet-herons-and-7-reeds"
POSTGRES_URL = os.environ.get(
    "TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
)
MAIL_WITHIN_S = 15
POLL_S = 0.05


@dataclasses.dataclass(frozen=True)
class Person:
    """An account that exists, and how to get in."""

    id: str
    email: str
    name: str
    password: str = dataclasses.field(default=PASSWORD, repr=False)


@dataclasses.dataclass(frozen=True)
class Browser:
    """One browser's two cookies; ``session`` is "" when nobody is signed in there."""

    session_id: str = ""
    session: str = dataclasses.field(default="", repr=False)
    browser: str = dataclasses.field(default_factory=new_token, repr=False)

    @property
    def cookies(self) -> dict[str, str]:
        """As an HTTP client or a browser context takes them (over plain http)."""
        cookies = {"browser": self.browser}
        return cookies | {"session": self.session} if self.session else cookies

    @property
    def header(self) -> str:
        """As a ``Cookie`` header."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())


class SeededDatabase:
    """One database, SQLite in a folder or made on the PostgreSQL server.

    Attributes:
        url: as the product takes it.
        engine: a synchronous engine on it.
    """

    def __init__(self, data_dir: Path, *, postgresql: bool) -> None:
        """Name it; a PostgreSQL one is made at once, a SQLite file with its first use."""
        self._postgres_name = f"security_centre_{secrets.token_hex(6)}" if postgresql else ""
        self.url = self._make(data_dir)
        self.engine: Engine = create_engine(sync_url(self.url))

    def remove(self) -> None:
        """Close it; a PostgreSQL one is dropped, whoever is connected."""
        self.engine.dispose()
        if self._postgres_name:
            with _postgres() as connection:
                connection.execute(text(f'DROP DATABASE "{self._postgres_name}" WITH (FORCE)'))

    def rows(self) -> Rows:
        """A synchronous session on the server's database; commit what you change."""
        return Rows(self.engine)

    def dump(self) -> dict[str, list[str]]:
        """Every row of every table as text, to compare before and after."""
        with self.engine.connect() as connection:
            return {
                table.name: sorted(repr(tuple(row)) for row in connection.execute(table.select()))
                for table in SQLModel.metadata.sorted_tables
            }

    def add_account(
        self, email: str = "", *, name: str = "", password: str = PASSWORD, **values: Any
    ) -> Person:
        """Put an account straight into the database, its address confirmed.

        Args:
            email: by default a fresh one.
            name: by default made from the address.
            password: hashed as the product does.
            **values: other columns of ``account``.
        """
        email = email or f"person-{secrets.token_hex(6)}@example.com"
        person = Person(new_id(), email, name or email.partition("@")[0], password)
        at = datetime.now(UTC)
        columns = {
            "created_at": at,
            "email_confirmed_at": at,
            "password_changed_at": at,
            "password_hash": _stored(password),
        }
        with self.rows() as rows:
            rows.add(
                Account(
                    id=person.id,
                    email=email,
                    email_key=address_key(email),
                    name=person.name,
                    **(columns | values),
                )
            )
            rows.commit()
        return person

    def add_session(self, person: Person, **values: Any) -> Browser:
        """Sign a person in straight in the database; returns the browser's cookies."""
        at = datetime.now(UTC)
        found = Browser(session_id=new_id(), session=new_token())
        columns = {
            "kind": "browser",
            "opened_by": "password",
            "browser_hash": digest(found.browser),
            "ip": "127.0.0.1",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "opened_at": at,
            "last_active_at": at,
            "expires_at": at + timedelta(days=14),
        }
        with self.rows() as rows:
            rows.add(
                Session(
                    id=found.session_id,
                    account_id=person.id,
                    secret_hash=digest(found.session),
                    **(columns | values),
                )
            )
            rows.commit()
        return found

    def add_organization(self, owner: Person, name: str = "", **values: Any) -> str:
        """An organization and who owns it; returns its id."""
        organization = Organization(
            id=new_id(),
            name=name or f"House {secrets.token_hex(6)}",
            created_at=datetime.now(UTC),
            **values,
        )
        with self.rows() as rows:
            rows.add(organization)
            rows.commit()
            organization_id = organization.id
        self.add_member(organization_id, owner, "owner")
        return organization_id

    def add_member(self, organization_id: str, person: Person, role: str) -> None:
        """Let a person belong to an organization."""
        with self.rows() as rows:
            rows.add(
                Membership(
                    account_id=person.id,
                    organization_id=organization_id,
                    role=role,
                    joined_at=datetime.now(UTC),
                )
            )
            rows.commit()

    def add_invitation(
        self, organization_id: str, by: Person, email: str, role: str = "member"
    ) -> str:
        """An invitation that waits; returns its id."""
        at = datetime.now(UTC)
        invitation = Invitation(
            id=new_id(),
            organization_id=organization_id,
            invited_by=by.id,
            email=email,
            email_key=address_key(email),
            role=role,
            created_at=at,
            expires_at=at + timedelta(days=7),
        )
        with self.rows() as rows:
            rows.add(invitation)
            rows.commit()
            return invitation.id

    def add_release(
        self, organization_id: str, name: str = "", *, starts_in_s: float | None = None
    ) -> str:
        """A draft, or a release that starts so many seconds from now; returns its id."""
        at = datetime.now(UTC)
        starts_at = None if starts_in_s is None else at + timedelta(seconds=starts_in_s)
        release = Release(
            id=new_id(),
            organization_id=organization_id,
            name=name or f"Release {secrets.token_hex(6)}",
            created_at=at,
            starts_at=starts_at,
            ships_at=starts_at + RELEASE_PROCESSING if starts_at else None,
        )
        with self.rows() as rows:
            rows.add(release)
            rows.commit()
            return release.id

    def session_row(self, session_id: str) -> Session:
        """One session as it is in the database now."""
        with self.rows() as rows:
            return rows.exec(select(Session).where(Session.id == session_id)).one()

    def change(self, table: type[SQLModel], row_id: str, **values: Any) -> None:
        """Change one row behind the server's back."""
        with self.rows() as rows:
            row = rows.get_one(table, row_id)
            for name, value in values.items():
                setattr(row, name, value)
            rows.add(row)
            rows.commit()

    def settle(self) -> None:
        """Wait until no mail is on its way, so that the database rests."""
        waiting = select(OutboxMessage.id).where(
            col(OutboxMessage.sent_at).is_(None), col(OutboxMessage.failed_at).is_(None)
        )
        deadline = time.monotonic() + MAIL_WITHIN_S
        while time.monotonic() < deadline:
            with self.rows() as rows:
                if rows.exec(waiting).first() is None:
                    return
            time.sleep(POLL_S)
        raise AssertionError("mail is stuck")

    def _make(self, data_dir: Path) -> str:
        if not self._postgres_name:
            return f"sqlite+aiosqlite:///{data_dir / 'security.db'}"
        with _postgres() as connection:
            connection.execute(text(f'CREATE DATABASE "{self._postgres_name}"'))
        return f"{POSTGRES_URL.rpartition('/')[0]}/{self._postgres_name}"


@contextlib.contextmanager
def _postgres() -> Iterator[Any]:
    engine = create_engine(POSTGRES_URL, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@functools.cache
def _stored(password: str) -> str:
    """The stored form of a password, by the product's own hashing (50 ms, once each)."""
    return hashing._hash(password, "password")
