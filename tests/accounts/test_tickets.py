"""The hand-off from an event to a cookie: once, in 30 seconds, in the same browser."""

import asyncio

import pytest
from time_machine import Traveller

from security_app.accounts import sessions, sign_in, tickets
from security_app.accounts.errors import SessionGone, TicketDead
from security_app.accounts.sign_in import HandedOver
from security_app.accounts.tokens import digest
from security_app.db.engine import transaction
from security_app.db.tables import Account, Session, Ticket
from tests.accounts.cast import (
    OWNER,
    STRANGER,
    actor_of,
    is_signed_in,
    make_account,
    open_session,
    outcome_of,
    rows,
    visitor,
)


async def ticket_of(account: Account, *, browser: str = "laptop", next_path: str = "") -> str:
    async with transaction() as db:
        return await tickets.issue_for_sign_in(
            db, account.id, visitor(browser), sign_in_id="", next_path=next_path
        )


async def test_a_ticket_works_once(ada: Account) -> None:
    ticket = await ticket_of(ada)
    assert await is_signed_in((await sign_in.redeem_ticket(OWNER, ticket)).session)
    with pytest.raises(TicketDead):
        await sign_in.redeem_ticket(OWNER, ticket)
    assert len(await rows(Session)) == 1


@pytest.mark.parametrize(("seconds", "works"), [(29, True), (30, False), (3600, False)])
async def test_a_ticket_lives_thirty_seconds(
    ada: Account, clock: Traveller, seconds: int, works: bool
) -> None:
    ticket = await ticket_of(ada)
    clock.shift(seconds)
    outcome = await outcome_of(sign_in.redeem_ticket(OWNER, ticket))
    assert isinstance(outcome, HandedOver if works else TicketDead)


async def test_another_browser_cannot_use_a_ticket_nor_spoil_it(ada: Account) -> None:
    ticket = await ticket_of(ada)
    for thief in (STRANGER, visitor("")):
        with pytest.raises(TicketDead):
            await sign_in.redeem_ticket(thief, ticket)
    assert await is_signed_in((await sign_in.redeem_ticket(OWNER, ticket)).session)


async def test_a_ticket_made_for_no_browser_opens_nothing(ada: Account) -> None:
    ticket = await ticket_of(ada, browser="")
    with pytest.raises(TicketDead):
        await sign_in.redeem_ticket(visitor(""), ticket)


@pytest.mark.parametrize("ticket", ["", "unknown", "\x00", "\ud800", "x" * 10_000])
async def test_what_is_no_ticket_opens_nothing(ada: Account, ticket: str) -> None:
    await ticket_of(ada)
    with pytest.raises(TicketDead):
        await sign_in.redeem_ticket(OWNER, ticket)


async def test_the_stored_digest_is_no_ticket(ada: Account) -> None:
    await ticket_of(ada)
    (row,) = await rows(Ticket)
    with pytest.raises(TicketDead):
        await sign_in.redeem_ticket(OWNER, row.secret_hash)


async def test_of_twenty_parallel_redemptions_one_gets_the_session(ada: Account) -> None:
    ticket = await ticket_of(ada)
    outcomes = await asyncio.gather(
        *(sign_in.redeem_ticket(OWNER, ticket) for _ in range(20)), return_exceptions=True
    )
    winners = [outcome for outcome in outcomes if isinstance(outcome, HandedOver)]
    assert len(winners) == 1
    assert sum(isinstance(outcome, TicketDead) for outcome in outcomes) == 19
    assert [session.id for session in await rows(Session)] == [winners[0].session.id]


@pytest.mark.parametrize(
    ("asked", "goes_to"), [("/settings/personal/security", None), ("//evil.test", ""), ("", "")]
)
async def test_s68_a_ticket_leads_to_a_path_on_this_site_only(
    ada: Account, asked: str, goes_to: str | None
) -> None:
    ticket = await ticket_of(ada, next_path=asked)
    handed = await sign_in.redeem_ticket(OWNER, ticket)
    assert handed.next_path == (asked if goes_to is None else goes_to)


async def test_s36_a_renewal_gives_the_same_session_a_new_secret(ada: Account) -> None:
    actor, former = await open_session(ada)
    async with transaction() as db:
        ticket = await tickets.issue_for_renewal(db, actor, next_path="/x")
    handed = await sign_in.redeem_ticket(OWNER, ticket, former_secret=former.secret)
    assert handed.session.id == actor.session_id
    assert handed.session.secret != former.secret
    assert not await is_signed_in(former)
    assert (await actor_of(handed.session)).session_id == actor.session_id


async def test_a_session_that_ended_is_not_renewed(ada: Account) -> None:
    actor, _ = await open_session(ada)
    async with transaction() as db:
        ticket = await tickets.issue_for_renewal(db, actor, next_path="")
        await sessions.sign_out(db, actor)
    with pytest.raises((SessionGone, TicketDead)):
        await sign_in.redeem_ticket(OWNER, ticket)


async def test_revoked_tickets_are_useless_and_others_are_not(ada: Account) -> None:
    eve = await make_account("eve@example.org")
    mine, theirs = await ticket_of(ada), await ticket_of(eve)
    async with transaction() as db:
        await tickets.revoke_of_account(db, ada.id)
    with pytest.raises(TicketDead):
        await sign_in.redeem_ticket(OWNER, mine)
    await sign_in.redeem_ticket(OWNER, theirs)


async def test_old_tickets_are_forgotten(ada: Account, clock: Traveller) -> None:
    await ticket_of(ada)
    clock.shift(31)
    fresh = await ticket_of(ada)
    async with transaction() as db:
        await tickets.forget_old(db)
    assert [row.secret_hash for row in await rows(Ticket)] == [digest(fresh)]
