"""Dialogs: one job each, Cancel and the primary action at the bottom right."""

from typing import Any

import reflex as rx

from security_app.ui.button import plain_button
from security_app.ui.form_field import form_error
from security_app.ui.return_focus import return_focus
from security_app.ui.submit_button import submit_button


def dialog(
    opener: rx.Component | None,
    *body: rx.Component,
    title: str | rx.Var[str],
    description: str | rx.Component,
    is_open: rx.Var[bool],
    on_open_change: Any,
    step: rx.Component | None = None,
) -> rx.Component:
    """Build a modal dialog. Escape closes it, focus goes in and comes back to the opener.

    Args:
        opener: The button that opens it; None where a handler does, after another dialog.
        *body: What stands under the description.
        title: The heading.
        description: One sentence.
        is_open: Whether it is shown.
        on_open_change: Handler that takes the new value.
        step: A stepper, where the flow has several steps.

    Returns:
        The opener and its dialog.
    """
    head: list[rx.Component] = [] if step is None else [step]
    trigger = (rx.dialog.trigger(opener),) if opener is not None else ()
    if opener is None:
        head.insert(0, return_focus())
    return rx.dialog.root(
        *trigger,
        rx.dialog.content(
            *head,
            rx.dialog.title(title, class_name="dialog-title"),
            rx.dialog.description(description, class_name="dialog-description"),
            *body,
            size="3",
            class_name="dialog",
        ),
        open=is_open,
        on_open_change=on_open_change,
    )


def steps_dialog(
    step: rx.Var[str],
    *steps: tuple[str, rx.Component],
    on_open_change: Any,
) -> rx.Component:
    """Build one dialog whose content is the step a handler has come to.

    Args:
        step: Name of the step; "" while the dialog is closed.
        *steps: Name and content; each content brings its own title and description.
        on_open_change: Handler that takes the new value.
    """
    return rx.dialog.root(
        rx.dialog.content(
            return_focus(),
            rx.match(step, *steps, rx.fragment(rx.dialog.title("", class_name="visually-hidden"))),
            size="3",
            class_name="dialog",
        ),
        open=step != "",
        on_open_change=on_open_change,
    )


def dialog_form(
    *fields: rx.Component,
    on_submit: Any,
    submit_label: str,
    is_busy: rx.Var[bool],
    errors: rx.Var[dict[str, str]],
    is_danger: bool = False,
) -> rx.Component:
    """Build the form of a dialog: fields, the form's error, Cancel and the primary button.

    Args:
        *fields: Form fields.
        on_submit: Handler that takes the form mapping.
        submit_label: Name of the primary button.
        is_busy: True while the handler works.
        errors: Field name to sentence; "form" is the whole form.
        is_danger: Whether the primary button takes something away for good.

    Returns:
        The form.
    """
    cancel = rx.dialog.close(plain_button("Cancel"))
    submit = submit_button(submit_label, is_busy=is_busy, errors=errors)
    return rx.el.form(
        form_error(errors),
        *fields,
        rx.el.div(
            cancel,
            rx.el.span(submit, class_name="danger") if is_danger else submit,
            class_name="dialog-actions",
        ),
        on_submit=on_submit,
        method="post",
        no_validate=True,
        class_name="form",
    )
