"""How long to wait, counted down in the browser by the server's clock."""

import reflex as rx

_SCRIPT = "$/public/components/countdown.js"


class Countdown(rx.Component):
    """A line of text that counts down."""

    library = _SCRIPT
    tag = "Countdown"

    wait: rx.Var[str]
    before: rx.Var[str]
    after: rx.Var[str]


class _WaitingLabel(rx.Component):
    library = _SCRIPT
    tag = "WaitingLabel"

    wait: rx.Var[str]
    label: rx.Var[str]


def countdown(
    wait: rx.Var[str] | str,
    *,
    before: str = "Try again in",
    after: str = "You can try again now.",
) -> rx.Component:
    """Count a wait down.

    Args:
        wait: From ``clock.countdown``; "" shows nothing.
        before: Words in front of the remaining time.
        after: Words shown once the wait is over.

    Returns:
        The component.
    """
    return Countdown.create(wait=wait, before=before, after=after)


def waiting_label(label: str, wait: rx.Var[str] | str) -> rx.Component:
    """Build the label of a button that cannot be pressed for a while.

    Args:
        label: The button's name; while waiting the time left follows in brackets.
        wait: From ``clock.countdown``; "" means no wait.

    Returns:
        The label; put it into the button.
    """
    return _WaitingLabel.create(wait=wait, label=label)
