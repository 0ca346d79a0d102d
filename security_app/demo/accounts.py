"""The demo accounts: made once, kept alive on later starts, in demo mode only.

Their password is public, so they must never exist in production: the settings
refuse demo mode on any address but a loopback one, and :func:`seed` asks again.
"""

import itertools
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import bindparam, insert, update
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import recovery_codes
from security_app.accounts.addresses import parse_address
from security_app.accounts.hashing import hash_text, hashing_place
from security_app.accounts.sessions import is_live
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.tables import (
    Account,
    ApiKey,
    KnownBrowser,
    SecurityEvent,
    Session,
    SignInAttempt,
    new_id,
)
from security_app.demo import connections, factors, keys, past, workspace
from security_app.demo.past import DESK, OFFICE, PHONE, Row
from security_app.limits import MAX_LIVE_SESSIONS
from security_app.settings import SettingsError, get_settings
from security_app.web.entry.demo_accounts import DEMO_ACCOUNTS, DEMO_PASSWORD

#: ui.md: "500 sessions, 10,000 sign-ins", and as many sessions that are over.
_BUSY_SIGN_INS = 10_000
_BUSY_ENDED_SESSIONS = 10_000
#: Older than the six months after which the card gives its advice.
_PASSWORD_AGE = timedelta(days=215)
_BATCH_ROWS = 500
_WITH_APP = ("totp@demo.test", "both@demo.test")
_WITHOUT_PASSWORD = (connections.GOOGLE_EMAIL, connections.SSO_EMAIL)
_WITH_PIN = ("both@demo.test", "owner@demo.test")


async def seed() -> None:
    """Make the demo accounts that are missing, and keep their sessions from lapsing.

    Raises:
        SettingsError: this is not demo mode.
    """
    if not get_settings().demo:
        raise SettingsError("Demo accounts exist with DEMO=1 only.")
    made: set[str] = set()
    for email, name, fill in (
        ("fresh@demo.test", "Ada", _fill_fresh),
        ("totp@demo.test", "Barbara", _fill_fresh),
        ("both@demo.test", "Bea", _fill_fresh),
        (connections.GOOGLE_EMAIL, "Gina", _fill_made_elsewhere),
        (connections.SSO_EMAIL, "Sofia", _fill_made_elsewhere),
        ("owner@demo.test", "Olga", _fill_fresh),
        ("busy@demo.test", "Grace", _fill_busy),
    ):
        account = await _missing(email, name)
        if account is None:
            continue
        codes = await recovery_codes.prepare() if email in _WITH_APP else []
        pin = await factors.hashed_pin() if email in _WITH_PIN else ""
        async with transaction() as db:
            if await _exists(db, account.email_key):
                # Another start was quicker while this one hashed.
                continue
            db.add(account)
            await db.flush()
            made.add(email)
            await fill(db, account.id, account.created_at)
            if codes:
                await factors.turn_totp_on(db, account.id, codes)
            if email == "owner@demo.test":
                await _insert(db, ApiKey, keys.key_rows(account.id, now()))
            if email == "both@demo.test":
                factors.turn_email_code_on(db, account.id)
            if pin:
                factors.set_pin(db, account.id, pin)
    await workspace.seed()
    await connections.seed(made)
    await _keep_alive()


async def info() -> str:
    """The demo accounts in words, for ``make demo-info``: secrets and codes of this moment."""
    width = max(len(account.email) for account in DEMO_ACCOUNTS)
    rows = [f"  {account.email:<{width}}  {account.shows}" for account in DEMO_ACCOUNTS]
    sign_in = f"Demo accounts, to sign in at {get_settings().public_url}/sign-in"
    lines = [sign_in, *rows, "", f"  Password of all that have one: {DEMO_PASSWORD}"]
    for item in await factors.shown():
        lines += ["", f"  {item.email}: authenticator code now {item.code}"]
        lines += [f"  {'':<{len(item.email)}}  secret {item.secret}"]
    if owners := await factors.with_pin():
        lines += ["", f"  PIN of {', '.join(owners)}: {factors.DEMO_PIN}"]
    return "\n".join(lines)


async def _missing(email: str, name: str) -> Account | None:
    """The account to make, None when somebody has the address."""
    address = parse_address(email)
    async with reading() as db:
        if await _exists(db, address.key):
            return None
    stored = None
    if email not in _WITHOUT_PASSWORD:
        async with hashing_place():
            stored = await hash_text(DEMO_PASSWORD, "password")
    created_at = now() - timedelta(days=800)
    return Account(
        id=new_id(),
        email=address.email,
        email_key=address.key,
        name=name,
        created_at=created_at,
        email_confirmed_at=created_at + timedelta(minutes=4),
        password_hash=stored,
        password_changed_at=now() - _PASSWORD_AGE if stored else None,
    )


async def _exists(db: AsyncSession, email_key: str) -> bool:
    found = select(Account.id).where(Account.email_key == email_key)
    return (await db.exec(found)).first() is not None


async def _fill_fresh(db: AsyncSession, account_id: str, created_at: datetime) -> None:
    """A person with two other devices and a quiet history."""
    at = now()
    desk_at, phone_at = at - timedelta(days=2, hours=3), at - timedelta(days=5)
    await _insert(
        db,
        Session,
        [
            past.session_row(
                account_id, DESK, opened_at=desk_at, last_active_at=at - timedelta(hours=3)
            ),
            past.session_row(
                account_id, PHONE, opened_at=phone_at, last_active_at=at - timedelta(minutes=25)
            ),
        ],
    )
    tries = [
        past.sign_in_row(account_id, DESK, desk_at),
        past.sign_in_row(
            account_id, DESK, desk_at - timedelta(seconds=40), result="wrong_password"
        ),
        past.sign_in_row(account_id, PHONE, phone_at, is_new_device=True),
    ]
    tries += [
        past.sign_in_row(account_id, origin, at - timedelta(days=9 + 13 * week, minutes=170 * week))
        for week, origin in enumerate(itertools.islice(itertools.cycle((DESK, OFFICE)), 12))
    ]
    await _insert(db, SignInAttempt, tries)
    await _fill_log(db, account_id, created_at)


async def _fill_made_elsewhere(db: AsyncSession, account_id: str, created_at: datetime) -> None:
    """A person whom a provider signs in: no password, and nothing about one in the log."""
    created = past.event_row(account_id, DESK, created_at, "account.created")
    await _insert(db, SecurityEvent, [created])
    device = {"account_id": account_id, "browser_hash": past.SEEDED, "last_seen_at": now()}
    await _insert(db, KnownBrowser, [device])


async def _fill_busy(db: AsyncSession, account_id: str, created_at: datetime) -> None:
    """A person with as much of everything as an account can have."""
    at = now()
    live = past.many_live_sessions(account_id, MAX_LIVE_SESSIONS, at)
    ended = past.many_ended_sessions(account_id, _BUSY_ENDED_SESSIONS, at)
    await _insert(db, Session, itertools.chain(live, ended))
    await _insert(db, SignInAttempt, past.many_sign_ins(account_id, _BUSY_SIGN_INS, at))
    await _fill_log(db, account_id, created_at)


async def _fill_log(db: AsyncSession, account_id: str, created_at: datetime) -> None:
    confirmed_at = created_at + timedelta(minutes=4)
    changed_at = now() - _PASSWORD_AGE
    await _insert(
        db,
        SecurityEvent,
        [
            past.event_row(account_id, DESK, created_at, "account.created"),
            past.event_row(account_id, DESK, confirmed_at, "email.confirmed"),
            past.event_row(account_id, OFFICE, changed_at, "password.changed", "3"),
            past.event_row(account_id, PHONE, now() - timedelta(days=31), "sessions.ended", "2"),
        ],
    )
    # With a device on record, the first sign-in in the demo shows what a new device does.
    device = {"account_id": account_id, "browser_hash": past.SEEDED, "last_seen_at": now()}
    await _insert(db, KnownBrowser, [device])


async def _insert(db: AsyncSession, table: type[SQLModel], rows: Iterable[Row]) -> None:
    connection = await db.connection()
    for batch in _batches(rows):
        await connection.execute(insert(table), batch)


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rows = iter(rows)
    while batch := list(itertools.islice(rows, _BATCH_ROWS)):
        yield batch


async def _keep_alive() -> None:
    """Move seeded sessions that lapsed by time to now; what somebody ended stays ended."""
    at = now()
    lapsed = select(Session.id, Session.opened_at, Session.last_active_at).where(
        Session.browser_hash == past.SEEDED, col(Session.ended_at).is_(None), ~is_live(at)
    )
    async with reading() as db:
        rows = (await db.exec(lapsed)).all()
    if not rows:
        return
    # One shift for all: their order and their distances stay.
    shift = at - max(last_active_at for _, _, last_active_at in rows) - timedelta(minutes=1)
    moved = [
        {
            "row": session_id,
            "opened": opened_at + shift,
            "active": last_active_at + shift,
            "expires": opened_at + shift + get_settings().session_max,
        }
        for session_id, opened_at, last_active_at in rows
    ]
    table = SQLModel.metadata.tables["session"]
    statement = (
        update(table)
        .where(table.c.id == bindparam("row"))
        .values(
            opened_at=bindparam("opened"),
            last_active_at=bindparam("active"),
            expires_at=bindparam("expires"),
        )
    )
    async with transaction() as db:
        await (await db.connection()).execute(statement, moved)
