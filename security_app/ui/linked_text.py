"""Plain text whose addresses can be clicked."""

import reflex as rx


class _LinkedText(rx.Component):
    library = "$/public/components/linked_text.js"
    tag = "LinkedText"

    text: rx.Var[str]


def linked_text(text: rx.Var[str] | str, class_name: str = "") -> rx.Component:
    """Show plain text; http and https addresses in it become links.

    Args:
        text: The text, shown as it is.
        class_name: CSS class.

    Returns:
        The component.
    """
    return _LinkedText.create(text=text, class_name=class_name)
