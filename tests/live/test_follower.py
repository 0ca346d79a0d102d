"""What an open page does by itself: it leaves, it waits, it reads again what has changed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Self

import pytest
from reflex.state import BaseState, State
from sqlmodel import col, update

from security_app import security_app as product
from security_app.accounts import sessions
from security_app.accounts.actor import Actor
from security_app.cards.sessions.state import SessionsState
from security_app.clock import now
from security_app.db.engine import Database, transaction
from security_app.db.errors import DatabaseUnavailable
from security_app.db.tables import Account, Session
from security_app.live.hub import Change, hub
from security_app.pages import security
from security_app.web import context, live_page
from security_app.web.card import load_cards
from security_app.web.context import Caller
from security_app.web.door import DoorState
from security_app.web.notices import NoticesState
from tests.accounts.cast import OWNER, make_account, open_session

WITHIN_S = 10


class OpenTab:
    """The states of one tab, without a socket; one at a time may lock it."""

    def __init__(self) -> None:
        self.root = State(_reflex_internal_init=True)  # pyright: ignore[reportCallIssue]
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self._lock.acquire()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()

    async def get_state(self, state: type[BaseState]) -> Any:  # noqa: ANN401 - as Reflex has it
        return await self.root.get_state(state)

    def _get_root_state(self) -> BaseState:
        return self.root


class Follower:
    """The background event of one tab, and the cards it asks to load."""

    def __init__(self, tab: OpenTab) -> None:
        self.tab = tab
        self.loaded: list[str] = []
        self._arrived = asyncio.Event()
        self.task = asyncio.create_task(self._run())

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not condition():
                self._arrived.clear()
                await self._arrived.wait()

    async def left_to(self) -> str:
        async with asyncio.timeout(WITHIN_S):
            await self.task
        return (await self.tab.get_state(DoorState)).leave_to

    async def _run(self) -> None:
        async for handler in live_page._changes(self.tab):  # pyright: ignore[reportArgumentType]
            state = State.get_class_substate(handler.state_full_name)  # pyright: ignore[reportOptionalMemberAccess, reportAttributeAccessIssue]
            self.loaded.append(state.__name__)
            self._arrived.set()


@pytest.fixture
async def ada(database: Database) -> Account:
    assert product.app is not None
    return await make_account()


@pytest.fixture
async def actor(ada: Account) -> Actor:
    actor, session = await open_session(ada)
    caller = Caller(OWNER, sessions.digest(session.secret), security.ROUTE)
    # As the guard does, for the tasks of this test.
    context.enter(caller, actor)
    return actor


@pytest.fixture
def tab() -> OpenTab:
    return OpenTab()


@pytest.fixture
async def followers() -> AsyncIterator[list[Follower]]:
    opened: list[Follower] = []
    yield opened
    for follower in opened:
        follower.task.cancel()
    await asyncio.gather(*(follower.task for follower in opened), return_exceptions=True)


async def listening(account_id: str) -> None:
    """Until a page listens and waits."""
    async with asyncio.timeout(WITHIN_S):
        while not hub._subscriptions.get(account_id):
            await asyncio.sleep(0)
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_session_that_ended_since_the_guard_looked_is_left_at_once(
    actor: Actor, tab: OpenTab, followers: list[Follower]
) -> None:
    async with transaction() as db:
        await db.exec(
            update(Session).where(col(Session.id) == actor.session_id).values(ended_at=now())
        )
    followers.append(Follower(tab))
    assert await followers[0].left_to() == f"/sign-in?next={security.ROUTE}"


async def test_a_page_goes_on_following_once_the_database_answers_again(
    actor: Actor, tab: OpenTab, followers: list[Follower], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_page, "_PAUSES_S", (0.0, 0.0))
    find, failures = sessions.find_actor, iter(range(3))

    async def find_late(*arguments: Any) -> Actor | None:
        if next(failures, None) is not None:
            raise DatabaseUnavailable("gone")
        return await find(*arguments)

    monkeypatch.setattr(sessions, "find_actor", find_late)
    follower = Follower(tab)
    followers.append(follower)
    await listening(actor.account_id)
    hub.publish(Change(actor.account_id, "sessions"))
    await follower.until(lambda: "SessionsState" in follower.loaded)
    async with transaction() as db:
        await sessions.sign_out(db, actor)
    assert await follower.left_to() == f"/sign-in?next={security.ROUTE}"


async def test_what_the_own_handler_read_already_is_not_read_twice(
    actor: Actor, tab: OpenTab, followers: list[Follower]
) -> None:
    await load_cards(tab.root, security.CARDS)
    follower = Follower(tab)
    followers.append(follower)
    await listening(actor.account_id)
    async with tab:
        # As a button of the Sessions card does: change, then read its own card.
        hub.publish(Change(actor.account_id, "sessions", by=actor.session_id))
        hub.publish(Change(actor.account_id, "password", by=actor.session_id))
        await (await tab.get_state(SessionsState))._load()
    await follower.until(lambda: len(follower.loaded) == 4)
    assert sorted(follower.loaded) == [
        "CheckUpState", "ConnectedAccountsState", "PasswordState", "PinState",
    ]  # fmt: skip
    hub.publish(Change(actor.account_id, "sessions", by="another"))
    await follower.until(lambda: len(follower.loaded) == 5)
    assert follower.loaded[-1] == "SessionsState"


async def test_what_changed_between_loading_and_following_is_read(
    actor: Actor, tab: OpenTab, followers: list[Follower]
) -> None:
    hub.publish(Change(actor.account_id, "password", action="password.changed", by="another"))
    await load_cards(tab.root, security.CARDS)
    hub.publish(Change(actor.account_id, "sessions", by="another"))
    follower = Follower(tab)
    followers.append(follower)
    await follower.until(lambda: follower.loaded)
    # This page shows nothing of the security log.
    hub.publish(Change(actor.account_id, "activity", by="another"))
    hub.publish(Change(actor.account_id, "sign_ins", by="another"))
    await follower.until(lambda: len(follower.loaded) == 2)
    assert follower.loaded == ["SessionsState", "SignInsState"]
    assert (await tab.get_state(NoticesState)).notices == []
