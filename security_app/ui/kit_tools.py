"""The recovery codes on screen, and the ways to keep them."""

from typing import Any

import reflex as rx

from security_app.ui.button import plain_button

_BUTTON_CLASS = "rt-reset rt-BaseButton rt-r-size-2 rt-variant-surface rt-Button"


def _one_bool(value: rx.Var[bool]) -> list[rx.Var[bool]]:
    return [value]


class _KitTools(rx.Component):
    library = "$/public/components/kit_tools.js"
    tag = "KitTools"

    text: rx.Var[str]
    file_name: rx.Var[str]
    is_unsaved: rx.Var[bool]

    on_saved: rx.EventHandler[_one_bool]


def kit_tools(
    *,
    text: rx.Var[str],
    file_name: rx.Var[str],
    is_unsaved: rx.Var[bool],
    on_saved: Any,
    on_mail: Any,
) -> rx.Component:
    """Build Download, Copy, Print and E-mail to me.

    Args:
        text: The content of the file.
        file_name: What the file is called.
        is_unsaved: Whether leaving the page loses codes nobody has kept.
        on_saved: Handler told True after Download or Copy.
        on_mail: Handler that mails the codes to their owner.

    Returns:
        The buttons, and the warning that goes with the mail.
    """
    return rx.el.div(
        _KitTools.create(
            text=text,
            file_name=file_name,
            is_unsaved=is_unsaved,
            on_saved=on_saved,
            class_name=_BUTTON_CLASS,
        ),
        plain_button("E-mail to me", on_click=on_mail),
        rx.el.p(
            "E-mail is less safe than a password manager or paper: "
            "whoever reads your mail could sign in.",
            class_name="field-help",
        ),
        class_name="kit-actions",
    )


def saved_checkbox(is_saved: rx.Var[bool], on_change: Any) -> rx.Component:
    """Build "I've saved these codes"; it ticks itself after Download or Copy.

    Args:
        is_saved: Whether it is ticked.
        on_change: Handler that takes the new value.

    Returns:
        The labelled checkbox.
    """
    return rx.el.label(
        rx.checkbox(
            checked=is_saved,
            on_change=on_change,
            size="2",
            custom_attrs={"aria-label": "I've saved these codes"},
        ),
        rx.el.span("I've saved these codes"),
        class_name="check-label",
    )
