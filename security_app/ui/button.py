"""Buttons that are not the one primary action: plain ones, and those that take something away."""

from typing import Any

import reflex as rx


def plain_button(*children: rx.Component | str, **props: Any) -> rx.Component:
    """Build a quiet button.

    Args:
        *children: Label and icon.
        **props: Passed to the Radix button.

    Returns:
        The button.
    """
    look = {
        "type": "button",
        "size": "2",
        "variant": "surface",
        "color_scheme": "gray",
        "high_contrast": True,
    }
    return rx.button(*children, **look | props)


def danger_button(*children: rx.Component | str, **props: Any) -> rx.Component:
    """Build the red button that turns protection off or destroys something.

    Args:
        *children: Label and icon.
        **props: Passed to the Radix button.

    Returns:
        The button.
    """
    return plain_button(*children, color_scheme="red", high_contrast=False, **props)
