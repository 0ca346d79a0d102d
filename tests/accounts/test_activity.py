"""Login history and security log: own rows, newest first, page by page (S-82)."""

import pytest
from time_machine import Traveller

from security_app.accounts import activity
from security_app.accounts.activity import elsewhere, in_words
from security_app.accounts.activity_words import ACTIONS
from security_app.db.engine import Database, reading, transaction
from security_app.db.tables import Account, SecurityEvent, SignInAttempt
from tests.accounts.cast import OWNER, make_account, open_session, rows
from tests.accounts.test_sessions import ODD_IDS


async def try_to_sign_in(account: Account, times: int) -> None:
    async with transaction() as db:
        for _ in range(times):
            await activity.record_sign_in(
                db, account.id, OWNER, result="wrong_password", method="password"
            )


async def history(account: Account, cursor: str = "") -> activity.Page[activity.SignIn]:
    async with reading() as db:
        return await activity.sign_ins(db, account.id, limit=3, cursor=cursor)


async def log(account: Account, cursor: str = "") -> activity.Page[activity.Event]:
    async with reading() as db:
        return await activity.events(db, account.id, limit=3, cursor=cursor)


async def test_history_pages_hold_every_row_once_though_all_have_one_time(ada: Account) -> None:
    await try_to_sign_in(ada, 7)
    await try_to_sign_in(await make_account("eve@example.org"), 2)
    listed: list[str] = []
    sizes: list[int] = []
    cursor = ""
    while not sizes or cursor:
        page = await history(ada, cursor)
        sizes.append(len(page.items))
        listed += [row.id for row in page.items]
        cursor = page.next
    assert sizes == [3, 3, 1]
    stored = await rows(SignInAttempt, SignInAttempt.account_id == ada.id)
    assert sorted(listed) == sorted(row.id for row in stored)


async def test_log_pages_hold_every_row_once(ada: Account, clock: Traveller) -> None:
    for number in range(5):
        async with transaction() as db:
            activity.record_for(db, ada.id, OWNER, "sessions.ended", str(number))
        clock.shift(number % 2)
    first = await log(ada)
    second = await log(ada, first.next)
    assert (len(first.items), len(second.items), second.next) == (3, 2, "")
    times = [row.at for row in first.items + second.items]
    assert times == sorted(times, reverse=True)
    assert {row.detail for row in first.items + second.items} == {"0", "1", "2", "3", "4"}


@pytest.mark.parametrize("cursor", ODD_IDS)
async def test_s56_an_odd_cursor_gives_the_first_page(ada: Account, cursor: str) -> None:
    await try_to_sign_in(ada, 1)
    async with transaction() as db:
        activity.record_for(db, ada.id, OWNER, "email.confirmed")
    assert len((await history(ada, cursor)).items) == 1
    assert len((await log(ada, cursor)).items) == 1


async def test_s56_a_foreign_cursor_gives_the_first_page(ada: Account, clock: Traveller) -> None:
    eve = await make_account("eve@example.org")
    await try_to_sign_in(eve, 1)
    clock.shift(60)
    await try_to_sign_in(ada, 1)
    foreign = (await history(eve)).items[0].id
    assert len((await history(ada, foreign)).items) == 1


async def test_s82_a_row_says_who_when_where_and_from_which_session(ada: Account) -> None:
    actor, session = await open_session(ada)
    async with transaction() as db:
        activity.record(db, actor, "session.renamed", "detail")
    (row,) = await rows(SecurityEvent)
    assert (row.account_id, row.action, row.detail) == (ada.id, "session.renamed", "detail")
    assert (row.session_id, row.ip, row.user_agent) == (session.id, OWNER.ip, OWNER.user_agent)


async def test_an_action_without_words_is_not_written(ada: Account) -> None:
    with pytest.raises(ValueError, match="unknown action"):
        async with transaction() as db:
            activity.record_for(db, ada.id, OWNER, "something.else")
    assert await rows(SecurityEvent) == []


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_reads_as_a_sentence(action: str) -> None:
    sentence = in_words(action, "3")
    assert not sentence[0].islower()
    assert "{" not in sentence
    assert elsewhere(action) == "" or elsewhere(action)[0].isupper()


def test_a_detail_cannot_reach_into_the_sentence() -> None:
    assert "{0.__class__}" in in_words("sessions.ended", "{0.__class__}")


async def test_s47_a_try_at_nobody_is_written_and_belongs_to_nobody(database: Database) -> None:
    async with transaction() as db:
        await activity.record_sign_in(db, None, OWNER, result="wrong_password", method="password")
    (row,) = await rows(SignInAttempt)
    assert row.account_id is None
