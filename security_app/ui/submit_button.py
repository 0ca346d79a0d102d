"""Buttons that show they are busy and cannot be pressed twice."""

from typing import Any

import reflex as rx

from security_app.ui.button import plain_button


class _Pending(rx.Component):
    library = "$/public/components/pending.js"
    tag = "Pending"

    busy: rx.Var[bool]
    errors: rx.Var[dict[str, str]]
    settled: rx.Var[Any]


def _spinner() -> rx.Component:
    return rx.el.span(class_name="spinner", aria_hidden="true")


def submit_button(
    label: str,
    *,
    is_busy: rx.Var[bool],
    errors: rx.Var[dict[str, str]],
    class_name: str = "",
    **props: Any,
) -> rx.Component:
    """Build the primary button of a form.

    From the press until the answer it shows a spinner and ignores a second
    press; a refusal clears the refused secrets and moves focus to the first
    refused field.

    Args:
        label: The name of the button.
        is_busy: True while the handler works.
        errors: Field name to sentence; empty when nothing was refused.
        class_name: CSS class.
        **props: Passed to the Radix button.

    Returns:
        The button.
    """
    return rx.button(
        _spinner(),
        rx.el.span(label),
        _Pending.create(busy=is_busy, errors=errors),
        type="submit",
        size="2",
        class_name=f"submit {class_name}".strip(),
        **props,
    )


def action_button(
    label: str | rx.Var[str],
    *,
    settled: rx.Var[Any],
    mark: rx.Component | None = None,
    **props: Any,
) -> rx.Component:
    """Build a button outside a form that starts something on the server.

    Args:
        label: The name of the button.
        settled: A var whose change shows that the server has answered.
        mark: A sign before the label, in whose place the spinner turns.
        **props: Passed to the button.

    Returns:
        The button.
    """
    return plain_button(
        _spinner(),
        mark or rx.fragment(),
        rx.el.span(label),
        _Pending.create(settled=settled),
        **props,
    )
