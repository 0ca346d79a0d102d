"""Secrets on screen go with their tab: emptied when its socket is gone and does not come back.

A page that is closed says nothing, and one that lost its network for a moment looks the
same. So a tab gets some time to come back; then the server empties what it showed, in
memory or in Redis, wherever its state rests. One task of the process sees to all of them.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, cast

import reflex as rx
import structlog
from reflex.state import State

from security_app.limits import TAB_GRACE
from security_app.web.faults import log_fault
from security_app.web.notices import notify

log = structlog.get_logger(__name__)

#: How much later than its time a tab may be emptied.
_LOOK_EVERY_S = 1
_WORDS = "This page was offline for a while: the secrets it showed were taken off the screen."


class ShowsSecrets(rx.State, mixin=True):
    """A state that shows something secret while its dialog is open."""

    def _shows_secret(self) -> bool:
        """Whether it does so now."""
        raise NotImplementedError

    def _clear(self) -> None:
        """Close the dialog and forget all it showed."""
        raise NotImplementedError


class VanishedTabs:
    """The tabs of this process whose socket is gone."""

    def __init__(self) -> None:
        """Begin with none."""
        self._app: rx.App | None = None
        #: Client token → when its socket went, in seconds of the monotonic clock; oldest first.
        self._gone: dict[str, float] = {}

    def watch(self, app: rx.App) -> None:
        """Hear of every socket of an app that ends."""
        namespace = app.event_namespace
        assert namespace is not None  # noqa: S101 - an app with states has one
        disconnect = cast("Callable[[str], Any]", namespace.on_disconnect)  # pyright: ignore[reportUnknownMemberType]

        def on_disconnect(sid: str) -> Any:  # noqa: ANN401 - whatever the framework gives
            # Before the framework forgets whose socket it was.
            if token := namespace.sid_to_token.get(sid):
                self._note(token)
            return disconnect(sid)

        namespace.on_disconnect = on_disconnect
        self._app = app

    async def run(self) -> None:
        """Empty tabs that did not come back in time, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            for token in self._due():
                try:
                    await self._forget(token)
                except Exception as error:  # noqa: BLE001 - the other tabs are emptied all the same
                    log_fault(error, where="vanished tab")
                    self._note(token)

    def _note(self, token: str) -> None:
        self._gone.pop(token, None)
        self._gone[token] = time.monotonic()

    def _due(self) -> list[str]:
        """Take out those whose time is over."""
        latest = time.monotonic() - TAB_GRACE.total_seconds()
        due = [token for token, since in self._gone.items() if since <= latest]
        for token in due:
            del self._gone[token]
        return due

    async def _forget(self, token: str) -> None:
        app = self._app
        if app is None or app.event_namespace is None:
            return
        manager = app.event_namespace._token_manager  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        key = rx.BaseStateToken(ident=token, cls=State)
        shown = False
        with app.set_contexts():  # pyright: ignore[reportUnknownMemberType]
            async with app.state_manager.modify_state(key) as root:
                # Under the tab's lock: whoever comes back now waits, and is shown what is left.
                if await manager.is_token_connected(token):
                    return
                for each in State.get_substates():
                    if not issubclass(each, ShowsSecrets):
                        continue
                    state = await root.get_state(each)
                    if state._shows_secret():  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
                        state._clear()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
                        await notify(state, "info", _WORDS)
                        shown = True
        if shown:
            log.info("vanished_tab_emptied")


vanished_tabs = VanishedTabs()
