"""How the Recent sign-ins card looks, and a row of the sign-in history."""

import reflex as rx

from security_app.cards.sign_ins.state import SignInRow, SignInsState
from security_app.ui import theme
from security_app.ui.badge import badge
from security_app.ui.card import card
from security_app.ui.empty_state import empty_state
from security_app.ui.relative_time import relative_time
from security_app.ui.skeleton import skeleton_rows

_ACTIVITY = "/settings/personal/activity"


def sign_in_row(row: rx.Var[SignInRow]) -> rx.Component:
    """Build one sign-in attempt."""
    icon = rx.cond(
        row.is_success,
        rx.icon("circle-check", size=theme.ICON_PX),
        rx.icon("circle-x", size=theme.ICON_PX),
    )
    return rx.el.li(
        rx.el.span(
            icon,
            class_name="row-icon row-icon-bare",
            data_success=rx.cond(row.is_success, "true", "false"),
            aria_hidden="true",
        ),
        rx.el.div(
            rx.el.div(
                rx.el.strong(row.result_text, class_name="row-title"),
                rx.cond(row.two_factor_verified, badge("2FA verified", "success")),
                rx.cond(row.is_new_device, badge("New device", "info")),
                class_name="row-title-line",
            ),
            rx.el.p(row.title, " · ", row.method, class_name="row-line"),
            rx.el.p(
                row.place,
                rx.cond(row.ip, rx.fragment(" · ", rx.el.span(row.ip, class_name="row-ip"))),
                class_name="row-line",
            ),
            class_name="row-words",
        ),
        rx.el.span(relative_time(row.at), class_name="row-time"),
        key=row.id,
        data_testid="sign-in-row",
        class_name="row",
    )


def no_sign_ins() -> rx.Component:
    """Build what stands in place of an empty history."""
    return empty_state(
        "No sign-ins yet",
        "Each attempt to sign in to your account appears here, also a failed one.",
    )


def _body() -> rx.Component:
    return rx.cond(
        SignInsState.rows.length() > 0,
        rx.el.ul(
            rx.foreach(SignInsState.rows, sign_in_row),
            role="list",
            aria_label="Recent sign-ins",
            class_name="rows",
        ),
        no_sign_ins(),
    )


def sign_ins_card() -> rx.Component:
    """Build the Recent sign-ins card."""
    return card(
        "sign_ins",
        "Recent sign-ins",
        rx.cond(SignInsState.is_loaded, _body(), skeleton_rows()),
        status="The latest attempts to sign in to your account.",
        actions=rx.el.a("View all", href=_ACTIVITY, class_name="button-link"),
    )
