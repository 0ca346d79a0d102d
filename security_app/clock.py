"""The one place the time is read, so that tests can move it."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current instant, aware, UTC."""
    return datetime.now(UTC)


def iso(instant: datetime | None) -> str:
    """Format an instant for screen and API.

    Args:
        instant: An aware instant, or None.

    Returns:
        RFC 3339 in UTC with a trailing ``Z``, whole seconds; empty for None.
    """
    if instant is None:
        return ""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
