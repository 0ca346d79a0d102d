"""How the PIN card looks."""

import reflex as rx

from security_app.cards.pin.state import PinState
from security_app.ui.badge import badge
from security_app.ui.button import danger_button, plain_button
from security_app.ui.card import card
from security_app.ui.code_proof import proof_fields
from security_app.ui.countdown import countdown
from security_app.ui.dialog import dialog, dialog_form
from security_app.ui.form_field import username_hint
from security_app.ui.pin_field import pin_field
from security_app.ui.relative_time import relative_time
from security_app.ui.skeleton import skeleton_lines
from security_app.web.shell_state import ShellState
from security_app.web.step_up_state import StepUpState

_SCOPE = "pin"
_WHAT_IT_IS = (
    "A brake against accidents: it is asked before what cannot be undone. "
    "It is no second factor and no way to sign in."
)


def _status() -> rx.Component:
    none = "No PIN. Irreversible actions ask you to type a confirmation."
    locked = countdown(
        PinState.wait,
        before="Locked after too many wrong PINs. Change it, or try it again in",
        after="It was locked after too many wrong PINs, and can be tried again now.",
    )
    usual = rx.fragment("Set ", relative_time(PinState.set_at), ".")
    return rx.cond(
        PinState.is_loaded,
        rx.fragment(
            rx.el.p(
                rx.cond(
                    PinState.has_pin,
                    rx.cond(
                        PinState.is_disabled,
                        "Disabled after ten wrong PINs in a row. Set a new one to use it again.",
                        rx.cond(PinState.wait != "", locked, usual),
                    ),
                    none,
                )
            ),
            rx.el.p(_WHAT_IT_IS, class_name="field-help"),
        ),
        skeleton_lines(2),
    )


def _badge() -> rx.Component:
    # None for a lock: it ends by itself, and the sentence counts it down.
    return rx.cond(PinState.is_disabled, badge("Disabled", "warning"))


def _set_dialog() -> rx.Component:
    errors = PinState.errors
    return dialog(
        plain_button(rx.cond(PinState.has_pin, "Change PIN", "Set PIN")),
        dialog_form(
            username_hint(ShellState.email),
            pin_field(
                "New PIN",
                "pin",
                errors=errors,
                scope=_SCOPE,
                help_text="4 to 6 digits. Rows, repeats and years are refused.",
            ),
            pin_field("Repeat PIN", "repeat_pin", errors=errors, scope=_SCOPE),
            proof_fields(PinState, scope=_SCOPE, asks="Current password"),
            on_submit=PinState.save,
            submit_label="Save PIN",
            is_busy=PinState.is_busy,
            errors=errors,
        ),
        title=rx.cond(PinState.has_pin, "Change PIN", "Set PIN"),
        description="It is asked before irreversible actions, and nowhere else.",
        is_open=PinState.is_open,
        on_open_change=PinState.toggle,
    )


def _actions() -> rx.Component:
    remove = danger_button("Remove PIN", on_click=StepUpState.ask("remove_pin"))
    return rx.cond(
        PinState.is_loaded,
        rx.fragment(_set_dialog(), rx.cond(PinState.has_pin, remove)),
    )


def pin_card() -> rx.Component:
    """Build the PIN card."""
    return card("pin", "PIN", status=_status(), badge=_badge(), actions=_actions())
