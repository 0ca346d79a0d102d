"""Deleting an account: everything of it is gone, at once and everywhere (S-78)."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from security_app.accounts import deletion, emails, sessions, sign_up, step_up
from security_app.accounts.errors import FieldRefused, Refused, SignInRequired, StepUpRequired
from security_app.accounts.step_up import Proofs
from security_app.db.engine import Database
from security_app.db.tables import (
    Account,
    OutboxMessage,
    SecurityEvent,
    Session,
    SignInAttempt,
    ThrottleKey,
    UndoLink,
)
from security_app.live.hub import hub
from tests.accounts.cast import (
    EMAIL,
    OTHER_PASSWORD,
    PASSWORD,
    deliver,
    everything_stored,
    is_signed_in,
    make_account,
    open_session,
    outcome_of,
    rows,
    sign_in_browser,
    visitor,
)
from tests.accounts.moving import NEW, ask, change, mails_to
from tests.accounts.phone import code, enable


async def granted(actor: sessions.Actor, *, code: str = "") -> None:
    await step_up.prove(actor, "delete_account", Proofs(PASSWORD, code))


async def test_all_sessions_end_and_all_rows_go(ada: Account) -> None:
    bob = await make_account("bob@example.org")
    as_bob, bobs = await open_session(bob, "tablet")
    actor, here = await open_session(ada)
    _, there = await open_session(ada, "phone")
    api_actor, api = await open_session(ada, "", kind="api")
    await ask(actor)
    await granted(actor)
    with hub.subscribe(ada.id) as page:
        await deletion.delete_account(actor, typed=EMAIL)
        assert await page.next(1)
    for session in (here, there, api):
        assert not await is_signed_in(session)
    assert not await sessions.is_alive(api_actor.session_id)
    for table in (Session, SecurityEvent, SignInAttempt, UndoLink):
        assert not [row for row in await rows(table) if row.account_id == ada.id]
    assert [account.id for account in await rows(Account)] == [bob.id]
    assert await is_signed_in(bobs)
    assert as_bob.account_id == bob.id


@pytest.mark.parametrize("typed", [EMAIL, "ADA@Example.ORG", f"  {EMAIL} "])
async def test_the_address_is_the_confirmation(ada: Account, typed: str) -> None:
    actor, _ = await open_session(ada)
    await granted(actor)
    await deletion.delete_account(actor, typed=typed)
    assert await rows(Account) == []


@pytest.mark.parametrize("typed", ["", "ada", "delete", "bob@example.org", EMAIL + "x", "a" * 1000])
async def test_anything_else_is_refused_beside_its_field(ada: Account, typed: str) -> None:
    actor, _ = await open_session(ada)
    await granted(actor)
    refusal = await outcome_of(deletion.delete_account(actor, typed=typed))
    assert isinstance(refusal, FieldRefused)
    assert refusal.field == "confirmation"
    # The grant is still there.
    await deletion.delete_account(actor, typed=EMAIL)


async def test_s46_it_needs_password_and_code(ada: Account) -> None:
    actor, _ = await open_session(ada)
    other, _ = await open_session(ada, "phone")
    refusal = await outcome_of(deletion.delete_account(actor, typed=EMAIL))
    assert isinstance(refusal, StepUpRequired)
    secret, _kit = await enable(actor)
    assert isinstance(await outcome_of(granted(actor)), FieldRefused)
    await granted(actor, code=code(secret, ahead_s=30))
    refusal = await outcome_of(deletion.delete_account(other, typed=EMAIL))
    assert isinstance(refusal, StepUpRequired)
    await deletion.delete_account(actor, typed=EMAIL)


async def test_twice_at_once_deletes_once(ada: Account) -> None:
    actor, _ = await open_session(ada)
    await granted(actor)
    outcomes = await asyncio.gather(
        *(deletion.delete_account(actor, typed=EMAIL) for _ in range(6)), return_exceptions=True
    )
    assert outcomes.count(None) == 1
    assert all(isinstance(each, SignInRequired | Refused) for each in outcomes if each is not None)
    assert [mail.kind for mail in await rows(OutboxMessage)] == ["account_deleted"]


async def test_a_last_mail_goes_out_and_leaves_no_row(ada: Account, tmp_path: Path) -> None:
    actor, _ = await open_session(ada)
    await change(actor, tmp_path)
    await granted(actor)
    await deletion.delete_account(actor, typed=NEW)
    assert [mail.kind for mail in await rows(OutboxMessage)] == ["account_deleted"]
    subjects = [str(mail["Subject"]) for mail in await mails_to(tmp_path, NEW)]
    assert "Your Security Centre account was deleted" in subjects
    assert await rows(OutboxMessage) == []


async def test_mail_that_waits_for_somebody_else_is_none_of_ours(ada: Account) -> None:
    bob = await make_account("bob@example.org")
    as_bob, _ = await open_session(bob, "tablet")
    await enable(as_bob)
    actor, _ = await open_session(ada)
    await ask(actor, bob.email)
    await granted(actor)
    await deletion.delete_account(actor, typed=EMAIL)
    kinds = {mail.kind for mail in await rows(OutboxMessage) if mail.recipient == bob.email}
    assert "totp_enabled" in kinds


async def test_the_address_can_sign_up_again(ada: Account) -> None:
    actor, _ = await open_session(ada)
    await granted(actor)
    await deletion.delete_account(actor, typed=EMAIL)
    await sign_up.sign_up(
        visitor("new"), email=EMAIL, password=OTHER_PASSWORD, repeat=OTHER_PASSWORD
    )
    (again,) = await rows(Account)
    assert again.id != ada.id


async def test_s78_nothing_of_it_stays_in_the_database_file(
    ada: Account, database: Database, tmp_path: Path
) -> None:
    await sign_in_browser()
    actor, _ = await open_session(ada)
    secret, kit = await enable(actor)
    await ask(actor, "canary-new@new.example", code=code(secret, ahead_s=30))
    await emails.cancel(actor)
    await step_up.prove(actor, "delete_account", Proofs(PASSWORD, kit.codes[0].code))
    stored_hash = ada.password_hash or "?"
    await deletion.delete_account(actor, typed=EMAIL)
    await deliver(tmp_path)
    if database.is_sqlite:
        async with database.engine.connect() as connection:
            await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    left = await everything_stored(database)
    for trace in (EMAIL, ada.id, actor.session_id, stored_hash, "Ada"):
        assert trace.encode() not in left, trace
    assert not [row for row in await rows(ThrottleKey) if ada.id in row.key]
