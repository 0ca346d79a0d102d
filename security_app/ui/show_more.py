"""The end of a list that goes on: a button for the next rows."""

from typing import Any

import reflex as rx

from security_app.ui.submit_button import action_button


def show_more(has_more: rx.Var[bool], rows: rx.Var[Any], on_click: Any) -> rx.Component:
    """Build the button.

    Args:
        has_more: Whether there are rows that are not shown.
        rows: The rows shown; the button is busy until they change.
        on_click: Handler that shows the next ones.

    Returns:
        The button; nothing at the end of the list.
    """
    return rx.cond(
        has_more,
        rx.el.div(action_button("Show more", settled=rows, on_click=on_click), class_name="more"),
    )
