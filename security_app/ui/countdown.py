"""How long to wait, counted down in the browser."""

import reflex as rx

_SCRIPT = rx.asset("countdown.js", shared=True).importable_path


class Countdown(rx.Component):
    """A line of text that counts down."""

    library = _SCRIPT
    tag = "Countdown"

    until: rx.Var[str]
    before: rx.Var[str]
    after: rx.Var[str]


def countdown(
    until: rx.Var[str] | str,
    *,
    before: str = "Try again in",
    after: str = "You can try again now.",
) -> rx.Component:
    """Count down to an instant.

    Args:
        until: ISO 8601 instant in UTC, "" shows nothing.
        before: Words in front of the remaining time.
        after: Words shown once the instant is reached.

    Returns:
        The component.
    """
    return Countdown.create(until=until, before=before, after=after)
