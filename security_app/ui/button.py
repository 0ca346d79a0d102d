"""The plain button: everything that is not the one primary action."""

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
