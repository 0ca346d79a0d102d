"""Who is signed in: lifetimes, ending, naming, and that only digests rest (S-35 to S-40)."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import insert
from sqlmodel import col
from time_machine import Traveller

from security_app.accounts import password_reset, session_list, sessions, sign_in
from security_app.accounts.activity import events
from security_app.accounts.errors import SessionGone
from security_app.accounts.tokens import digest, new_token
from security_app.clock import now
from security_app.db.engine import Database, reading, transaction
from security_app.db.tables import Account, SecurityEvent, Session, new_id
from tests.accounts.cast import (
    EMAIL,
    OWNER,
    PASSWORD,
    STRANGER,
    actor_of,
    everything_stored,
    is_signed_in,
    live_sessions,
    make_account,
    open_session,
    outcome_of,
    rows,
    sign_in_client,
    visitor,
)
from tests.environment import SetEnvironment

#: Ids a client can send that belong to nobody.
ODD_IDS = ["", "unknown", "\x00", "é" * 30, "x" * 4096, "' OR 1=1 --", "%"]


async def the_session(session_id: str) -> Session:
    return (await rows(Session, Session.id == session_id))[0]


async def test_s35_the_secret_rests_nowhere(ada: Account, database: Database) -> None:
    signed_in = await sign_in.sign_in(OWNER, email=EMAIL, password=PASSWORD)
    session = (await sign_in.redeem_ticket(OWNER, signed_in.ticket)).session
    api = await sign_in_client(visitor(""))
    await password_reset.ask_for_reset(OWNER, email=EMAIL)
    stored = await everything_stored(database)
    assert session.id.encode() in stored
    for secret in (session.secret, api.secret, signed_in.ticket, PASSWORD, "cookie of laptop"):
        assert secret.encode() not in stored
    assert digest(session.secret).encode() in stored


async def test_s35_the_public_id_opens_nothing(ada: Account) -> None:
    actor, session = await open_session(ada)
    row = await the_session(session.id)
    for value in (actor.session_id, row.secret_hash, "", "\x00"):
        assert await sessions.find_actor(digest(value), OWNER) is None


def test_s35_a_secret_has_256_bits() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert {len(token) for token in tokens} == {43}


async def test_s38_a_session_ends_when_nothing_happens(ada: Account, clock: Traveller) -> None:
    actor, session = await open_session(ada)
    assert actor.idle_at - now() == sessions.lifetime_left(actor)
    clock.shift(12 * 3600 - 1)
    assert await is_signed_in(session)
    clock.shift(61)
    assert not await is_signed_in(session)
    await sessions.touch(actor)
    assert not await is_signed_in(session)


async def test_s38_activity_prolongs_a_session_up_to_its_absolute_end(
    ada: Account, clock: Traveller
) -> None:
    actor, session = await open_session(ada)
    for _ in range(14 * 3 - 1):
        clock.shift(8 * 3600)
        await sessions.touch(actor)
        assert await is_signed_in(session)
    clock.shift(8 * 3600 - 1)
    assert await is_signed_in(session)
    clock.shift(2)
    assert not await is_signed_in(session)


async def test_s38_both_limits_come_from_the_environment(
    ada: Account, clock: Traveller, environment: SetEnvironment
) -> None:
    environment(SESSION_IDLE_MINUTES="60", SESSION_MAX_HOURS="24")
    actor, session = await open_session(ada)
    for _ in range(23):
        clock.shift(3599)
        await sessions.touch(actor)
        assert await is_signed_in(session)
    clock.shift(3601)
    assert not await is_signed_in(session)


async def test_activity_is_written_at_most_once_a_minute(ada: Account, clock: Traveller) -> None:
    _, session = await open_session(ada)
    for seconds, is_written in ((59, False), (2, True), (59, False), (1, True)):
        before = (await the_session(session.id)).last_active_at
        clock.shift(seconds)
        actor = await sessions.find_actor(digest(session.secret), STRANGER)
        assert actor is not None
        await sessions.touch(actor)
        row = await the_session(session.id)
        assert (row.last_active_at != before) is is_written
    assert row.ip == STRANGER.ip


async def test_looking_is_no_activity(ada: Account, clock: Traveller) -> None:
    actor, session = await open_session(ada)
    opened_at = now()
    clock.shift(3600)
    await is_signed_in(session)
    async with reading() as db:
        await session_list.list_sessions(db, actor, limit=10)
        await session_list.current_session(db, actor)
    assert (await the_session(session.id)).last_active_at == opened_at


async def test_s39_signing_out_ends_the_own_session_only(ada: Account) -> None:
    actor, session = await open_session(ada)
    _, other = await open_session(ada, "phone")
    async with transaction() as db:
        await sessions.sign_out(db, actor)
    assert not await is_signed_in(session)
    assert await is_signed_in(other)
    async with transaction() as db:
        await sessions.sign_out(db, actor)
    assert [row.action for row in await rows(SecurityEvent)] == ["session.signed_out"]


async def test_one_session_can_be_ended_from_another(ada: Account) -> None:
    actor, session = await open_session(ada)
    other, ended = await open_session(ada, "phone")
    async with transaction() as db:
        await sessions.end_session(db, actor, other.session_id)
    assert not await is_signed_in(ended)
    assert await is_signed_in(session)
    async with reading() as db:
        (event,) = (await events(db, ada.id, limit=5)).items
    assert (event.action, event.detail) == ("session.ended", other.session_id)


async def end(actor: sessions.Actor, session_id: str) -> BaseException | None:
    async with transaction() as db:
        await sessions.end_session(db, actor, session_id)


async def test_s56_a_foreign_an_ended_and_an_unknown_session_look_alike(ada: Account) -> None:
    actor, _ = await open_session(ada)
    theirs, their_session = await open_session(await make_account("eve@example.org"))
    ended, _ = await open_session(ada, "phone")
    await end(actor, ended.session_id)
    refusals = [
        await outcome_of(end(actor, session_id))
        for session_id in (theirs.session_id, ended.session_id, "unknown")
    ]
    assert {type(refusal) for refusal in refusals} == {SessionGone}
    assert len({(r.code, r.status, r.sentence, str(r)) for r in refusals}) == 1
    assert await is_signed_in(their_session)


@pytest.mark.parametrize("session_id", ODD_IDS)
async def test_s56_odd_ids_are_unknown(ada: Account, session_id: str) -> None:
    actor, session = await open_session(ada)
    with pytest.raises(SessionGone):
        await end(actor, session_id)
    with pytest.raises(SessionGone):
        async with transaction() as db:
            await session_list.rename_session(db, actor, session_id, "name")
    assert await is_signed_in(session)


async def test_signing_out_all_others_leaves_exactly_one(ada: Account) -> None:
    actor, session = await open_session(ada)
    for number in range(3):
        await open_session(ada, f"phone {number}")
    await open_session(ada, "", kind="api")
    _, theirs = await open_session(await make_account("eve@example.org"))
    async with transaction() as db:
        assert await sessions.sign_out_others(db, actor) == 4
    assert await live_sessions(ada) == {session.id}
    assert await is_signed_in(theirs)
    async with transaction() as db:
        assert await sessions.sign_out_others(db, actor) == 0
    events_written = [(row.action, row.detail) for row in await rows(SecurityEvent)]
    assert events_written == [("sessions.ended", "4")]


async def test_sessions_that_ran_out_are_not_counted(ada: Account, clock: Traveller) -> None:
    await open_session(ada, "forgotten")
    clock.shift(12 * 3600 + 1)
    actor, _ = await open_session(ada)
    async with reading() as db:
        assert await session_list.count_sessions(db, ada.id) == 1
    async with transaction() as db:
        assert await sessions.sign_out_others(db, actor) == 0


async def fill(account: Account, number: int) -> None:
    at = now()
    row = {"account_id": account.id, "kind": "browser", "opened_by": "password"}
    row |= {"two_factor_verified": False, "name": "", "browser_hash": "", "ip": "", "place": ""}
    row |= {"user_agent": "", "ended_by": "", "notice": "", "opened_at": at, "last_active_at": at}
    row |= {"expires_at": at + sessions.get_settings().session_max}
    values = [row | {"id": new_id(), "secret_hash": digest(new_token())} for _ in range(number)]
    async with transaction() as db:
        await db.exec(insert(Session).values(values))


async def test_s40_the_501st_session_ends_the_one_idle_for_longest(
    ada: Account, clock: Traveller
) -> None:
    _, forgotten = await open_session(ada, "forgotten")
    _, theirs = await open_session(await make_account("eve@example.org"))
    clock.shift(60)
    await fill(ada, 498)
    clock.shift(60)
    await open_session(ada, "number 500")
    assert await is_signed_in(forgotten)
    _, newest = await open_session(ada, "number 501")
    assert not await is_signed_in(forgotten)
    assert (await the_session(forgotten.id)).ended_by == "limit"
    assert len(await live_sessions(ada)) == 500
    assert await is_signed_in(newest)
    assert await is_signed_in(theirs)


async def test_s40_with_equal_times_exactly_500_stay(ada: Account) -> None:
    await fill(ada, 505)
    await open_session(ada)
    assert len(await live_sessions(ada)) == 500


async def test_s36_a_renewed_secret_replaces_the_former(ada: Account) -> None:
    actor, former = await open_session(ada)
    async with transaction() as db:
        renewed = await sessions.renew_secret(db, ada.id, actor.session_id)
    assert not await is_signed_in(former)
    assert await is_signed_in(renewed)
    assert (renewed.id, renewed.expires_at) == (former.id, former.expires_at)


async def test_s36_only_a_live_session_of_the_account_is_renewed(ada: Account) -> None:
    actor, session = await open_session(ada)
    eve = await make_account("eve@example.org")
    for account_id, session_id in ((eve.id, session.id), (ada.id, "unknown")):
        with pytest.raises(SessionGone):
            async with transaction() as db:
                await sessions.renew_secret(db, account_id, session_id)
    async with transaction() as db:
        await sessions.sign_out(db, actor)
    with pytest.raises(SessionGone):
        async with transaction() as db:
            await sessions.renew_secret(db, ada.id, session.id)


async def test_a_notice_is_taken_once(ada: Account) -> None:
    actor, session = await open_session(ada)
    assert await sessions.take_notice(actor) == ""
    async with transaction() as db:
        await sessions.leave_notice(db, session.id, "password_changed:2")
    taken = await asyncio.gather(*(sessions.take_notice(actor) for _ in range(5)))
    assert sorted(taken) == ["", "", "", "", "password_changed:2"]
    assert await rows(Session, col(Session.notice) != "") == []


@pytest.mark.parametrize("first", ["password", "google", "sso"])
async def test_a_recovery_code_after_any_way_in_tells_of_a_lost_phone(
    ada: Account, first: str
) -> None:
    async with transaction() as db:
        session = await sessions.open_session(
            db, ada.id, OWNER, kind="browser", opened_by=f"{first}+recovery_code"
        )
    actor = await actor_of(session)
    assert await sessions.lost_its_phone(actor, now() - timedelta(days=1))
    assert not await sessions.lost_its_phone(actor, now() + timedelta(days=1))
