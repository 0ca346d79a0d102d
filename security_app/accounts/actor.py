"""Who is asking: a visitor with an address, and once signed in, an actor."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody at the door, signed in or not.

    Attributes:
        ip: the client address after trusted proxies (S-51).
        user_agent: as sent, cut to 512 characters.
        browser_hash: hex SHA-256 of the browser's own random cookie, "" for API clients.
    """

    ip: str
    user_agent: str
    browser_hash: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person, resolved from the session row for this one event or request.

    Attributes:
        account_id: the account.
        session_id: the public id of the session (not its secret), or of the API key.
        kind: "browser", "api", or "api_key".
        expires_at: when the session ends at the latest, activity or not.
        idle_at: when it ends if nothing more happens.
        visitor: address, user agent and browser of this very call.
        scopes: what an API key may do; None for a session, which may do all its person may.
    """

    account_id: str
    session_id: str
    kind: str
    expires_at: datetime
    idle_at: datetime
    visitor: Visitor
    scopes: frozenset[str] | None = None
