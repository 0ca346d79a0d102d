"""Form fields: a label, a control, help and error, tied together for everyone."""

from typing import Any

import reflex as rx

from security_app.ui import theme

#: A paste is cut here, far above every limit the server names in words (S-89).
PASTE_MAX_CHARS = 1024


class _PasswordToggle(rx.Component):
    library = "$/public/components/password_toggle.js"
    tag = "PasswordToggle"

    described_by: rx.Var[str]


def form_error(errors: rx.Var[dict[str, str]], *extra: rx.Component) -> rx.Component:
    """Show the error of a whole form, announced when it appears.

    Args:
        errors: Field name to sentence; "form" is the whole form.
        *extra: Shown after the sentence, e.g. a countdown.

    Returns:
        The live region.
    """
    return rx.el.div(
        rx.cond(
            errors["form"],
            rx.el.p(
                rx.icon(theme.STATUS_ICONS["error"], size=theme.SMALL_ICON_PX, aria_hidden="true"),
                rx.el.span(errors["form"], " ", *extra),
                class_name="callout callout-error",
            ),
        ),
        role="alert",
        class_name="form-error",
    )


def form_field(
    label: str,
    name: str,
    *,
    errors: rx.Var[dict[str, str]],
    scope: str,
    help_text: str = "",
    is_required: bool = True,
    slots: tuple[rx.Component, ...] = (),
    below: tuple[rx.Component, ...] = (),
    **props: Any,
) -> rx.Component:
    """Build a labelled text field.

    Args:
        label: The name people and tests use.
        name: Key in the submitted form and in ``errors``.
        errors: Field name to sentence.
        scope: Name of the form, so that ids stay unique on the page.
        help_text: One sentence under the field.
        is_required: Whether the field must be filled.
        slots: Parts inside the control, e.g. the show button.
        below: Parts under the control, e.g. a strength meter.
        **props: Passed to the Radix text field. ``id`` only where a handler must reach
            the control: it must equal ``name``.

    Returns:
        The field.
    """
    field_id = f"{scope}-{name}"
    control_id = props.get("id", field_id)
    described = [f"{field_id}-error"] + ([f"{field_id}-help"] if help_text else [])
    attributes = {
        "aria-invalid": rx.cond(errors[name], "true", "false"),
        "aria-describedby": " ".join(described),
        "spellCheck": "false",
    } | props.pop("custom_attrs", {})
    if "id" not in props:
        # As an attribute: Reflex would turn its own id prop into a second form entry.
        attributes["id"] = control_id
    defaults: dict[str, Any] = {"type": "text", "size": "3", "max_length": PASTE_MAX_CHARS}
    control = rx.text_field(
        *slots, name=name, required=is_required, custom_attrs=attributes, **defaults | props
    )
    parts: list[rx.Component] = [
        rx.el.label(label, html_for=control_id, id=f"{field_id}-label", class_name="label"),
        control,
        rx.el.p(errors[name], id=f"{field_id}-error", class_name="field-error"),
    ]
    if help_text:
        parts.append(rx.el.p(help_text, id=f"{field_id}-help", class_name="field-help"))
    return rx.el.div(*parts, *below, class_name="field")


def email_field(
    *, errors: rx.Var[dict[str, str]], scope: str, auto_complete: str = "username", **props: Any
) -> rx.Component:
    """Build the field for an e-mail address.

    Args:
        errors: Field name to sentence.
        scope: Name of the form.
        auto_complete: "username" where it identifies the account, else "email".
        **props: Passed to the Radix text field.

    Returns:
        The field, submitted as "email".
    """
    return form_field(
        "Email",
        "email",
        errors=errors,
        scope=scope,
        type="email",
        auto_complete=auto_complete,
        auto_capitalize="none",
        **props,
    )


def password_field(
    label: str,
    name: str,
    *,
    errors: rx.Var[dict[str, str]],
    scope: str,
    is_new: bool = False,
    **props: Any,
) -> rx.Component:
    """Build a password field with a show button. What is typed leaves only on submit.

    Args:
        label: The name people and tests use.
        name: Key in the submitted form and in ``errors``.
        errors: Field name to sentence.
        scope: Name of the form.
        is_new: Whether a new password is chosen (password managers offer one).
        **props: Passed to :func:`form_field`.

    Returns:
        The field.
    """
    toggle = rx.text_field.slot(
        _PasswordToggle.create(
            rx.icon("eye", size=theme.ICON_PX, class_name="eye", aria_hidden="true"),
            rx.icon("eye-off", size=theme.ICON_PX, class_name="eye-off", aria_hidden="true"),
            described_by=f"{scope}-{name}-label",
        ),
        side="right",
    )
    attributes = {"data-secret": "true"} | props.pop("custom_attrs", {})
    return form_field(
        label,
        name,
        errors=errors,
        scope=scope,
        type="password",
        auto_complete="new-password" if is_new else "current-password",
        auto_capitalize="none",
        slots=(toggle,),
        custom_attrs=attributes,
        **props,
    )


def username_hint(email: rx.Var[str]) -> rx.Component:
    """Tell password managers whose password a form without an address is about.

    Args:
        email: The address of the account.

    Returns:
        A hidden field that is not submitted.
    """
    return rx.el.input(
        type="text", auto_complete="username", value=email, read_only=True, hidden=True
    )
