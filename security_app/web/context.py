"""Who is behind the event being handled: set by the guard, gone when the event ends.

Never a state var: a var would outlive a revoked session, and could be read or
written by the client.
"""

from contextvars import ContextVar
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any

from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.errors import SignInRequired
from security_app.settings import get_settings

#: User agents are cut to this before anything looks at them.
_USER_AGENT_CHARS = 512


@dataclass(frozen=True, slots=True)
class Caller:
    """One event's or request's caller.

    Attributes:
        visitor: address, user agent, browser.
        session_hash: digest of the session secret presented, "" when none.
        path: the page the event came from.
    """

    visitor: Visitor
    session_hash: str = field(repr=False)
    path: str


_caller: ContextVar[Caller] = ContextVar("caller")
_actor: ContextVar[Actor | None] = ContextVar("actor", default=None)


def enter(caller: Caller, actor: Actor | None) -> None:
    """Set who is calling, for the rest of this event's task."""
    _caller.set(caller)
    _actor.set(actor)


def current_caller() -> Caller:
    """The caller of this event."""
    return _caller.get()


def current_visitor() -> Visitor:
    """The visitor behind this event, signed in or not."""
    return _caller.get().visitor


def current_actor() -> Actor:
    """The signed-in person behind this event.

    Raises:
        SignInRequired: nobody is. Handlers of signed-in states never see it: the
            guard refuses them first.
    """
    actor = _actor.get()
    if actor is None:
        raise SignInRequired
    return actor


def is_signed_in() -> bool:
    """Whether a live session is behind this event."""
    return _actor.get() is not None


def session_cookie_name() -> str:
    """``__Host-`` under https, so that no subdomain can plant one (S-37)."""
    return "__Host-session" if get_settings().is_https else "session"


def browser_cookie_name() -> str:
    """The name of the browser's own random cookie."""
    return "__Host-browser" if get_settings().is_https else "browser"


def read_cookies(header: str) -> dict[str, str]:
    """The two cookies we know, out of a Cookie header; anything broken is ignored."""
    try:
        jar = SimpleCookie(header[:4096])
    except CookieError:
        return {}
    names = (session_cookie_name(), browser_cookie_name())
    return {name: jar[name].value for name in names if name in jar}


def caller_of_event(router_data: dict[str, Any]) -> Caller:
    """Read the caller of a socket event from what the server noted at the handshake.

    The cookies there are digests already: the ASGI wrapper swapped them.
    """
    headers = router_data.get("headers", {})
    cookies = read_cookies(headers.get("cookie", ""))
    visitor = Visitor(
        ip=str(router_data.get("ip", "")),
        user_agent=headers.get("user-agent", "")[:_USER_AGENT_CHARS],
        browser_hash=cookies.get(browser_cookie_name(), ""),
    )
    path = str(router_data.get("pathname", "/"))
    return Caller(visitor, cookies.get(session_cookie_name(), ""), path)
