"""History of a person, put straight into the database of a running server."""

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import SQLModel, col, select

from security_app.accounts.tokens import digest, new_token
from security_app.clock import now
from security_app.db.tables import (
    Account,
    ApiKey,
    SecurityEvent,
    Session,
    SignInAttempt,
    ThrottleKey,
)
from tests.server import Person, Server

DESKTOP = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
_PLACE: dict[str, Any] = {"ip": "127.0.0.1", "place": "Local network", "user_agent": FIREFOX}


class Seeds:
    """Writes rows as the product would have written them."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def person(
        self, name: str = "Ada Example", *, password_age_days: int = 3, is_confirmed: bool = True
    ) -> Person:
        """Make an account with an address of its own."""
        at = now()
        return self._server.add_account(
            f"ada.{secrets.token_hex(4)}@example.com",
            name=name,
            email_confirmed_at=at if is_confirmed else None,
            password_changed_at=at - timedelta(days=password_age_days),
        )

    def sessions(self, person: Person, count: int) -> None:
        """Open sessions, the first one used a minute ago, each other a minute earlier."""
        at = now()
        self._add(
            Session(
                account_id=person.id,
                secret_hash=secrets.token_hex(32),
                kind="browser",
                opened_by="password",
                opened_at=at - timedelta(days=1, minutes=number),
                last_active_at=at - timedelta(minutes=number + 1),
                expires_at=at + timedelta(days=7),
                **_PLACE,
            )
            for number in range(count)
        )

    def sign_ins(self, person: Person, count: int) -> None:
        """Write wrong passwords, the latest an hour ago, each other an hour earlier."""
        at = now()
        self._add(
            SignInAttempt(
                account_id=person.id,
                at=at - timedelta(hours=number + 1),
                result="wrong_password",
                method="password",
                **_PLACE,
            )
            for number in range(count)
        )

    def events(self, person: Person, count: int) -> None:
        """Write renamed sessions, the latest an hour ago, each other an hour earlier."""
        at = now()
        self._add(
            SecurityEvent(
                account_id=person.id,
                at=at - timedelta(hours=number + 1),
                action="session.renamed",
                **_PLACE,
            )
            for number in range(count)
        )

    def api_keys(self, person: Person, *, working: int, expired: int) -> None:
        """Write keys that work, made a day ago or longer, and expired ones made after them.

        They are called "Working 1", "Expired 1" and so on, the oldest first.
        """
        at = now()
        self._add(
            ApiKey(
                account_id=person.id,
                name=f"{word} {number + 1}",
                secret_hash=digest(new_token()),
                prefix="sapp_seed",
                last_four="0000",
                scopes="account:read",
                created_at=at - timedelta(days=age, seconds=count - number),
                expires_at=at + timedelta(days=ends),
            )
            for word, count, age, ends in (("Working", working, 2, 30), ("Expired", expired, 1, -1))
            for number in range(count)
        )

    def account(self, email: str) -> Account:
        """The row of an account."""
        with self._server.rows() as rows:
            return rows.exec(select(Account).where(Account.email == email)).one()

    def let_sessions_idle_out(self, person: Person) -> None:
        """Age every session of somebody past the idle limit."""
        with self._server.rows() as rows:
            rows.execute(
                update(Session)
                .where(col(Session.account_id) == person.id)
                .values(last_active_at=now() - timedelta(days=30))
            )
            rows.commit()

    def forget_throttles(self) -> None:
        """Give every address and account its full budget back: tests share one address."""
        with self._server.rows() as rows:
            rows.execute(delete(ThrottleKey))
            rows.commit()

    def _add(self, made: Iterable[SQLModel]) -> None:
        with self._server.rows() as rows:
            rows.add_all(list(made))
            rows.commit()
