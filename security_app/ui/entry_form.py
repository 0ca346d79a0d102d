"""The one form of a public page, with its wide primary button."""

from typing import Any

import reflex as rx

from security_app.ui.form_field import form_error
from security_app.ui.submit_button import submit_button


def entry_form(
    *fields: rx.Component,
    submit_label: str,
    on_submit: Any,
    is_busy: rx.Var[bool],
    errors: rx.Var[dict[str, str]],
    after_error: tuple[rx.Component, ...] = (),
) -> rx.Component:
    """Build the form.

    Args:
        *fields: Form fields.
        submit_label: Name of the primary button.
        on_submit: Handler that takes the form mapping.
        is_busy: True while the handler works.
        errors: Field name to sentence; "form" is the whole form.
        after_error: Shown after the form's error, e.g. a countdown.

    Returns:
        The form.
    """
    # The page is there before its script: until then nothing may be sent, and
    # were it sent all the same, never as a GET with a password in the address.
    return rx.el.form(
        form_error(errors, *after_error),
        *fields,
        submit_button(
            submit_label,
            is_busy=is_busy,
            errors=errors,
            disabled=~rx.State.is_hydrated,
            class_name="submit-wide",
        ),
        on_submit=on_submit,
        method="post",
        no_validate=True,
        class_name="form",
    )
