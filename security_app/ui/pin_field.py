"""The field for a PIN: digits, hidden, never offered to a password manager as a password."""

from typing import Any

import reflex as rx

from security_app.ui.form_field import form_field

#: Longer than any PIN, so that a longer one is refused in words and never cut.
_MAX_CHARS = 16


def pin_field(
    label: str = "PIN",
    name: str = "pin",
    *,
    errors: rx.Var[dict[str, str]],
    scope: str,
    **props: Any,
) -> rx.Component:
    """Build the field.

    Args:
        label: The name people and tests use.
        name: Key in the submitted form and in ``errors``.
        errors: Field name to sentence.
        scope: Name of the form.
        **props: Passed to :func:`form_field`.

    Returns:
        The field.
    """
    return form_field(
        label,
        name,
        errors=errors,
        scope=scope,
        type="password",
        input_mode="numeric",
        auto_complete="off",
        max_length=_MAX_CHARS,
        custom_attrs={"data-secret": "true"},
        **props,
    )
