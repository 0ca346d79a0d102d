"""What a list says when nothing is in it."""

import reflex as rx


def empty_state(title: str, text: str) -> rx.Component:
    """Say what would be here and how it gets here.

    Args:
        title: What is missing, e.g. "No other sessions".
        text: What would be here and how to fill it.

    Returns:
        The paragraph pair.
    """
    return rx.el.div(
        rx.el.p(title, class_name="empty-title"),
        rx.el.p(text, class_name="empty-text"),
        class_name="empty",
    )
