"""What an API key may be called, may do, and how long it may live."""

from collections.abc import Iterable
from datetime import datetime

from security_app.accounts.errors import FieldRefused
from security_app.accounts.names import parse_name
from security_app.clock import now
from security_app.limits import API_KEY_LIFE, API_KEY_MAX_LIFE
from security_app.policy import API_KEY_SCOPES

#: Longest name of a key, in characters; as wide as its column.
NAME_MAX_CHARS = 60


def accepted_name(text: str) -> str:
    """A name as it is kept: runs of white space become one space.

    Raises:
        FieldRefused: field "name": empty, too long, or with signs nobody sees.
    """
    return parse_name(text, max_chars=NAME_MAX_CHARS, missing="Give the key a name.")


def accepted_scopes(scopes: Iterable[str]) -> str:
    """Scopes as they are kept: in the policy's order, each once, one space between.

    Raises:
        FieldRefused: field "scopes": none, or one that does not exist.
    """
    wanted = set(scopes)
    if not wanted:
        raise FieldRefused("Choose what the key may do.", field="scopes")
    if not wanted <= API_KEY_SCOPES.keys():
        msg = f"A scope is one of {', '.join(API_KEY_SCOPES)}."
        raise FieldRefused(msg, field="scopes")
    return " ".join(scope for scope in API_KEY_SCOPES if scope in wanted)


def accepted_end(expires_at: datetime | None) -> datetime:
    """When a key ends.

    Args:
        expires_at: an aware instant, None for the usual life.

    Raises:
        FieldRefused: field "expires_at": past, or too far away.
    """
    at = now()
    if expires_at is None:
        return at + API_KEY_LIFE
    if not at < expires_at <= at + API_KEY_MAX_LIFE:
        msg = f"Choose an end within {API_KEY_MAX_LIFE.days} days from now."
        raise FieldRefused(msg, field="expires_at")
    return expires_at
