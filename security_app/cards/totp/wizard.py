"""The steps of turning the authenticator app on: scan, code, recovery codes."""

import reflex as rx

from security_app.cards.totp.state import TotpState
from security_app.ui.button import plain_button
from security_app.ui.code_field import code_field
from security_app.ui.copy_button import copy_button
from security_app.ui.dialog import steps_dialog
from security_app.ui.form_field import form_error
from security_app.ui.kit_tools import kit_tools, saved_checkbox
from security_app.ui.stepper import stepper
from security_app.ui.submit_button import submit_button

_SCOPE = "enable-totp"
_STEPS = 4


def _head(step: int, description: str) -> rx.Component:
    return rx.fragment(
        stepper(step, _STEPS),
        rx.dialog.title("Enable authenticator app", class_name="dialog-title"),
        rx.dialog.description(description, class_name="dialog-description"),
    )


def _scan() -> rx.Component:
    return rx.fragment(
        _head(
            2,
            "Scan the QR code: open an authenticator app (Google Authenticator, Authy, "
            "1Password, Bitwarden, Microsoft Authenticator, Duo, KeePass), add an account "
            "and scan.",
        ),
        rx.el.div(
            rx.el.img(
                src=TotpState.qr,
                alt="QR code for your authenticator app",
                width="200",
                height="200",
                class_name="qr",
            ),
            class_name="qr-frame",
        ),
        rx.el.div(
            rx.el.p("Cannot scan? Type this into the app.", class_name="field-help"),
            rx.el.div(
                rx.el.label("Secret", html_for="totp-secret", class_name="label"),
                rx.el.output(TotpState.secret, id="totp-secret", class_name="secret"),
                copy_button(TotpState.secret, "Copy secret"),
                class_name="secret-line",
            ),
            class_name="secret-block",
        ),
        rx.el.div(
            plain_button("Cancel", on_click=TotpState.close(False)),
            rx.button("Next", type="button", size="2", on_click=TotpState.go_to("code")),
            class_name="dialog-actions",
        ),
    )


def _code() -> rx.Component:
    errors = TotpState.errors
    return rx.fragment(
        _head(3, "Enter the 6 digits the app shows now. They change every 30 seconds."),
        rx.el.form(
            form_error(errors),
            code_field(errors=errors, scope=_SCOPE, submits=True, takes_focus=True),
            rx.el.div(
                plain_button("Back", on_click=TotpState.go_to("scan")),
                submit_button("Verify", is_busy=TotpState.is_busy, errors=errors),
                class_name="dialog-actions",
            ),
            on_submit=TotpState.verify,
            no_validate=True,
            class_name="form",
        ),
    )


def _codes() -> rx.Component:
    return rx.fragment(
        _head(
            4,
            "Two-factor authentication is on. Save your recovery codes: if you lose your "
            "phone, they are your way back in. Each works once.",
        ),
        rx.el.div(
            rx.el.h2(TotpState.kit_line, class_name="kit-title"),
            rx.el.ol(
                rx.foreach(TotpState.codes, lambda code: rx.el.li(rx.el.code(code), key=code)),
                aria_label="Recovery codes",
                class_name="kit",
            ),
            class_name="print-kit",
        ),
        kit_tools(
            text=TotpState.file_text,
            file_name=TotpState.file_name,
            is_unsaved=~TotpState.has_saved,
            on_saved=TotpState.note_saved,
            on_mail=TotpState.mail_codes,
        ),
        saved_checkbox(TotpState.has_saved, TotpState.note_saved),
        rx.el.div(
            rx.button(
                "Done",
                type="button",
                size="2",
                disabled=~TotpState.has_saved,
                on_click=TotpState.finish,
            ),
            class_name="dialog-actions",
        ),
    )


def wizard() -> rx.Component:
    """Build the dialog of steps two to four; the first is the step-up dialog."""
    return steps_dialog(
        TotpState.step,
        ("scan", _scan()),
        ("code", _code()),
        ("codes", _codes()),
        on_open_change=TotpState.close,
    )
