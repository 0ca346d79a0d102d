"""A word in colour, only where there is a state worth colour."""

import reflex as rx

from security_app.ui import theme


def badge(text: str | rx.Var[str], status: str = "neutral") -> rx.Component:
    """Build a badge.

    Args:
        text: One or two words.
        status: Key of ``theme.STATUS_COLOURS``.

    Returns:
        The badge.
    """
    return rx.badge(
        text,
        color_scheme=theme.STATUS_COLOURS[status],
        variant="soft",
        size="1",
        high_contrast=True,
        class_name="badge",
    )
