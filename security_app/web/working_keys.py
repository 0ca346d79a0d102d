"""What a screen says of API keys after a change of what people sign in with (S-72)."""

from security_app.accounts import api_keys
from security_app.db.engine import reading
from security_app.web.context import current_actor
from security_app.web.notices import NO_LINK, Link

_KEYS_PAGE = Link("API keys", "/settings/personal/api-keys")


async def keys_left() -> tuple[str, Link]:
    """How many of the actor's keys still work, as a sentence to add, and where they are.

    Returns:
        Two empty ones when there is none.
    """
    async with reading() as db:
        return in_words(await api_keys.count_live(db, current_actor().account_id))


def in_words(count: int) -> tuple[str, Link]:
    """The same for a number known already."""
    if count == 0:
        return "", NO_LINK
    keys = "1 API key still works." if count == 1 else f"{count} API keys still work."
    return f" {keys}", _KEYS_PAGE
