"""The list of sessions, page by page (S-40)."""

import pytest
from time_machine import Traveller

from security_app.accounts import session_list, sessions
from security_app.accounts.actor import Actor
from security_app.accounts.session_list import OpenSession
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account
from tests.accounts.cast import make_account, open_session
from tests.accounts.test_sessions import ODD_IDS


async def page_of(actor: Actor, cursor: str = "", limit: int = 3) -> tuple[list[OpenSession], str]:
    async with reading() as db:
        page = await session_list.list_sessions(db, actor, limit=limit, cursor=cursor)
    return list(page.items), page.next


async def all_pages(actor: Actor, limit: int = 3) -> list[list[OpenSession]]:
    pages: list[list[OpenSession]] = []
    cursor = ""
    while not pages or cursor:
        items, cursor = await page_of(actor, cursor, limit)
        pages.append(items)
    return pages


async def test_pages_hold_every_session_once_though_all_were_active_at_one_instant(
    ada: Account,
) -> None:
    opened = [await open_session(ada, f"browser {number}") for number in range(7)]
    pages = await all_pages(opened[0][0])
    assert [len(page) for page in pages] == [3, 3, 1]
    listed = [session.id for page in pages for session in page]
    assert len(listed) == len(set(listed))
    assert set(listed) == {session.id for _, session in opened}


async def test_a_full_last_page_has_no_next(ada: Account) -> None:
    opened = [await open_session(ada, f"browser {number}") for number in range(3)]
    assert (await page_of(opened[0][0]))[1] == ""


async def test_newest_activity_comes_first(ada: Account, clock: Traveller) -> None:
    opened: list[str] = []
    for number in range(4):
        actor, session = await open_session(ada, f"browser {number}")
        opened.append(session.id)
        clock.shift(60)
    pages = await all_pages(actor, limit=2)
    assert [row.id for page in pages for row in page] == opened[::-1]


async def test_s40_own_and_live_sessions_only(ada: Account, clock: Traveller) -> None:
    await open_session(ada, "ran out")
    clock.shift(12 * 3600 + 1)
    actor, session = await open_session(ada)
    ended, _ = await open_session(ada, "signed out")
    async with transaction() as db:
        await sessions.sign_out(db, ended)
    await open_session(await make_account("eve@example.org"))
    assert [[row.id for row in page] for page in await all_pages(actor)] == [[session.id]]


async def test_exactly_one_session_is_the_current_one(ada: Account) -> None:
    await open_session(ada, "phone")
    actor, session = await open_session(ada)
    await open_session(ada, "", kind="api")
    rows = [row for page in await all_pages(actor) for row in page]
    assert [row.id for row in rows if row.is_current] == [session.id]
    async with reading() as db:
        current = await session_list.current_session(db, actor)
    assert current is not None
    assert current.is_current
    assert current.id == session.id


async def test_s40_a_row_says_device_place_and_how_it_was_opened(ada: Account) -> None:
    actor, session = await open_session(ada)
    async with transaction() as db:
        await session_list.rename_session(db, actor, session.id, "Office")
    ((row,), _) = await page_of(actor)
    assert (row.device, row.device_kind, row.name) == ("Chrome on Windows", "desktop", "Office")
    assert (row.kind, row.opened_by, row.two_factor_verified) == ("browser", "password", False)
    assert row.ip == actor.visitor.ip
    assert row.opened_at == row.last_active_at


async def test_an_api_session_is_shown_as_one(ada: Account) -> None:
    actor, _ = await open_session(ada, "", kind="api")
    ((row,), _) = await page_of(actor)
    assert (row.kind, row.device_kind, row.opened_by) == ("api", "api", "api")


async def test_paging_goes_on_though_the_last_row_seen_has_ended(
    ada: Account, clock: Traveller
) -> None:
    opened: list[tuple[Actor, str]] = []
    for number in range(5):
        actor, session = await open_session(ada, f"browser {number}")
        opened.append((actor, session.id))
        clock.shift(60)
    items, cursor = await page_of(actor, limit=2)
    assert cursor == items[-1].id == opened[3][1]
    async with transaction() as db:
        await sessions.end_session(db, actor, cursor)
    items, _ = await page_of(actor, cursor, limit=2)
    assert [row.id for row in items] == [opened[2][1], opened[1][1]]


@pytest.mark.parametrize("cursor", ODD_IDS)
async def test_s56_an_odd_cursor_gives_the_first_page(ada: Account, cursor: str) -> None:
    actor, session = await open_session(ada)
    assert [row.id for row in (await page_of(actor, cursor))[0]] == [session.id]


async def test_s56_a_foreign_cursor_gives_the_first_page(ada: Account, clock: Traveller) -> None:
    theirs, _ = await open_session(await make_account("eve@example.org"))
    clock.shift(60)
    actor, session = await open_session(ada)
    assert [row.id for row in (await page_of(actor, theirs.session_id))[0]] == [session.id]
