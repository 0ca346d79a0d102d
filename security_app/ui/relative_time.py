"""A point in time, told relative to now."""

import reflex as rx


class RelativeTime(rx.Component):
    """The ``<time>`` element, kept up to date in the browser."""

    library = "$/public/components/relative_time.js"
    tag = "RelativeTime"

    at: rx.Var[str]
    is_day: rx.Var[bool]


def relative_time(at: rx.Var[str] | str, *, is_day: rx.Var[bool] | bool = False) -> rx.Component:
    """Show an instant in the viewer's language and zone, with the full date on hover.

    Args:
        at: ISO 8601 instant in UTC, "" shows nothing.
        is_day: whether the day is shown, "3 May 2026", and not the distance from now.

    Returns:
        The component.
    """
    return RelativeTime.create(at=at, is_day=is_day)
