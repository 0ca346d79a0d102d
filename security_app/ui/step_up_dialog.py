"""The one dialog that asks for proof again."""

import reflex as rx

from security_app.ui.button import plain_button
from security_app.ui.code_proof import code_proof, other_methods
from security_app.ui.form_field import form_error, password_field, username_hint
from security_app.ui.return_focus import return_focus
from security_app.ui.stepper import stepper
from security_app.ui.submit_button import submit_button
from security_app.web.shell_state import ShellState
from security_app.web.step_up_state import StepUpState

_SCOPE = "step-up"


def _fields() -> rx.Component:
    errors = StepUpState.errors
    return rx.fragment(
        rx.cond(
            StepUpState.needs_password,
            password_field("Password", "password", errors=errors, scope=_SCOPE),
        ),
        rx.cond(
            StepUpState.needs_code,
            rx.fragment(code_proof(StepUpState, scope=_SCOPE), other_methods(StepUpState)),
        ),
    )


def _submit(label: str, *, is_danger: bool = False) -> rx.Component:
    button = submit_button(label, is_busy=StepUpState.is_busy, errors=StepUpState.errors)
    return rx.el.span(button, class_name="danger") if is_danger else button


def _buttons() -> rx.Component:
    return rx.el.div(
        rx.dialog.close(plain_button("Cancel")),
        rx.match(
            StepUpState.button,
            ("Disable", _submit("Disable", is_danger=True)),
            ("Regenerate codes", _submit("Regenerate codes", is_danger=True)),
            _submit("Continue"),
        ),
        class_name="dialog-actions",
    )


def step_up_dialog() -> rx.Component:
    """Build the dialog; put it once on every page whose cards ask for proof."""
    return rx.dialog.root(
        rx.dialog.content(
            return_focus(),
            rx.match(
                StepUpState.action,
                ("enable_totp", stepper(1, 4)),
                ("enable_email_code", stepper(1, 2)),
                ("change_email", stepper(1, 2)),
                ("delete_account", stepper(1, 2)),
                rx.fragment(),
            ),
            rx.dialog.title(StepUpState.title, class_name="dialog-title"),
            rx.dialog.description(StepUpState.explanation, class_name="dialog-description"),
            rx.form(
                form_error(StepUpState.errors),
                username_hint(ShellState.email),
                _fields(),
                _buttons(),
                on_submit=StepUpState.submit,
                no_validate=True,
                class_name="form",
            ),
            size="3",
            class_name="dialog",
        ),
        open=StepUpState.action != "",
        on_open_change=StepUpState.toggle,
    )
