"""One background event per open page: hears of changes, reloads what changed, leaves at the end."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar, cast

import reflex as rx
import structlog
from reflex.state import State
from reflex_base.event import EventCallback, EventHandler

from security_app.accounts import activity, sessions
from security_app.accounts.actor import Actor
from security_app.db.errors import DatabaseUnavailable
from security_app.live.hub import Change, Subscription, hub
from security_app.web import context
from security_app.web.access import Events, SignedIn
from security_app.web.card import Card
from security_app.web.door import empty, empty_and_leave
from security_app.web.notices import notify

log = structlog.get_logger(__name__)
Found = TypeVar("Found")

#: A ticket is posted at once; a tab that waits longer than this leaves anyway.
_COOKIE_WAIT_S = 5
#: Pauses while the database does not answer: twice as long each time, up to the last.
_PAUSES_S = (0.5, 8.0)

#: route → topic → handlers that load again what shows this topic.
_loaders: defaultdict[str, defaultdict[str, list[EventHandler]]] = defaultdict(
    lambda: defaultdict(list)
)


def load_again(route: str, topics: Mapping[str, Sequence[EventCallback[()]]]) -> None:
    """Say which handlers a page runs when a topic changes.

    Args:
        route: the page's path.
        topics: "account", "password", "sessions", "activity" to ``load`` handlers.
    """
    for topic, handlers in topics.items():
        # To the checker a decorated handler stays a callback; the framework replaces it.
        _loaders[route][topic].extend(cast("Sequence[EventHandler]", handlers))


class LivePage(SignedIn, rx.State):
    """Last in the ``on_load`` of every signed-in page; has no vars."""

    @rx.event(background=True)
    async def follow(self) -> Events:
        """Follow the account until the page is left or its session ends.

        Policy: signed in. Runs as long as the page is open; the framework
        cancels it when the tab disconnects or navigates.
        """
        async for handler in _changes(self):
            yield handler


async def _changes(page: LivePage) -> Events:
    """What the page runs, until its session ends."""
    actor: Actor = context.current_actor()
    caller = context.current_caller()
    with hub.subscribe(actor.account_id) as subscription:
        # What happened since the cards were read: one that has it already is not read again.
        missed, changes = hub.recent(actor.account_id), list[Change]()
        while True:
            # Before the first wait too: the session may have ended since the guard looked.
            found = await _patiently(
                lambda: sessions.find_actor(caller.session_hash, caller.visitor)
            )
            if found is None:
                await _leave(page, actor.session_id, caller.path, subscription)
                return
            actor = found
            if missed or changes:
                async with page:
                    await _tell(page, changes, actor)
                    handlers = await _handlers(page, caller.path, [*missed, *changes])
                missed = []
                for handler in handlers:
                    yield handler
            left_s = sessions.lifetime_left(actor).total_seconds()
            changes = await subscription.next(max(0.0, left_s) + 0.1)


async def _leave(page: LivePage, session_id: str, path: str, subscription: Subscription) -> None:
    """Empty the page whose cookie is worth nothing any more, and send it away."""
    if await _patiently(lambda: sessions.is_alive(session_id)):
        async with page:
            await empty(page)
        await _wait_for_cookie(subscription)
    async with page:
        await empty_and_leave(page, path)


async def _patiently(look: Callable[[], Awaitable[Found]]) -> Found:
    """Look into the database, again and again while it does not answer.

    A page that stopped following would show a revoked session for ever. Nothing
    new is shown meanwhile: every event asks the guard, which asks the database.
    """
    pause_s, longest_s = _PAUSES_S
    while True:
        try:
            return await look()
        except DatabaseUnavailable as trouble:
            log.warning("follower_waits", reason=str(trouble), pause_s=pause_s)
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, longest_s)


async def _wait_for_cookie(subscription: Subscription) -> None:
    """Let another tab of this browser take the new cookie first, if it does so soon."""
    for _ in range(_COOKIE_WAIT_S):
        changes = await subscription.next(1.0)
        if any(change.topic == "renewed" for change in changes):
            return


async def _handlers(page: LivePage, route: str, changes: list[Change]) -> list[EventHandler]:
    """What loads the page's cards again, without those that have the changes in them already.

    Who presses a button sees its card loaded by the handler itself.
    """
    topics: Mapping[str, list[EventHandler]] = _loaders.get(route, {})
    newest = {change.topic: change.number for change in changes}
    handlers: list[EventHandler] = []
    for topic, of_topic in topics.items():
        number = max(newest.get(topic, 0), newest.get("all", 0))
        if not number:
            continue
        for handler in of_topic:
            if handler not in handlers and not await _has_seen(page, handler, number):
                handlers.append(handler)
    return handlers


async def _has_seen(page: LivePage, handler: EventHandler, number: int) -> bool:
    state = State.get_class_substate(handler.state_full_name)
    if not issubclass(state, Card):
        return False
    card = await page.get_state(state)
    return card._seen >= number  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


async def _tell(page: LivePage, changes: list[Change], actor: Actor) -> None:
    """Say what was changed elsewhere, and from where."""
    for change in changes:
        text = activity.elsewhere(change.action)
        if text and change.by != actor.session_id:
            where = f" on {change.device}" if change.device else ""
            await notify(page, "info", f"{text}{where}.")
