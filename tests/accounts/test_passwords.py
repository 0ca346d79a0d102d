"""Changing the password: what it asks, what it ends, and that it is all or nothing (S-04, S-05)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text
from time_machine import Traveller

from security_app.accounts import links, passwords, sessions, sign_in, tickets
from security_app.accounts.actor import Actor
from security_app.accounts.errors import (
    Conflict,
    InvalidCredentials,
    LinkDead,
    PasswordRefused,
    PasswordsDiffer,
    Refused,
    SessionGone,
    SignInRequired,
    TicketDead,
    WrongPassword,
)
from security_app.accounts.passwords import PasswordChanged
from security_app.clock import now
from security_app.db.engine import Database, transaction
from security_app.db.tables import (
    Account,
    MailedLink,
    OutboxMessage,
    SecurityEvent,
    Session,
    Ticket,
)
from security_app.limits import RESET_LINK_LIFE
from security_app.live.hub import Subscription, hub
from tests.accounts.cast import (
    EMAIL,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    STRANGER,
    actor_of,
    is_signed_in,
    kinds_of_mail,
    live_sessions,
    make_account,
    open_session,
    outcome_of,
    rows,
    sign_in_browser,
    stored_form,
    the_account,
)


async def change(
    actor: Actor, current: str = PASSWORD, new: str = OTHER_PASSWORD, repeat: str | None = None
) -> PasswordChanged:
    return await passwords.change_password(
        actor, current=current, new=new, repeat=new if repeat is None else repeat
    )


async def reset_link(account: Account) -> str:
    async with transaction() as db:
        link = links.new_link(
            db, account, purpose="reset_password", path="/reset-password", life=RESET_LINK_LIFE
        )
    return link.partition("?token=")[2]


async def assert_nothing_changed(account: Account) -> None:
    assert (await the_account(account)).password_hash == stored_form(PASSWORD)
    assert await kinds_of_mail() == []
    assert await rows(SecurityEvent) == []
    assert all(session.ended_at is None for session in await rows(Session))


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"current": ""}, Refused),
        ({"current": "not the password 1"}, WrongPassword),
        ({"current": PASSWORD.upper()}, WrongPassword),
        ({"current": OTHER_PASSWORD}, WrongPassword),
        ({"new": ""}, PasswordRefused),
        ({"new": "short 1"}, PasswordRefused),
        ({"new": "no digit in this"}, PasswordRefused),
        ({"new": "password1"}, PasswordRefused),
        ({"new": EMAIL + "1"}, PasswordRefused),
        ({"new": "x1" * 128 + "x"}, PasswordRefused),
        ({"new": "seven \x00\ud800 otters 4"}, PasswordRefused),
        ({"new": PASSWORD}, PasswordRefused),
        ({"repeat": ""}, PasswordsDiffer),
        ({"repeat": OTHER_PASSWORD.upper()}, PasswordsDiffer),
        ({"repeat": OTHER_PASSWORD + " "}, PasswordsDiffer),
        ({"current": "", "new": "", "repeat": ""}, Refused),
    ],
)
async def test_s04_each_missing_or_wrong_field_changes_nothing(
    ada: Account, fields: dict[str, str], refusal: type[Refused]
) -> None:
    actor, session = await open_session(ada)
    await open_session(ada, "phone")
    with pytest.raises(refusal) as refused:
        await change(actor, **fields)
    assert refused.value.field in {"current_password", "new_password", "repeat_password"}
    await assert_nothing_changed(ada)
    assert await is_signed_in(session)


async def test_s04_another_spelling_of_the_current_password_is_the_current_one(
    database: Database,
) -> None:
    actor, _ = await open_session(await make_account(password="caf\u00e9 at 7 sharp"))
    with pytest.raises(PasswordRefused):
        await change(actor, current="caf\u00e9 at 7 sharp", new="cafe\u0301 at 7 sharp")


async def test_s01_a_decomposed_password_of_256_letters_can_be_chosen(ada: Account) -> None:
    actor, _ = await open_session(ada)
    await change(actor, new="7" + "e\u0301" * 255)
    await sign_in_browser(password="7" + "é" * 255)


async def test_s01_the_repeat_is_compared_to_its_end(ada: Account) -> None:
    actor, _ = await open_session(ada)
    decomposed = "7" + "e\u0301" * 128
    with pytest.raises(PasswordsDiffer):
        await change(actor, new=decomposed, repeat=decomposed + "and something else")


async def test_the_new_password_opens_and_the_old_one_does_not(
    ada: Account, clock: Traveller
) -> None:
    actor, _ = await open_session(ada)
    clock.shift(3600)
    await change(actor)
    with pytest.raises(InvalidCredentials):
        await sign_in.sign_in(OWNER, email=EMAIL, password=PASSWORD)
    assert await is_signed_in(await sign_in_browser(password=OTHER_PASSWORD))
    assert (await the_account(ada)).password_changed_at == now()


async def test_s05_every_other_session_ends_and_this_one_stays(ada: Account) -> None:
    actor, former = await open_session(ada)
    others = [await open_session(ada, "phone"), await open_session(ada, "", kind="api")]
    _, theirs = await open_session(await make_account("eve@example.org"))
    changed = await change(actor)
    assert changed.ended_sessions == 2
    assert not any([await is_signed_in(session) for _, session in others])
    assert await live_sessions(ada) == {actor.session_id}
    assert await is_signed_in(theirs)
    ended = {row.ended_by for row in await rows(Session) if row.ended_at}
    assert ended == {"password_change"}
    assert not await is_signed_in(former)
    renewed = (await sign_in.redeem_ticket(OWNER, changed.ticket)).session
    assert (await actor_of(renewed)).session_id == actor.session_id


async def test_s05_another_browser_cannot_take_the_renewed_cookie(ada: Account) -> None:
    actor, _ = await open_session(ada)
    changed = await change(actor)
    with pytest.raises(TicketDead):
        await sign_in.redeem_ticket(STRANGER, changed.ticket)


async def test_s05_an_api_client_keeps_its_token(ada: Account) -> None:
    actor, session = await open_session(ada, "", kind="api")
    _, browser = await open_session(ada)
    changed = await change(actor)
    assert (changed.ended_sessions, changed.ticket) == (1, "")
    assert await is_signed_in(session)
    assert not await is_signed_in(browser)


async def test_s05_pending_sign_ins_and_reset_links_end_too(ada: Account) -> None:
    actor, _ = await open_session(ada)
    eve = await make_account("eve@example.org")
    their_token = await reset_link(eve)
    token = await reset_link(ada)
    pending = await sign_in.sign_in(STRANGER, email=EMAIL, password=PASSWORD)
    await change(actor)
    with pytest.raises(TicketDead):
        await sign_in.redeem_ticket(STRANGER, pending.ticket)
    new = {"new": "four geese fly at 6", "repeat": "four geese fly at 6"}
    with pytest.raises(LinkDead):
        await passwords.reset_password(STRANGER, token=token, **new)
    await passwords.reset_password(STRANGER, token=their_token, **new)


async def test_a_renewal_asked_for_before_another_change_is_dead(ada: Account) -> None:
    actor, _ = await open_session(ada)
    first = await change(actor)
    renewed = (await sign_in.redeem_ticket(OWNER, first.ticket)).session
    again = await actor_of(renewed)
    async with transaction() as db:
        stale = await tickets.issue_for_renewal(db, again, next_path="")
    await change(again, current=OTHER_PASSWORD, new="four geese fly at 6")
    with pytest.raises(TicketDead):
        await sign_in.redeem_ticket(OWNER, stale)


async def test_s82_s84_a_change_is_logged_mailed_and_told_once(ada: Account) -> None:
    actor, _ = await open_session(ada)
    await open_session(ada, "phone")
    with hub.subscribe(ada.id) as page:
        await change(actor)
        heard = await page.next(0)
    (event,) = await rows(SecurityEvent)
    assert (event.action, event.detail) == ("password.changed", "1")
    assert (event.session_id, event.ip) == (actor.session_id, OWNER.ip)
    (message,) = await rows(OutboxMessage)
    assert (message.kind, message.recipient) == ("password_changed", EMAIL)
    (row,) = await rows(Session, Session.id == actor.session_id)
    assert row.notice == "password_changed:1"
    assert sorted(c.topic for c in heard) == ["activity", "password", "sessions"]
    assert {(c.account_id, c.by) for c in heard} == {(ada.id, actor.session_id)}


@pytest.mark.parametrize("table", ["security_event", "outbox_message", "ticket", "mailed_link"])
async def test_s82_when_a_part_cannot_be_written_nothing_is(
    ada: Account, database: Database, table: str
) -> None:
    actor, session = await open_session(ada)
    await open_session(ada, "phone")
    with hub.subscribe(ada.id) as page:
        async with out_of_order(database, table):
            failure = await outcome_of(change(actor))
        assert await heard(page) == []
    assert isinstance(failure, Exception)
    assert OTHER_PASSWORD not in str(failure)
    await assert_nothing_changed(ada)
    assert await is_signed_in(session)


async def heard(page: Subscription) -> list[str]:
    return [change.topic for change in await page.next(0)]


@asynccontextmanager
async def out_of_order(database: Database, table: str) -> AsyncIterator[None]:
    """A table that cannot be written: it is not there."""
    async with database.engine.begin() as connection:
        await connection.execute(text(f"ALTER TABLE {table} RENAME TO {table}_elsewhere"))
    try:
        yield
    finally:
        async with database.engine.begin() as connection:
            await connection.execute(text(f"ALTER TABLE {table}_elsewhere RENAME TO {table}"))


async def test_of_two_changes_at_once_one_wins(ada: Account) -> None:
    first, _ = await open_session(ada)
    second, _ = await open_session(ada, "phone")
    outcomes = await asyncio.gather(
        change(first, new="two wrens sing at 2"),
        change(second, new="two crows call at 3"),
        return_exceptions=True,
    )
    won = [outcome for outcome in outcomes if isinstance(outcome, PasswordChanged)]
    lost = [outcome for outcome in outcomes if not isinstance(outcome, PasswordChanged)]
    assert (len(won), len(lost)) == (1, 1)
    assert isinstance(lost[0], Conflict | WrongPassword | SessionGone | SignInRequired)
    winner = (first, second)[outcomes.index(won[0])]
    assert await live_sessions(ada) == {winner.session_id}
    assert [row.action for row in await rows(SecurityEvent)] == ["password.changed"]
    assert await kinds_of_mail() == ["password_changed"]


async def test_a_session_that_ended_meanwhile_changes_nothing(ada: Account) -> None:
    actor, _ = await open_session(ada)
    async with transaction() as db:
        await sessions.sign_out(db, actor)
    with pytest.raises(Refused):
        await change(actor)
    assert (await the_account(ada)).password_hash == stored_form(PASSWORD)
    assert await rows(Ticket) == []


async def test_an_account_that_is_gone_changes_nothing(ada: Account) -> None:
    actor, _ = await open_session(ada)
    async with transaction() as db:
        await db.delete(await db.get_one(Account, ada.id))
    with pytest.raises(SignInRequired):
        await change(actor)
    assert await rows(MailedLink) == []
