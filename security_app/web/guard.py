"""The guard: first in line for every event, denies by default (S-54).

For every event it reads the session row behind the cookie of the socket,
refuses what the handler's state does not allow, and empties a tab whose state
belongs to another session before anything of it is sent.
"""

from enum import Enum

import reflex as rx
import structlog
from reflex.app import App
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, OnLoadInternalState, State, StateUpdate
from reflex_base.event import Event
from reflex_base.event.context import EventContext
from reflex_base.registry import RegisteredEventHandler, RegistrationContext
from reflex_base.utils.format import format_event_handler

from security_app.accounts import sessions
from security_app.accounts.actor import Actor
from security_app.web import context
from security_app.web.access import Public, SignedIn
from security_app.web.context import Caller
from security_app.web.door import DoorState, empty, empty_and_leave
from security_app.web.faults import log_fault
from security_app.web.notices import NoticesState
from security_app.web.payload import is_fresh_page, is_well_formed, is_well_formed_hydration

log = structlog.get_logger(__name__)


class Access(Enum):
    """Who may call a handler."""

    SIGNED_IN = "signed in"
    PUBLIC = "anybody"
    FRAMEWORK = "framework"
    NOBODY = "nobody"


def _names(state: type[BaseState], *handlers: str) -> frozenset[str]:
    return frozenset(format_event_handler(state.event_handlers[name]) for name in handlers)


_HYDRATIONS = _names(State, "hydrate", "hydrate_and_load")
#: The framework's own events a page cannot live without; they decide nothing.
FRAMEWORK_HANDLERS = (
    _HYDRATIONS
    | _names(State, "set_is_hydrated")
    | _names(OnLoadInternalState, "on_load_internal", "set_is_hydrated")
)


def access_of(name: str, registered: RegisteredEventHandler | None) -> Access:
    """Who may call a handler, by the mark of the state it belongs to.

    Args:
        name: the event's full name on the wire.
        registered: its entry in the live registry, None when there is none.
    """
    if registered is None:
        return Access.NOBODY
    if name in FRAMEWORK_HANDLERS:
        return Access.FRAMEWORK
    # Reflex adds `setvar` to every state: it calls any method named set_<x>.
    if name.endswith(".setvar"):
        return Access.NOBODY
    state = registered.states[0]
    if issubclass(state, SignedIn):
        return Access.SIGNED_IN
    if issubclass(state, Public):
        return Access.PUBLIC
    return Access.NOBODY


class Guard(Middleware):
    """The Reflex middleware; add it at index 0."""

    async def preprocess(
        self,
        app: App,
        state: BaseState,
        event: Event,
    ) -> StateUpdate | None:
        """Let an event pass (None), or answer in its place."""
        registered = RegistrationContext.get().event_handlers.get(event.name)
        access = access_of(event.name, registered)
        event_context = EventContext.get()
        caller = context.caller_of_event(event_context.router_data)
        try:
            actor = await self._actor(caller)
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody is let in
            return await _unanswerable(state, error)
        context.enter(caller, actor)
        if event.name in _HYDRATIONS and is_fresh_page(event.payload):
            # A page freshly loaded, not one that reconnects: nothing of the former is left.
            await empty(state)
        was_emptied = await _bind(state, actor, is_new_page=event.name in _HYDRATIONS)
        if access is Access.NOBODY or registered is None:
            log.warning("event_refused", reason="not listed", handler=_loggable(event.name))
            return StateUpdate()
        if access is Access.SIGNED_IN and actor is None:
            await empty_and_leave(state, caller.path)
            return await _answer(state)
        is_fitting = is_well_formed_hydration if access is Access.FRAMEWORK else is_well_formed
        if not is_fitting(registered.handler, event.payload):
            log.warning("event_refused", reason="arguments", handler=event.name)
            return await _answer(state) if was_emptied else StateUpdate()
        if actor is not None and _is_activity(event, event_context):
            await sessions.touch(actor)
        return None

    async def _actor(self, caller: Caller) -> Actor | None:
        if not caller.session_hash:
            return None
        actor = await sessions.find_actor(caller.session_hash, caller.visitor)
        # A bearer token is no cookie: API sessions have no place on the socket.
        return actor if actor is not None and actor.kind == "browser" else None


async def _bind(state: BaseState, actor: Actor | None, *, is_new_page: bool) -> bool:
    """Empty a tab that belongs to another session; returns whether it was emptied."""
    door = await state.get_state(DoorState)
    if is_new_page:
        # It has left, or taken its ticket: a page that hydrates must not do so again.
        door.leave_to = door.ticket = ""
    session_id = actor.session_id if actor else ""
    if door._session_id == session_id:  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        return False
    await empty(state)
    door._session_id = session_id  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return True


async def _answer(state: BaseState) -> StateUpdate:
    """What changed in the tab, as the answer to an event that was not let through."""
    root = state._get_root_state()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    delta = await root._get_resolved_delta()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    root._clean()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return StateUpdate(delta=delta)


async def _unanswerable(state: BaseState, error: Exception) -> StateUpdate:
    """Say that it cannot be told who is calling.

    Here and not by an event: that would come through the guard again, and again.
    """
    notices = await state.get_state(NoticesState)
    notices._report(log_fault(error, where="guard"))  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    delta = await notices._get_resolved_delta()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    notices._clean()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return StateUpdate(delta=delta)


def _is_activity(event: Event, event_context: EventContext) -> bool:
    """Whether a person did this: clicks and page loads, not refreshes and reconnects (S-38)."""
    if event_context.parent_txid is not None:
        return False
    if event.name in FRAMEWORK_HANDLERS:
        return is_fresh_page(event.payload) or event.name.endswith(".on_load_internal")
    return True


def _loggable(name: object) -> str:
    """An event name from outside, safe to log: cut, printable characters only."""
    text = str(name)[:120]
    return "".join(char if char.isalnum() or char in "._" else "?" for char in text)


def guarded(app: rx.App) -> None:
    """Put the guard first in line."""
    app.add_middleware(Guard(), index=0)
