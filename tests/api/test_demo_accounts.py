"""The demo accounts: made once, complete, alive again on a later start, never in production."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from httpx import AsyncClient
from sqlalchemy import func
from sqlmodel import SQLModel, col, select, update

from security_app.clock import now
from security_app.db.engine import Database
from security_app.db.tables import Account, SecurityEvent, Session, SignInAttempt
from security_app.demo import accounts
from security_app.settings import SettingsError, get_settings
from security_app.web.entry.demo_accounts import DEMO_ACCOUNTS, DEMO_PASSWORD

COUNTED: tuple[type[SQLModel], ...] = (Account, Session, SignInAttempt, SecurityEvent)


@pytest.fixture
def demo_mode(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DEMO", "1")
    get_settings.cache_clear()
    yield
    monkeypatch.undo()
    get_settings.cache_clear()


async def counts(database: Database) -> list[int]:
    async with database.reading() as db:
        return [(await db.exec(select(func.count()).select_from(table))).one() for table in COUNTED]


async def sign_in(client: AsyncClient, email: str) -> dict[str, str]:
    answer = await client.post("/auth/sign-in", json={"email": email, "password": DEMO_PASSWORD})
    assert answer.status_code == 200, answer.text
    return {"authorization": f"Bearer {answer.json()['token']}"}


async def test_seeding_makes_what_the_sign_in_page_lists(
    demo_mode: None, database: Database, client: AsyncClient
) -> None:
    await accounts.seed()
    async with database.reading() as db:
        rows = (await db.exec(select(Account))).all()
        live = select(func.count()).select_from(Session).where(col(Session.ended_at).is_(None))
        busy = next(row for row in rows if row.email == "busy@demo.test")
        assert (await db.exec(live.where(Session.account_id == busy.id))).one() == 500
        tries = select(func.count()).select_from(SignInAttempt)
        assert (await db.exec(tries.where(SignInAttempt.account_id == busy.id))).one() == 10_000
    assert {row.email for row in rows} == {account.email for account in DEMO_ACCOUNTS}
    for row in rows:
        assert row.email_confirmed_at is not None
        assert row.password_changed_at is not None
        assert timedelta(days=210) < now() - row.password_changed_at < timedelta(days=216)
    before = await counts(database)
    await accounts.seed()
    assert await counts(database) == before

    as_fresh = await sign_in(client, "fresh@demo.test")
    page = (await client.get("/sessions", headers=as_fresh)).json()
    assert [item["current"] for item in page["items"]] == [True, False, False]
    assert all(item["location"] for item in page["items"][1:])
    history = (await client.get("/login-history", headers=as_fresh)).json()
    assert history["items"][0]["new_device"] is True
    assert {item["result"] for item in history["items"]} == {"signed_in", "wrong_password"}


async def test_after_a_night_the_sessions_live_again_but_not_those_somebody_ended(
    demo_mode: None, database: Database, client: AsyncClient
) -> None:
    await accounts.seed()
    async with database.transaction() as db:
        fresh = (await db.exec(select(Account).where(Account.email == "fresh@demo.test"))).one()
        ended = (await db.exec(select(Session.id).where(Session.account_id == fresh.id))).first()
        await db.exec(update(Session).where(col(Session.id) == ended).values(ended_at=now()))
    before = await counts(database)
    with time_machine.travel(now() + timedelta(days=30)):
        await accounts.seed()
        assert await counts(database) == before
        as_fresh = await sign_in(client, "fresh@demo.test")
        page = (await client.get("/sessions", headers=as_fresh)).json()
        assert [item["current"] for item in page["items"]] == [True, False]
        as_busy = await sign_in(client, "busy@demo.test")
        page = (await client.get("/sessions", params={"limit": 100}, headers=as_busy)).json()
        assert len(page["items"]) == 100


async def test_nothing_is_seeded_outside_demo_mode(database: Database) -> None:
    with pytest.raises(SettingsError):
        await accounts.seed()
    assert await counts(database) == [0, 0, 0, 0]


async def test_info_names_every_account_and_the_password(
    demo_mode: None, database: Database
) -> None:
    text = await accounts.info()
    for account in DEMO_ACCOUNTS:
        assert account.email in text
    assert DEMO_PASSWORD in text
