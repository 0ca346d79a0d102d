"""One background event per open page: hears of changes, reloads what changed, leaves at the end."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import cast

import reflex as rx
from reflex_base.event import EventCallback, EventHandler

from security_app.accounts import activity, sessions
from security_app.accounts.actor import Actor
from security_app.live.hub import Change, Subscription, hub
from security_app.web import context
from security_app.web.access import Events, SignedIn
from security_app.web.door import empty, empty_and_leave
from security_app.web.notices import notify

#: A ticket is posted at once; a tab that waits longer than this leaves anyway.
_COOKIE_WAIT_S = 5

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
    actor: Actor | None = context.current_actor()
    caller = context.current_caller()
    with hub.subscribe(actor.account_id) as subscription:
        while True:
            left_s = sessions.lifetime_left(actor).total_seconds()
            changes = await subscription.next(max(0.0, left_s) + 0.1)
            found = await sessions.find_actor(caller.session_hash, caller.visitor)
            if found is None:
                if await sessions.is_alive(actor.session_id):
                    async with page:
                        await empty(page)
                    await _wait_for_cookie(subscription)
                async with page:
                    await empty_and_leave(page, caller.path)
                return
            actor = found
            async with page:
                await _tell(page, changes, actor)
            for handler in _handlers(caller.path, changes):
                yield handler


async def _wait_for_cookie(subscription: Subscription) -> None:
    """Let another tab of this browser take the new cookie first, if it does so soon."""
    for _ in range(_COOKIE_WAIT_S):
        changes = await subscription.next(1.0)
        if any(change.topic == "renewed" for change in changes):
            return


def _handlers(route: str, changes: list[Change]) -> list[EventHandler]:
    topics: Mapping[str, list[EventHandler]] = _loaders.get(route, {})
    wanted = {change.topic for change in changes}
    handlers: list[EventHandler] = []
    for topic, of_topic in topics.items():
        if topic in wanted or "all" in wanted:
            handlers.extend(handler for handler in of_topic if handler not in handlers)
    return handlers


async def _tell(page: LivePage, changes: list[Change], actor: Actor) -> None:
    """Say what was changed elsewhere, and from where."""
    for change in changes:
        text = activity.elsewhere(change.action)
        if text and change.by != actor.session_id:
            where = f" on {change.device}" if change.device else ""
            await notify(page, "info", f"{text}{where}.")
