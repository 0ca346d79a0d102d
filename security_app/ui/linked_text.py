"""Plain text whose addresses can be clicked."""

import reflex as rx

_SCRIPT = rx.asset("linked_text.js", shared=True).importable_path


class _LinkedText(rx.Component):
    library = _SCRIPT
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
