"""The people of these tests, what they do, and what is left of it in the database."""

import asyncio
import functools
import re
from collections.abc import Awaitable, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, text
from sqlmodel import SQLModel, select

from security_app.accounts import password_rules, sessions, sign_in
from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.addresses import address_key
from security_app.accounts.hashing import _hash
from security_app.accounts.sessions import NewSession
from security_app.accounts.tokens import digest
from security_app.clock import now
from security_app.db.engine import Database, reading, transaction
from security_app.db.tables import Account, OutboxMessage, Session, new_id
from security_app.mail.outbox import Sender, sender_address
from security_app.mail.transports import FileTransport

PASSWORD = "seven otters swim at 4"
OTHER_PASSWORD = "nine herons land at 8"
EMAIL = "ada@example.org"

_CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
Table = TypeVar("Table", bound=SQLModel)


def visitor(browser: str = "laptop", ip: str = "203.0.113.10") -> Visitor:
    """Somebody at the door; an empty name is a client without a browser's cookie."""
    return Visitor(ip, _CHROME, digest(f"cookie of {browser}") if browser else "")


OWNER = visitor()
STRANGER = visitor("stranger", "198.51.100.77")


@functools.cache
def stored_form(password: str) -> str:
    """The stored form of a password, made once: hashing is slow on purpose."""
    return _hash(password_rules.normalise(password), "password")


async def make_account(email: str = EMAIL, password: str | None = PASSWORD) -> Account:
    """An account with a confirmed address."""
    account = Account(
        id=new_id(),
        email=email,
        email_key=address_key(email),
        name="Ada",
        created_at=now(),
        email_confirmed_at=now(),
        password_hash=stored_form(password) if password is not None else None,
        password_changed_at=now(),
    )
    async with transaction() as db:
        db.add(account)
    return account


async def open_session(
    account: Account, browser: str = "laptop", *, kind: str = "browser"
) -> tuple[Actor, NewSession]:
    """A session without the slow way through the password."""
    who = visitor(browser)
    async with transaction() as db:
        new = await sessions.open_session(
            db, account.id, who, kind=kind, opened_by="password" if kind == "browser" else "api"
        )
    return await actor_of(new, who), new


async def actor_of(session: NewSession, who: Visitor = OWNER) -> Actor:
    """The actor behind a live session's secret."""
    actor = await sessions.find_actor(digest(session.secret), who)
    assert actor is not None
    return actor


async def is_signed_in(session: NewSession) -> bool:
    """Whether a cookie still opens anything."""
    return await sessions.find_actor(digest(session.secret), OWNER) is not None


async def sign_in_browser(
    who: Visitor = OWNER, *, email: str = EMAIL, password: str = PASSWORD
) -> NewSession:
    """The whole way in: password, ticket, cookie."""
    signed_in = await sign_in.sign_in(who, email=email, password=password)
    return (await sign_in.redeem_ticket(who, signed_in.ticket)).session


async def sign_in_client(
    who: Visitor, *, email: str = EMAIL, password: str = PASSWORD
) -> NewSession:
    """The way in of an API client."""
    signed_in = await sign_in.sign_in_api(who, email=email, password=password)
    assert signed_in.session is not None
    return signed_in.session


async def outcome_of(attempt: Awaitable[Any]) -> Any:  # noqa: ANN401 - whatever the call gives
    """What a call ends with: its value or its exception."""
    return (await asyncio.gather(attempt, return_exceptions=True))[0]


async def rows(table: type[Table], *conditions: ColumnElement[bool] | bool) -> Sequence[Table]:
    """Rows of a table as they are now."""
    async with reading() as db:
        return (await db.exec(select(table).where(*conditions))).all()


async def the_account(account: Account) -> Account:
    """The row as it is now."""
    return (await rows(Account, Account.id == account.id))[0]


async def live_sessions(account: Account) -> set[str]:
    """Public ids of the sessions that have not been ended."""
    found = await rows(Session, Session.account_id == account.id)
    return {session.id for session in found if session.ended_at is None}


async def kinds_of_mail() -> list[str]:
    """The kinds of the messages waiting, sorted."""
    return sorted(message.kind for message in await rows(OutboxMessage))


async def deliver(folder: Path) -> list[EmailMessage]:
    """Send what waits, into files, and read them: oldest first."""
    sender = Sender(FileTransport(folder), sender_address("noreply@example.org"))
    while any(
        message.sent_at is None and message.failed_at is None
        for message in await rows(OutboxMessage)
    ):
        await sender._start_due()
        await asyncio.gather(*sender._running)
    mails = [
        message_from_bytes(file.read_bytes(), policy=policy.default)
        for file in sorted(folder.glob("**/*.eml"))
    ]
    return [mail for mail in mails if isinstance(mail, EmailMessage)]


def link_in(mail: EmailMessage) -> str:
    """The link a person would click."""
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"https?://\S+\?token=\S+", body.get_content())
    assert found is not None
    return found[0]


def token_in(mail: EmailMessage) -> str:
    """The secret part of that link."""
    return link_in(mail).partition("?token=")[2]


async def everything_stored(database: Database) -> bytes:
    """All bytes at rest: the SQLite file with its log, or every row of every table."""
    if database.is_sqlite:
        path = database.engine.url.database or ""
        return b"".join(file.read_bytes() for file in Path(path).parent.glob(f"{Path(path).name}*"))
    parts: list[str] = []
    async with database.engine.connect() as connection:
        for table in SQLModel.metadata.sorted_tables:
            found = await connection.execute(text(f'SELECT t::text FROM "{table.name}" t'))  # noqa: S608 - our own names
            parts += [row[0] for row in found]
    return "\n".join(parts).encode()
