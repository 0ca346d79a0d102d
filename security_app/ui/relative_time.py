"""A point in time, told relative to now."""

import reflex as rx

_SCRIPT = rx.asset("relative_time.js", shared=True).importable_path


class RelativeTime(rx.Component):
    """The ``<time>`` element, kept up to date in the browser."""

    library = _SCRIPT
    tag = "RelativeTime"

    at: rx.Var[str]


def relative_time(at: rx.Var[str] | str) -> rx.Component:
    """Show an instant in the viewer's language and zone, with the full date on hover.

    Args:
        at: ISO 8601 instant in UTC, "" shows nothing.

    Returns:
        The component.
    """
    return RelativeTime.create(at=at)
