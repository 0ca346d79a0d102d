"""How the Email card looks."""

import reflex as rx

from security_app.cards.email.state import EmailState
from security_app.cards.managed.state import ManagedState
from security_app.ui.badge import badge
from security_app.ui.button import plain_button
from security_app.ui.card import card
from security_app.ui.dialog import dialog, dialog_form
from security_app.ui.form_field import form_field
from security_app.ui.relative_time import relative_time
from security_app.ui.skeleton import skeleton_lines
from security_app.ui.stepper import stepper
from security_app.ui.submit_button import action_button
from security_app.web.notices import NoticesState
from security_app.web.shell_state import ShellState
from security_app.web.step_up_state import StepUpState

_SCOPE = "change-email"


def _dialog() -> rx.Component:
    errors = EmailState.errors
    return dialog(
        None,
        dialog_form(
            form_field(
                "New email",
                "email",
                errors=errors,
                scope=_SCOPE,
                type="email",
                auto_complete="email",
                auto_capitalize="none",
                auto_focus=True,
            ),
            on_submit=EmailState.save,
            submit_label="Save",
            is_busy=EmailState.is_busy,
            errors=errors,
        ),
        title="Change email",
        description=(
            "We send a link to the new address. Nothing changes until you open it and confirm."
        ),
        is_open=EmailState.is_open,
        on_open_change=EmailState.toggle,
        step=stepper(2, 2),
    )


def _waiting() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.p("Waiting for confirmation at ", rx.el.strong(EmailState.pending_email)),
            rx.el.p(
                "The link in the mail expires ",
                relative_time(EmailState.pending_until),
                ".",
                class_name="row-line",
            ),
            class_name="row-words",
        ),
        rx.el.div(
            action_button(
                "Send the link again",
                settled=NoticesState.notices,
                on_click=EmailState.send_again,
            ),
            plain_button("Cancel the change", on_click=EmailState.cancel),
            class_name="row-action row-actions",
        ),
        class_name="row",
    )


def _actions() -> rx.Component:
    return rx.cond(
        EmailState.is_confirmed,
        rx.cond(
            ManagedState.manager,
            badge("Managed by SSO", "info"),
            plain_button("Change email", on_click=StepUpState.ask("change_email")),
        ),
        action_button(
            "Send the confirmation again",
            settled=NoticesState.notices,
            on_click=ShellState.send_confirmation,
        ),
    )


def email_card() -> rx.Component:
    """Build the Email card with its dialog."""
    return card(
        "email",
        "Email",
        rx.cond(EmailState.pending_email != "", _waiting()),
        _dialog(),
        status=rx.cond(
            EmailState.is_loaded,
            rx.el.p(EmailState.email, class_name="profile-value"),
            skeleton_lines(1),
        ),
        badge=rx.cond(
            EmailState.is_loaded,
            rx.cond(
                EmailState.is_confirmed,
                badge("Confirmed", "success"),
                badge("Not confirmed", "warning"),
            ),
        ),
        actions=rx.cond(EmailState.is_loaded, _actions()),
    )
