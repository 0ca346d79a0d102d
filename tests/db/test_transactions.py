"""One transaction per change: all or nothing, and told only afterwards (S-82, S-85, S-87)."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from security_app.accounts import activity, session_list, sessions, sign_up, throttle
from security_app.accounts.throttle import Budget
from security_app.clock import now
from security_app.db import engine
from security_app.db.engine import Database, after_commit, reading, transaction
from security_app.db.tables import Account, OutboxMessage, SecurityEvent, Session, ThrottleKey
from security_app.limits import Limit
from security_app.live.hub import Change, announce, hub
from security_app.mail.outbox import enqueue
from security_app.mail.queueing import listen
from tests.accounts.cast import OWNER, kinds_of_mail, make_account, open_session, rows

_HOUR = timedelta(hours=1)


class Interrupted(Exception):
    """What goes wrong in these tests."""


async def test_after_commit_happens_after_the_commit(database: Database) -> None:
    seen: list[str] = []
    async with transaction() as db:
        after_commit(db, lambda: seen.append("told"))
        await db.connection()
        assert seen == []
    assert seen == ["told"]


@pytest.mark.parametrize("error", [Interrupted, asyncio.CancelledError])
async def test_what_rolls_back_is_neither_written_nor_mailed_nor_told(
    ada: Account, error: type[BaseException]
) -> None:
    woken: list[int] = []
    stop = listen(lambda: woken.append(1))
    with hub.subscribe(ada.id) as page:
        with pytest.raises(error):
            async with transaction() as db:
                activity.record_for(db, ada.id, OWNER, "email.confirmed")
                await enqueue(db, "password_changed", ada.email, {})
                await db.flush()
                raise error
        assert await page.next(0) == []
    stop()
    assert woken == []
    assert await rows(SecurityEvent) == []
    assert await rows(OutboxMessage) == []


async def test_a_commit_that_fails_tells_nobody(ada: Account) -> None:
    with hub.subscribe(ada.id) as page:
        with pytest.raises(IntegrityError):
            async with transaction() as db:
                announce(db, Change(ada.id, "account"))
                db.add(await a_session_of("nobody"))
        assert await page.next(0) == []
    assert await rows(Session) == []


async def a_session_of(account_id: str) -> Session:
    at = now()
    return Session(
        account_id=account_id,
        secret_hash="digest",
        kind="browser",
        opened_by="password",
        opened_at=at,
        last_active_at=at,
        expires_at=at,
    )


async def test_mail_and_change_are_announced_exactly_once(ada: Account) -> None:
    woken: list[int] = []
    stop = listen(lambda: woken.append(1))
    with hub.subscribe(ada.id) as page:
        async with transaction() as db:
            announce(db, Change(ada.id, "account"))
            await enqueue(db, "password_changed", ada.email, {})
        assert await page.next(0) == [Change(ada.id, "account")]
    async with transaction():
        pass
    stop()
    assert woken == [1]
    assert await kinds_of_mail() == ["password_changed"]


async def test_transactions_do_not_nest(database: Database) -> None:
    with pytest.raises(RuntimeError, match="nest"):
        async with transaction(), transaction():
            pass
    async with transaction():
        pass


async def test_after_a_failure_the_next_transaction_begins_afresh(ada: Account) -> None:
    with pytest.raises(Interrupted):
        async with transaction():
            raise Interrupted
    async with transaction() as db:
        activity.record_for(db, ada.id, OWNER, "email.confirmed")
    assert len(await rows(SecurityEvent)) == 1


async def test_a_reader_sees_what_is_committed(ada: Account) -> None:
    async with transaction() as db:
        activity.record_for(db, ada.id, OWNER, "email.confirmed")
        await db.flush()
        async with reading() as reader:
            page = await activity.events(reader, ada.id, limit=5)
        assert page.items == ()
    assert len(await rows(SecurityEvent)) == 1


async def test_what_was_only_read_is_not_written(ada: Account) -> None:
    async with reading() as db:
        account = await db.get_one(Account, ada.id)
        account.name = "Somebody else"
    assert (await rows(Account))[0].name == "Ada"


async def test_s87_fifty_parallel_writers_wait_and_lose_nothing(ada: Account) -> None:
    budget = Budget("counter", (Limit(1000, _HOUR, _HOUR),))
    actors = [(await open_session(ada, f"browser {number}"))[0] for number in range(10)]

    async def rename(actor: sessions.Actor, name: str) -> None:
        async with transaction() as db:
            await session_list.rename_session(db, actor, actor.session_id, name)

    async def log(number: int) -> None:
        async with transaction() as db:
            activity.record_for(db, ada.id, OWNER, "sessions.ended", str(number))

    work = [
        *(throttle.reserve(budget) for _ in range(15)),
        *(rename(actor, f"name {number}") for number, actor in enumerate(actors)),
        *(log(number) for number in range(15)),
        *(make_account(f"somebody{number}@example.org") for number in range(10)),
    ]
    outcomes = await asyncio.gather(*work, return_exceptions=True)
    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    (counter,) = await rows(ThrottleKey, ThrottleKey.key == "counter")
    assert len(counter.hits.split()) == 15
    names = {session.name for session in await rows(Session)}
    assert names == {f"name {number}" for number in range(10)}
    events = await rows(SecurityEvent, SecurityEvent.action == "sessions.ended")
    assert {event.detail for event in events} == {str(number) for number in range(15)}
    assert len(await rows(Account)) == 11


async def test_foreign_keys_hold_and_an_account_takes_everything_with_it(ada: Account) -> None:
    await open_session(ada)
    async with transaction() as db:
        activity.record_for(db, ada.id, OWNER, "email.confirmed")
    with pytest.raises(IntegrityError):
        async with transaction() as db:
            db.add(await a_session_of("nobody"))
    async with transaction() as db:
        await db.delete(await db.get_one(Account, ada.id))
    assert await rows(Session) == []
    assert await rows(SecurityEvent) == []


async def test_one_address_one_account_is_a_fact_of_the_database(ada: Account) -> None:
    with pytest.raises(IntegrityError) as refused:
        await make_account(ada.email)
    assert ada.email not in str(refused.value).partition("[SQL")[2]


async def test_an_error_does_not_print_the_values(database: Database) -> None:
    with pytest.raises(IntegrityError) as refused:
        async with transaction() as db:
            session = await a_session_of("nobody")
            session.secret_hash = "canary-of-a-secret"
            db.add(session)
    assert "canary-of-a-secret" not in str(refused.value)


async def test_an_account_is_made_only_where_there_is_none(database: Database) -> None:
    async def insert(name: str) -> bool:
        account = Account(id=name, email="a@b.org", email_key="a@b.org", created_at=now())
        async with transaction() as db:
            return await sign_up.insert(db, account)

    assert await insert("first")
    assert not await insert("second")
    assert [account.id for account in await rows(Account)] == ["first"]


async def test_the_process_has_one_database(database: Database) -> None:
    assert engine.database() is database
