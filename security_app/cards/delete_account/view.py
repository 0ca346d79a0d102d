"""How the Delete account card looks."""

import reflex as rx

from security_app.cards.delete_account.state import DeleteAccountState
from security_app.ui.button import danger_button
from security_app.ui.card import card
from security_app.ui.dialog import dialog, dialog_form
from security_app.ui.entry_frame import callout
from security_app.ui.form_field import form_field
from security_app.ui.stepper import stepper
from security_app.web.shell_state import ShellState
from security_app.web.step_up_state import StepUpState

_SCOPE = "delete-account"
_WHAT_GOES = (
    "Deletes your name, address, password, second factors, sessions, API keys and history, at "
    "once and for good, and an organization you are alone in. Every browser and program is "
    "signed out."
)


def _dialog() -> rx.Component:
    errors = DeleteAccountState.errors
    return dialog(
        None,
        dialog_form(
            callout("This cannot be undone, by you or by us.", "warning"),
            form_field(
                "Your e-mail address",
                "confirmation",
                errors=errors,
                scope=_SCOPE,
                type="email",
                auto_complete="off",
                auto_capitalize="none",
                auto_focus=True,
            ),
            on_submit=DeleteAccountState.submit,
            submit_label="Delete account",
            is_busy=DeleteAccountState.is_busy,
            errors=errors,
            is_danger=True,
        ),
        title="Delete account",
        description=rx.fragment("Type ", rx.el.strong(ShellState.email), " to delete the account."),
        is_open=DeleteAccountState.is_open,
        on_open_change=DeleteAccountState.toggle,
        step=stepper(2, 2),
    )


def delete_account_card() -> rx.Component:
    """Build the Delete account card with its dialog."""
    return card(
        "delete_account",
        "Delete account",
        _dialog(),
        status=rx.el.p(_WHAT_GOES),
        actions=danger_button("Delete account", on_click=StepUpState.ask("delete_account")),
    )
