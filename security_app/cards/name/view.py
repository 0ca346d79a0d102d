"""How the Name card looks."""

import reflex as rx

from security_app.cards.name.state import NameState
from security_app.ui.button import plain_button
from security_app.ui.card import card
from security_app.ui.dialog import dialog, dialog_form
from security_app.ui.form_field import form_field
from security_app.ui.skeleton import skeleton_lines

_SCOPE = "change-name"


def _dialog() -> rx.Component:
    errors = NameState.errors
    return dialog(
        plain_button("Change name"),
        dialog_form(
            form_field(
                "Name",
                "name",
                errors=errors,
                scope=_SCOPE,
                is_required=False,
                default_value=NameState.name,
                auto_complete="name",
                help_text="At most 100 letters. It may stay empty.",
            ),
            on_submit=NameState.save,
            submit_label="Save",
            is_busy=NameState.is_busy,
            errors=errors,
        ),
        title="Change name",
        description="We use it to greet you, on these pages and in our mails.",
        is_open=NameState.is_open,
        on_open_change=NameState.toggle,
    )


def name_card() -> rx.Component:
    """Build the Name card."""
    shown = rx.cond(NameState.name != "", NameState.name, "No name yet.")
    return card(
        "name",
        "Name",
        status=rx.cond(
            NameState.is_loaded, rx.el.p(shown, class_name="profile-value"), skeleton_lines(1)
        ),
        actions=rx.cond(NameState.is_loaded, _dialog()),
    )
