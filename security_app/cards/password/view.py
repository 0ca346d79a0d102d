"""How the Password card looks."""

import reflex as rx

from security_app.cards.password.state import PasswordState
from security_app.ui.badge import badge
from security_app.ui.button import plain_button
from security_app.ui.card import card
from security_app.ui.code_proof import code_proof, other_methods
from security_app.ui.dialog import dialog, dialog_form
from security_app.ui.form_field import password_field, username_hint
from security_app.ui.relative_time import relative_time
from security_app.ui.skeleton import skeleton_lines
from security_app.ui.strength_meter import strength_meter
from security_app.web.shell_state import ShellState

_SCOPE = "change-password"


def _status() -> rx.Component:
    changed = rx.fragment("Last changed ", relative_time(PasswordState.changed_at), ".")
    advice = " Consider choosing a new one."
    return rx.cond(
        PasswordState.is_loaded,
        rx.el.p(
            rx.cond(PasswordState.has_password, changed, "No password yet."),
            rx.cond(PasswordState.is_old, advice, ""),
        ),
        skeleton_lines(1),
    )


def _change_dialog() -> rx.Component:
    errors = PasswordState.errors
    return dialog(
        plain_button("Change password"),
        dialog_form(
            username_hint(ShellState.email),
            password_field("Current password", "current_password", errors=errors, scope=_SCOPE),
            password_field(
                "New password",
                "new_password",
                errors=errors,
                scope=_SCOPE,
                is_new=True,
                help_text="Tip: a memorable sentence is strong and easy to type.",
                on_change=lambda value: PasswordState.assess(value, PasswordState.opening).debounce(
                    300
                ),
                below=(strength_meter(PasswordState.strength),),
            ),
            password_field(
                "Repeat new password", "repeat_password", errors=errors, scope=_SCOPE, is_new=True
            ),
            rx.cond(
                PasswordState.mode != "",
                rx.fragment(code_proof(PasswordState, scope=_SCOPE), other_methods(PasswordState)),
            ),
            on_submit=PasswordState.save,
            submit_label="Save",
            is_busy=PasswordState.is_busy,
            errors=errors,
        ),
        title="Change password",
        description="Your other sessions are signed out when you save.",
        is_open=PasswordState.is_open,
        on_open_change=PasswordState.toggle,
    )


def password_card() -> rx.Component:
    """Build the Password card."""
    return card(
        "password",
        "Password",
        status=_status(),
        badge=rx.cond(PasswordState.is_old, badge("Over six months old", "warning")),
        actions=rx.cond(PasswordState.is_loaded & PasswordState.has_password, _change_dialog()),
    )
