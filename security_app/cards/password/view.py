"""How the Password card looks."""

import reflex as rx

from security_app.cards.password.first import FirstPasswordState
from security_app.cards.password.new_password import NewPassword
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
from security_app.web.step_up_state import StepUpState

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


def _new_password(state: type[NewPassword], *, scope: str) -> rx.Component:
    return rx.fragment(
        password_field(
            "New password",
            "new_password",
            errors=state.errors,
            scope=scope,
            is_new=True,
            help_text="Tip: a memorable sentence is strong and easy to type.",
            on_change=lambda value: state.assess(value, state.opening).debounce(300),
            below=(strength_meter(state.strength),),
        ),
        password_field(
            "Repeat new password", "repeat_password", errors=state.errors, scope=scope, is_new=True
        ),
    )


def _change_dialog() -> rx.Component:
    errors = PasswordState.errors
    return dialog(
        plain_button("Change password"),
        dialog_form(
            username_hint(ShellState.email),
            password_field("Current password", "current_password", errors=errors, scope=_SCOPE),
            _new_password(PasswordState, scope=_SCOPE),
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


def _first_dialog() -> rx.Component:
    errors = FirstPasswordState.errors
    return dialog(
        None,
        dialog_form(
            username_hint(ShellState.email),
            _new_password(FirstPasswordState, scope="set-password"),
            on_submit=FirstPasswordState.save,
            submit_label="Save",
            is_busy=FirstPasswordState.is_busy,
            errors=errors,
        ),
        title="Set a password",
        description="With it you can sign in by your e-mail address too.",
        is_open=FirstPasswordState.is_open,
        on_open_change=FirstPasswordState.toggle,
    )


def _actions() -> rx.Component:
    set_first = plain_button(
        "Set a password", on_click=StepUpState.ask_about("set_first_password", "")
    )
    return rx.fragment(
        rx.cond(
            PasswordState.is_loaded,
            rx.cond(PasswordState.has_password, _change_dialog(), set_first),
        ),
        _first_dialog(),
    )


def password_card() -> rx.Component:
    """Build the Password card."""
    return card(
        "password",
        "Password",
        status=_status(),
        badge=rx.cond(PasswordState.is_old, badge("Over six months old", "warning")),
        actions=_actions(),
    )
