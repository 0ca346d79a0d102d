"""The one place the time is read, so that tests can move it."""

from datetime import UTC, datetime, timedelta


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


def countdown(left: timedelta | None) -> str:
    """Format a wait for the screen, so that no clock but the server's counts.

    Args:
        left: time from now, or None.

    Returns:
        Milliseconds and the instant they are counted from, which keeps two equal
        waits apart: "42000@2026-05-04T12:31:00.123456"; empty for None or no wait.
    """
    if left is None or left <= timedelta():
        return ""
    return f"{round(left.total_seconds() * 1000)}@{now():%Y-%m-%dT%H:%M:%S.%f}"
