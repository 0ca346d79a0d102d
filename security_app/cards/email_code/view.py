"""How the Email code card looks."""

import reflex as rx

from security_app.cards.email_code.state import EmailCodeState
from security_app.ui.button import danger_button, plain_button
from security_app.ui.card import card
from security_app.ui.code_field import code_field
from security_app.ui.code_proof import mailed_code
from security_app.ui.form_field import form_error
from security_app.ui.relative_time import relative_time
from security_app.ui.return_focus import return_focus
from security_app.ui.skeleton import skeleton_lines
from security_app.ui.stepper import stepper
from security_app.ui.submit_button import submit_button
from security_app.web.step_up_state import StepUpState

_SCOPE = "enable-email-code"


def _status() -> rx.Component:
    on = rx.fragment(
        "On since ",
        relative_time(EmailCodeState.enabled_at),
        f" · codes go to {EmailCodeState.address}",
    )
    off = rx.cond(
        EmailCodeState.is_confirmed,
        "Codes sent to your e-mail address. Easiest to turn on: no app needed.",
        "Confirm your e-mail address first, then codes can go to it.",
    )
    return rx.cond(
        EmailCodeState.is_loaded,
        rx.el.p(rx.cond(EmailCodeState.is_enabled, on, off)),
        skeleton_lines(1),
    )


def _actions() -> rx.Component:
    disable = danger_button("Disable email code", on_click=StepUpState.ask("disable_email_code"))
    enable = rx.button(
        "Enable email code",
        on_click=StepUpState.ask("enable_email_code"),
        type="button",
        size="2",
    )
    return rx.cond(
        EmailCodeState.is_loaded,
        rx.cond(EmailCodeState.is_enabled, disable, rx.cond(EmailCodeState.is_confirmed, enable)),
    )


def _set_up_dialog() -> rx.Component:
    errors = EmailCodeState.errors
    return rx.dialog.root(
        rx.dialog.content(
            return_focus(),
            stepper(2, 2),
            rx.dialog.title("Enable email code", class_name="dialog-title"),
            rx.dialog.description(
                "Enter the code we send to your address. If it does not arrive within a minute "
                "or two, look in the spam folder or request another one.",
                class_name="dialog-description",
            ),
            rx.el.form(
                form_error(errors),
                code_field(errors=errors, scope=_SCOPE, submits=True, takes_focus=True),
                mailed_code(EmailCodeState),
                rx.el.div(
                    rx.dialog.close(plain_button("Cancel")),
                    submit_button("Verify", is_busy=EmailCodeState.is_busy, errors=errors),
                    class_name="dialog-actions",
                ),
                on_submit=EmailCodeState.verify,
                method="post",
                no_validate=True,
                class_name="form",
            ),
            size="3",
            class_name="dialog",
        ),
        open=EmailCodeState.is_setting_up,
        on_open_change=EmailCodeState.close,
    )


def email_code_card() -> rx.Component:
    """Build the card with its dialog."""
    return rx.cond(
        EmailCodeState.is_offered | ~EmailCodeState.is_loaded,
        card(
            "email_code",
            "Email code",
            _set_up_dialog(),
            status=_status(),
            actions=_actions(),
        ),
    )
