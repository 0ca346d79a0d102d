"""How the recovery codes are shown, replaced and kept."""

import reflex as rx

from security_app.cards.recovery_codes.state import CodeRow, RecoveryCodesState
from security_app.ui.button import plain_button
from security_app.ui.kit_tools import kit_tools, saved_checkbox
from security_app.ui.relative_time import relative_time
from security_app.ui.return_focus import return_focus
from security_app.web.step_up_state import StepUpState


def _code(row: rx.Var[CodeRow]) -> rx.Component:
    used = rx.fragment(
        rx.el.s(rx.el.code(row.code)),
        rx.el.span(" used ", relative_time(row.used_at), class_name="row-soft"),
    )
    return rx.el.li(
        rx.cond(row.used_at != "", used, rx.el.code(row.code)),
        key=row.code,
    )


def _list() -> rx.Component:
    return rx.el.div(
        rx.el.h2(RecoveryCodesState.kit_line, class_name="kit-title"),
        rx.el.ol(
            rx.foreach(RecoveryCodesState.codes, _code),
            aria_label="Recovery codes",
            class_name="kit",
        ),
        class_name="print-kit",
    )


def _question() -> rx.Component:
    return rx.el.div(
        rx.el.p("Make ten new codes? All codes you have now stop working at once."),
        rx.el.div(
            plain_button("Keep these codes", on_click=RecoveryCodesState.confirm(False)),
            rx.el.span(
                rx.button(
                    "Regenerate codes",
                    type="button",
                    size="2",
                    on_click=StepUpState.ask("regenerate_recovery_codes"),
                ),
                class_name="danger",
            ),
            class_name="dialog-actions",
        ),
        role="group",
        class_name="kit-question",
    )


def _buttons() -> rx.Component:
    return rx.el.div(
        rx.cond(
            RecoveryCodesState.can_regenerate,
            plain_button("Regenerate", on_click=RecoveryCodesState.confirm(True)),
        ),
        rx.button(
            "Done",
            type="button",
            size="2",
            disabled=RecoveryCodesState.is_fresh & ~RecoveryCodesState.has_saved,
            on_click=RecoveryCodesState.toggle(False),
        ),
        class_name="dialog-actions",
    )


def recovery_codes_dialogs() -> rx.Component:
    """Build the dialog that shows the codes."""
    return rx.dialog.root(
        rx.dialog.content(
            return_focus(),
            rx.dialog.title("Recovery codes", class_name="dialog-title"),
            rx.dialog.description(
                rx.cond(
                    RecoveryCodesState.is_fresh,
                    "These are your new codes. Save them again: the old ones no longer work.",
                    "Each code works once, in place of a code from your app. Never share one.",
                ),
                class_name="dialog-description",
            ),
            _list(),
            kit_tools(
                text=RecoveryCodesState.file_text,
                file_name=RecoveryCodesState.file_name,
                is_unsaved=RecoveryCodesState.is_fresh & ~RecoveryCodesState.has_saved,
                on_saved=RecoveryCodesState.note_saved,
                on_mail=RecoveryCodesState.mail_codes,
            ),
            rx.cond(
                RecoveryCodesState.is_fresh,
                saved_checkbox(RecoveryCodesState.has_saved, RecoveryCodesState.note_saved),
            ),
            rx.cond(RecoveryCodesState.is_confirming, _question(), _buttons()),
            size="3",
            class_name="dialog",
        ),
        open=RecoveryCodesState.codes.length() > 0,
        on_open_change=RecoveryCodesState.toggle,
    )
