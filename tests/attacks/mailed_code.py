"""Somebody whose codes come by e-mail, their mailbox, and a mail server that never answers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from sqlmodel import col, select

from security_app.clock import now
from security_app.db.tables import EmailMethod, SecurityEvent, ThrottleKey
from tests.accounts.postbox import code_in
from tests.attacks.people import SIGN_IN, fresh_address
from tests.attacks.raw_client import RawClient, handler
from tests.attacks.second_factor import STEP_UP, WITHIN_S
from tests.server import Browser, Person, Server

EMAIL_CODE = "cards.email_code.state.EmailCodeState"
PASSWORD = "cards.password.state.PasswordState"
VERIFY = "web.entry.verify.VerifyState"
VERIFY_PATH = "/sign-in/verify"


@dataclass(frozen=True)
class Reader:
    """A signed-in person whose codes come by e-mail.

    Attributes:
        api: a bearer token of theirs.
    """

    person: Person
    here: Browser
    there: Browser
    api: str = field(repr=False)
    server: Server = field(repr=False)

    @property
    def codes(self) -> list[str]:
        """Every code mailed to them, oldest first."""
        return codes_to(self.server, self.person)

    @property
    def actions(self) -> list[str]:
        """What stands in their security log."""
        with self.server.rows() as rows:
            statement = select(SecurityEvent.action).where(
                SecurityEvent.account_id == self.person.id
            )
            return sorted(rows.exec(statement).all())

    def let_time_pass(self, seconds: float) -> None:
        """Make every attempt counted so far that much older."""
        with self.server.rows() as rows:
            for row in rows.exec(select(ThrottleKey).where(col(ThrottleKey.key).like("code:%"))):
                # A hit is its time and what makes it this attempt's own.
                hits = [hit.partition("~") for hit in row.hits.split()]
                row.hits = "".join(f" {float(at) - seconds!r}~{own}" for at, _, own in hits)
                rows.add(row)
            rows.commit()


def codes_to(server: Server, person: Person) -> list[str]:
    """Every code mailed to somebody, oldest first."""
    return [
        code_in(mail) for mail in server.mails_to(person.email) if mail["Subject"].endswith(" code")
    ]


def make_reader(server: Server) -> Reader:
    """Make an account whose codes come by e-mail."""
    person = server.add_account()
    with server.rows() as rows:
        rows.add(EmailMethod(account_id=person.id, enabled_at=now(), last_used_at=now()))
        rows.commit()
    here, there = server.add_session(person), server.add_session(person)
    api = server.add_session(person, kind="api", opened_by="api").session
    return Reader(person, here, there, api, server)


def open_page(server: Server, browser: Browser, path: str) -> RawClient:
    """A page from an address nobody came from yet."""
    return RawClient(server, browser=browser, path=path, source=fresh_address())


async def begin(page: RawClient, person: Person) -> str:
    """Confirm identity and get as far as the mailed code; returns it."""
    await page.load()
    seen = len(codes_to(page.server, person))
    await page.call(handler(STEP_UP, "ask"), {"action": "enable_email_code"})
    form = {"password": person.password}
    await page.send(handler(STEP_UP, "submit"), {"form": form})
    await page.until(lambda: len(codes_to(page.server, person)) > seen, WITHIN_S)
    await page.fence()
    return codes_to(page.server, person)[-1]


async def give_password(server: Server, person: Person) -> Browser:
    """The first half of a sign-in; returns the browser that did it."""
    browser = Browser()
    async with open_page(server, browser, "/sign-in") as page:
        await page.load()
        form = {"email": person.email, "password": person.password}
        await page.call(SIGN_IN, {"form": form})
        assert page.ticket == ""
    return browser


def faults(server: Server) -> int:
    """How many exceptions nobody expected stand in the log."""
    return server.log_text().count('"event": "fault"')


@contextlib.asynccontextmanager
async def tarpit() -> AsyncIterator[str]:
    """A mail server that takes connections and never says a word; gives its ``SMTP_URL``."""
    released = asyncio.Event()

    async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.close()

    listening = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    yield f"smtp://127.0.0.1:{port}?tls=none"
    released.set()
    listening.close()
