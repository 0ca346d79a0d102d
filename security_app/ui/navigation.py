"""The settings pages, listed once: a column on a wide screen, a menu on a phone."""

from dataclasses import dataclass
from typing import Final

import reflex as rx

from security_app.ui import theme
from security_app.ui.popover import popover
from security_app.web.shell_state import ShellState


@dataclass(frozen=True)
class Destination:
    """One line of the navigation."""

    path: str
    label: str
    icon: str


#: A new settings page is one line here.
DESTINATIONS: Final = (
    Destination("/settings/personal/profile", "Profile", "user-round"),
    Destination("/settings/personal/security", "Security", "shield"),
    Destination("/settings/personal/api-keys", "API keys", "square-terminal"),
    Destination("/settings/personal/activity", "Activity", "history"),
    Destination("/workspace", "Workspace", "building-2"),
)
_DEMO_MAIL: Final = Destination("/demo/mail", "Demo mail", "mail")


def _line(destination: Destination, current: str) -> rx.Component:
    is_current = destination.path == current
    return rx.el.li(
        rx.el.a(
            rx.icon(destination.icon, size=theme.SMALL_ICON_PX, aria_hidden="true"),
            rx.el.span(destination.label),
            href=destination.path,
            custom_attrs={"aria-current": "page"} if is_current else {},
            class_name="nav-link",
        )
    )


def _lines(current: str) -> rx.Component:
    return rx.el.ul(
        *(_line(destination, current) for destination in DESTINATIONS),
        rx.cond(ShellState.is_demo, _line(_DEMO_MAIL, current)),
        role="list",
        class_name="nav-list",
    )


def navigation(current: str) -> rx.Component:
    """Build the left column.

    Args:
        current: Path of the page that is shown.

    Returns:
        The navigation landmark.
    """
    return rx.el.nav(_lines(current), aria_label="Settings", class_name="nav-column")


def navigation_menu(current: str) -> rx.Component:
    """Build the phone's menu button and its panel.

    Args:
        current: Path of the page that is shown.

    Returns:
        Button and panel, shown on narrow screens only.
    """
    return rx.el.div(
        popover(
            rx.el.nav(_lines(current), aria_label="Settings menu"),
            panel_id="settings-menu",
            opener=(rx.icon("menu", size=theme.ICON_PX, aria_hidden="true"),),
            opener_label="Menu",
            panel_class="popover-left",
        ),
        class_name="nav-menu",
    )
