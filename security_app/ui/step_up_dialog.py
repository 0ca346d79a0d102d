"""The one dialog that asks for proof again."""

import reflex as rx

from security_app.ui.button import plain_button
from security_app.ui.code_proof import proof_fields
from security_app.ui.countdown import countdown
from security_app.ui.entry_frame import text_link
from security_app.ui.form_field import form_error, form_field, username_hint
from security_app.ui.pin_field import pin_field
from security_app.ui.return_focus import return_focus
from security_app.ui.stepper import stepper
from security_app.ui.submit_button import action_button, submit_button
from security_app.web.shell_state import ShellState
from security_app.web.step_up_state import StepUpState

_SCOPE = "step-up"
_PIN_CARD = "/settings/personal/security#pin"


def _fields() -> rx.Component:
    errors = StepUpState.errors
    return rx.fragment(
        proof_fields(StepUpState, scope=_SCOPE),
        rx.cond(StepUpState.needs_pin, _pin()),
        rx.cond(
            StepUpState.needs_confirmation,
            form_field(
                "Confirmation",
                "confirmation",
                errors=errors,
                scope=_SCOPE,
                auto_complete="off",
                auto_capitalize="none",
            ),
        ),
    )


def _at_provider() -> rx.Component:
    return rx.fragment(
        rx.el.p("or", class_name="or-line"),
        action_button(
            f"Continue with {StepUpState.provider}",
            settled=StepUpState.errors,
            on_click=StepUpState.prove_at_provider,
            class_name="provider-button",
        ),
    )


def _pin() -> rx.Component:
    wait = rx.cond(
        StepUpState.pin_wait != "",
        rx.el.p(
            countdown(
                StepUpState.pin_wait,
                before="Your PIN is locked. It can be tried again in",
                after="Your PIN can be tried again now.",
            ),
            class_name="field-help",
        ),
    )
    return rx.cond(
        StepUpState.is_pin_disabled,
        rx.el.p(
            "Your PIN is disabled after ten wrong ones in a row. ",
            rx.dialog.close(text_link("Set a new one", _PIN_CARD)),
            " first.",
            class_name="callout callout-warning",
        ),
        pin_field(errors=StepUpState.errors, scope=_SCOPE, below=(wait,)),
    )


def _submit(label: str, *, is_danger: bool = False) -> rx.Component:
    button = submit_button(label, is_busy=StepUpState.is_busy, errors=StepUpState.errors)
    return rx.el.span(button, class_name="danger") if is_danger else button


def _buttons() -> rx.Component:
    return rx.el.div(
        rx.dialog.close(plain_button("Cancel")),
        rx.cond(~StepUpState.is_pin_disabled, _primary()),
        class_name="dialog-actions",
    )


def _primary() -> rx.Component:
    match = rx.match(
        StepUpState.button,
        ("Disable", _submit("Disable", is_danger=True)),
        ("Regenerate codes", _submit("Regenerate codes", is_danger=True)),
        ("Remove PIN", _submit("Remove PIN", is_danger=True)),
        ("Confirm", _submit("Confirm", is_danger=True)),
        ("Disconnect", _submit("Disconnect", is_danger=True)),
        _submit("Continue"),
    )
    return rx.fragment(match)


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
            rx.el.form(
                form_error(StepUpState.errors),
                username_hint(ShellState.email),
                _fields(),
                rx.cond(StepUpState.provider != "", _at_provider()),
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
