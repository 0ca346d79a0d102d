"""A button that puts a text on the clipboard."""

import reflex as rx

_BUTTON_CLASS = "rt-reset rt-BaseButton rt-r-size-2 rt-variant-surface rt-Button"


class CopyButton(rx.Component):
    """The button and the word that it worked."""

    library = "$/public/components/copy_button.js"
    tag = "CopyButton"

    text: rx.Var[str]
    label: rx.Var[str]


def copy_button(text: rx.Var[str] | str, label: str = "Copy") -> rx.Component:
    """Build a copy button.

    Args:
        text: What to copy.
        label: The name of the button.

    Returns:
        The component.
    """
    return CopyButton.create(text=text, label=label, class_name=_BUTTON_CLASS)
