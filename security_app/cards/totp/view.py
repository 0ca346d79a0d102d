"""How the authenticator card looks."""

import reflex as rx

from security_app.cards.recovery_codes.view import recovery_codes_dialogs
from security_app.cards.totp.state import TotpState
from security_app.cards.totp.wizard import wizard
from security_app.ui.badge import badge
from security_app.ui.button import danger_button, plain_button
from security_app.ui.card import card
from security_app.ui.entry_frame import callout
from security_app.ui.relative_time import relative_time
from security_app.ui.skeleton import skeleton_lines
from security_app.web.step_up_state import StepUpState


def _status() -> rx.Component:
    on = rx.fragment("On since ", relative_time(TotpState.enabled_at), ".")
    off = "Codes from an app on your phone. Works offline, and is the safer choice."
    return rx.cond(
        TotpState.is_loaded,
        rx.el.p(rx.cond(TotpState.is_enabled, on, off)),
        skeleton_lines(1),
    )


def _codes_line() -> rx.Component:
    left = f"{TotpState.codes_left} of {TotpState.codes_total} recovery codes left"
    return rx.el.div(
        rx.el.div(
            rx.el.p(
                left,
                " ",
                rx.cond(TotpState.is_low, badge("Make new ones soon", "warning")),
                class_name="row-title",
            ),
            rx.el.p(TotpState.kit_line, class_name="row-line"),
            class_name="row-words",
        ),
        rx.el.div(
            rx.cond(
                TotpState.can_view,
                plain_button(
                    "View recovery codes", on_click=StepUpState.ask("view_recovery_codes")
                ),
            ),
            class_name="row-action",
        ),
        class_name="row",
    )


def _new_phone() -> rx.Component:
    return rx.cond(
        TotpState.used_recovery_code,
        rx.el.div(
            callout(
                "You signed in with a recovery code. Set up your new phone: disable the "
                "authenticator app below (a recovery code serves), then enable it again.",
                "warning",
            ),
            class_name="card-note",
        ),
    )


def _actions() -> rx.Component:
    return rx.cond(
        TotpState.is_loaded,
        rx.cond(
            TotpState.is_enabled,
            danger_button("Disable authenticator app", on_click=StepUpState.ask("disable_totp")),
            rx.button(
                "Enable authenticator app",
                on_click=StepUpState.ask("enable_totp"),
                type="button",
                size="2",
            ),
        ),
    )


def totp_card() -> rx.Component:
    """Build the Authenticator app card with its dialogs."""
    return card(
        "totp",
        "Authenticator app",
        rx.cond(
            TotpState.is_enabled,
            rx.fragment(_new_phone(), _codes_line()),
        ),
        wizard(),
        recovery_codes_dialogs(),
        status=_status(),
        actions=_actions(),
    )
