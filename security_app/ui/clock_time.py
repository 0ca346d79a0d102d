"""The time of day of an instant, in the viewer's zone: to hold a phone's clock against."""

import reflex as rx


class _ClockTime(rx.Component):
    library = "$/public/components/clock_time.js"
    tag = "ClockTime"

    at: rx.Var[str]


def clock_time(at: rx.Var[str]) -> rx.Component:
    """Show the time of day, with seconds.

    Args:
        at: ISO 8601 instant in UTC, "" shows nothing.

    Returns:
        The component.
    """
    return _ClockTime.create(at=at)
