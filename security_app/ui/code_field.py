"""The field for a one-time code: one input, numeric keypad, paste, autofill."""

import reflex as rx

from security_app.ui.form_field import form_field

#: A recovery code with its dashes and some spaces.
_MAX_CHARS = 32


class _SubmitWhenComplete(rx.Component):
    library = "$/public/components/code_field.js"
    tag = "SubmitWhenComplete"


def code_field(
    *,
    errors: rx.Var[dict[str, str]],
    scope: str,
    help_text: str = "",
    submits: bool = False,
    takes_focus: bool = False,
    is_numeric: bool = True,
    label: str = "Code",
) -> rx.Component:
    """Build the field.

    Args:
        errors: Field name to sentence.
        scope: Name of the form.
        help_text: One sentence under the field.
        submits: Whether six digits submit the form by themselves: only where
            nothing else is asked.
        takes_focus: Whether the field has the focus as it appears.
        is_numeric: Whether phones show the numeric keypad.
        label: The name people and tests use.

    Returns:
        The field, submitted as "code".
    """
    field = form_field(
        label,
        "code",
        errors=errors,
        scope=scope,
        help_text=help_text,
        auto_complete="one-time-code",
        auto_capitalize="characters",
        max_length=_MAX_CHARS,
        class_name="code-input",
        auto_focus=takes_focus,
        custom_attrs={
            "inputMode": "numeric" if is_numeric else "text",
            "data-secret": "true",
            "autoCorrect": "off",
        },
    )
    return rx.fragment(field, *((_SubmitWhenComplete.create(),) if submits else ()))
