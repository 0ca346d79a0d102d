"""The demo accounts: made once, complete, alive again on a later start, never in production."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from httpx import AsyncClient
from sqlalchemy import delete, func
from sqlmodel import SQLModel, col, select, update

from security_app.accounts import sso
from security_app.clock import now
from security_app.db.engine import Database
from security_app.db.tables import (
    Account,
    Connection,
    SecurityEvent,
    Session,
    SignInAttempt,
    SsoConnection,
)
from security_app.demo import accounts
from security_app.demo.factors import DEMO_PIN
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
        if row.email in {"google@demo.test", "sso@demo.test"}:
            assert row.password_hash is row.password_changed_at is None
            continue
        assert row.password_changed_at is not None
        assert timedelta(days=210) < now() - row.password_changed_at < timedelta(days=216)
    before = await counts(database)
    await accounts.seed()
    assert await counts(database) == before
    assert re.search(r"PIN of .*both@demo\.test.*: 2580\b", await accounts.info())

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


async def test_the_owner_has_an_organization_with_one_of_everything(
    demo_mode: None, database: Database, client: AsyncClient
) -> None:
    await accounts.seed()
    as_owner = await sign_in(client, "owner@demo.test")
    me = (await client.get("/me", headers=as_owner)).json()
    house = (
        await client.get(f"/organizations/{me['organization']['id']}", headers=as_owner)
    ).json()
    assert {(each["email"], each["role"], each["2fa_enabled"]) for each in house["members"]} == {
        ("owner@demo.test", "owner", False),
        ("totp@demo.test", "admin", True),
        ("both@demo.test", "finance", True),
        ("fresh@demo.test", "member", False),
        ("sso@demo.test", "member", True),
    }

    async def states() -> list[str]:
        listed = await client.get("/releases", headers=as_owner)
        return [item["state"] for item in listed.json()["items"]]

    every = ["draft", "scheduled", "processing", "shipped", "cancelled"]
    assert await states() == every
    with time_machine.travel(now() + timedelta(hours=20)):
        as_owner = await sign_in(client, "owner@demo.test")
        assert await states() != every
        await accounts.seed()
        assert await states() == every
        [running] = [
            item["id"]
            for item in (await client.get("/releases", headers=as_owner)).json()["items"]
            if item["state"] == "processing"
        ]
        stopped = await client.post(
            f"/releases/{running}/force-cancel", headers=as_owner | {"X-Account-PIN": DEMO_PIN}
        )
        assert stopped.status_code == 200
        await accounts.seed()
        assert "processing" not in await states()


async def test_providers_sign_in_those_without_a_password(
    demo_mode: None, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connected() -> dict[str, tuple[str, str]]:
        async with database.reading() as db:
            rows = (await db.exec(select(Connection))).all()
        return {row.email: (row.subject, row.issuer) for row in rows}

    port = get_settings().port
    await accounts.seed()
    await accounts.seed()
    assert await connected() == {
        "google@demo.test": ("google-oauth-demo-1", f"http://127.0.0.1:{port + 1}"),
        "sso@demo.test": ("demo-sso", f"http://127.0.0.1:{port + 3}"),
    }
    async with database.reading() as db:
        managed = (await db.exec(select(Account).where(Account.email == "sso@demo.test"))).one()
        manager = await sso.manager_of(db, managed.id)
    assert manager is not None
    assert manager.name == "Demo ID"
    monkeypatch.setenv("PORT", str(port + 10))
    get_settings.cache_clear()
    await accounts.seed()
    assert (await connected())["sso@demo.test"][1] == f"http://127.0.0.1:{port + 13}"


async def test_what_somebody_took_away_stays_away(demo_mode: None, database: Database) -> None:
    await accounts.seed()
    async with database.transaction() as db:
        await db.exec(delete(SsoConnection))
    await accounts.seed()
    async with database.reading() as db:
        assert (await db.exec(select(SsoConnection))).all() == []


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
