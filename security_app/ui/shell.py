"""The frame of every signed-in page."""

from typing import Final

import reflex as rx

from security_app.ui import theme
from security_app.ui.banner import banner
from security_app.ui.brand import brand
from security_app.ui.colour_mode import colour_mode_switch
from security_app.ui.handoff import backend_form, handoff
from security_app.ui.navigation import navigation, navigation_menu
from security_app.ui.notices import notices
from security_app.ui.popover import popover
from security_app.ui.skip_link import skip_link
from security_app.ui.submit_button import action_button
from security_app.web.notices import NoticesState
from security_app.web.shell_state import ShellState

_SECURITY: Final = "/settings/personal/security"


def page_main(*children: rx.Component, class_name: str) -> rx.Component:
    """Build the main landmark. ``data-hydrated`` tells when the socket is live.

    Args:
        *children: The page.
        class_name: CSS class.

    Returns:
        The landmark.
    """
    return rx.el.main(
        *children,
        id="main",
        tab_index=-1,
        data_hydrated=rx.cond(rx.State.is_hydrated, "true", "false"),
        aria_busy=rx.cond(rx.State.is_hydrated, "false", "true"),
        class_name=class_name,
    )


def _account_menu() -> rx.Component:
    return popover(
        rx.el.div(
            rx.el.p(ShellState.name, class_name="menu-name"),
            rx.el.p(ShellState.email, class_name="menu-email"),
            class_name="menu-head",
        ),
        backend_form(
            rx.el.button(
                rx.icon("log-out", size=theme.SMALL_ICON_PX, aria_hidden="true"),
                rx.el.span("Sign out"),
                type="submit",
                class_name="menu-item",
            ),
            path="/auth/sign-out",
        ),
        panel_id="account-menu",
        opener=(
            rx.icon("circle-user-round", size=theme.ICON_PX, aria_hidden="true"),
            rx.el.span(ShellState.email, class_name="account-email"),
            rx.icon("chevron-down", size=theme.SMALL_ICON_PX, aria_hidden="true"),
        ),
        opener_label="Account",
        opener_class="account-button",
    )


def _header(current: str) -> rx.Component:
    return rx.el.header(
        rx.el.div(
            navigation_menu(current),
            brand("/settings/personal/security"),
            rx.el.div(colour_mode_switch(), _account_menu(), class_name="header-end"),
            class_name="header-inner",
        ),
        class_name="header",
    )


def _confirmation_banner() -> rx.Component:
    return rx.cond(
        (ShellState.email != "") & ~ShellState.is_confirmed,
        banner(
            f"Confirm your e-mail address. We sent a link to {ShellState.email}.",
            action_button(
                "Send the link again",
                settled=NoticesState.notices,
                on_click=ShellState.send_confirmation,
            ),
            status="warning",
            label="E-mail not confirmed",
        ),
    )


def _requirement_banner(current: str) -> rx.Component:
    is_there = current == _SECURITY
    return rx.cond(
        ShellState.required_by != "",
        banner(
            f"{ShellState.required_by} requires two-factor authentication. "
            "Set it up to use the workspace.",
            *(
                ()
                if is_there
                else (rx.el.a("Set it up", href=_SECURITY, class_name="button-link"),)
            ),
            status="warning",
            label="Two-factor authentication required",
        ),
    )


def shell(*children: rx.Component, current: str, title: str, lead: str) -> rx.Component:
    """Build a signed-in page.

    Args:
        *children: Cards.
        current: Path of the page, marked in the navigation.
        title: The h1.
        lead: One sentence under it.

    Returns:
        The page.
    """
    return rx.el.div(
        skip_link(),
        _header(current),
        rx.el.div(
            navigation(current),
            page_main(
                notices(),
                _confirmation_banner(),
                _requirement_banner(current),
                rx.el.div(
                    rx.el.h1(title, class_name="page-title"),
                    rx.el.p(lead, class_name="page-lead"),
                    class_name="page-head",
                ),
                *children,
                class_name="page-main",
            ),
            class_name="page-body",
        ),
        handoff(),
        class_name="page",
    )
