"""The dialogs of the API keys card: a new key, a replacement, and the key itself, once."""

import reflex as rx

from security_app.cards.api_keys.making import LIVES, USUAL_LIFE, NewKeyState, scope_field
from security_app.policy import API_KEY_SCOPES
from security_app.ui.choice import option, options
from security_app.ui.code_proof import proof_fields
from security_app.ui.copy_button import copy_button
from security_app.ui.dialog import dialog_form, steps_dialog
from security_app.ui.entry_frame import callout
from security_app.ui.form_field import form_field, username_hint
from security_app.ui.relative_time import relative_time
from security_app.web.shell_state import ShellState

_SCOPE = "api-key"


def _scopes() -> rx.Component:
    first = next(iter(API_KEY_SCOPES))
    refused = {
        "custom_attrs": {
            "aria-invalid": rx.cond(NewKeyState.errors["scopes"], "true", "false"),
            "aria-describedby": f"{_SCOPE}-scopes-error",
        }
    }
    boxes = (
        option(
            "checkbox",
            scope_field(scope),
            "on",
            words,
            " ",
            rx.el.code(scope, class_name="scope"),
            **(refused if scope == first else {}),
        )
        for scope, words in API_KEY_SCOPES.items()
    )
    return options("What it may do", "scopes", *boxes, errors=NewKeyState.errors, scope=_SCOPE)


def _lives() -> rx.Component:
    choices = (
        option("radio", "days", days, words, default_checked=days == USUAL_LIFE)
        for days, words in LIVES.items()
    )
    return options(
        "Works for",
        "expires_at",
        *choices,
        errors=NewKeyState.errors,
        scope=_SCOPE,
        class_name="choices-short",
    )


def _head(title: str, description: str | rx.Component) -> rx.Component:
    return rx.fragment(
        rx.dialog.title(title, class_name="dialog-title"),
        rx.dialog.description(description, class_name="dialog-description"),
    )


def _create() -> rx.Component:
    return rx.fragment(
        _head("Create API key", "It acts for you, as far as you allow, until it expires."),
        dialog_form(
            username_hint(ShellState.email),
            form_field(
                "Name",
                "name",
                errors=NewKeyState.errors,
                scope=_SCOPE,
                help_text="What it is for, like “Nightly backup”.",
                auto_complete="off",
            ),
            _scopes(),
            _lives(),
            proof_fields(NewKeyState, scope=_SCOPE),
            on_submit=NewKeyState.create,
            submit_label="Create",
            is_busy=NewKeyState.is_busy,
            errors=NewKeyState.errors,
        ),
    )


def _rotate() -> rx.Component:
    return rx.fragment(
        _head(
            "Rotate API key",
            rx.fragment(
                "A new key takes the place of “",
                NewKeyState.old_name,
                "”: same name, same scopes, as long a life.",
            ),
        ),
        dialog_form(
            username_hint(ShellState.email),
            options(
                "The old key",
                "old_key",
                option("radio", "old_key", "keep", "Works for 24 hours more", default_checked=True),
                option("radio", "old_key", "cut", "Stops working at once"),
                errors=NewKeyState.errors,
                scope=_SCOPE,
            ),
            proof_fields(NewKeyState, scope=_SCOPE),
            on_submit=NewKeyState.rotate,
            submit_label="Rotate",
            is_busy=NewKeyState.is_busy,
            errors=NewKeyState.errors,
        ),
    )


def _key() -> rx.Component:
    return rx.fragment(
        _head(
            "Your new API key",
            rx.fragment(
                "“",
                NewKeyState.key_name,
                "” expires ",
                relative_time(NewKeyState.ends_at, is_day=True),
                ".",
            ),
        ),
        callout(
            "Copy it now: it is not shown again. Keep it like a password; who has it acts for you.",
            "warning",
        ),
        rx.el.div(
            rx.el.label("API key", html_for="new-api-key", class_name="label"),
            rx.el.div(
                rx.el.output(NewKeyState.key, id="new-api-key", class_name="secret"),
                copy_button(NewKeyState.key, "Copy key"),
                class_name="secret-line",
            ),
            class_name="secret-block new-key",
        ),
        rx.el.div(
            rx.button("Done", type="button", size="2", on_click=NewKeyState.finish),
            class_name="dialog-actions",
        ),
    )


def key_dialogs() -> rx.Component:
    """Build the one dialog, whose content is the step."""
    return steps_dialog(
        NewKeyState.step,
        ("create", _create()),
        ("rotate", _rotate()),
        ("key", _key()),
        on_open_change=NewKeyState.toggle,
    )
