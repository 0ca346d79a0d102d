"""Who may call a handler: marks on state classes, read by the guard."""

from collections.abc import AsyncGenerator
from typing import Any

import reflex as rx
from reflex_base.event import EventCallback, EventHandler, EventSpec

#: What a handler gives that answers in steps: nothing, or what happens next.
Events = AsyncGenerator[EventSpec | EventHandler | EventCallback[()] | None, None]
#: What a handler returns that may lead somewhere.
NextEvent = EventSpec | EventCallback[()] | list[EventSpec] | None
#: A submitted form as it comes in; parse it with a strict model.
RawForm = dict[str, Any]


class SignedIn(rx.State, mixin=True):
    """Handlers of this state need a live session."""


class Public(rx.State, mixin=True):
    """Handlers of this state may be called by anybody."""
