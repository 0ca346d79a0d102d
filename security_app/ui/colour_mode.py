"""The switch between light, dark and what the system says."""

import reflex as rx
from reflex_base.style import color_mode, set_color_mode

from security_app.ui import theme
from security_app.ui.popover import popover

_MODES = (("light", "Light", "sun"), ("dark", "Dark", "moon"), ("system", "System", "monitor"))


def _mode(mode: str, label: str, icon: str) -> rx.Component:
    return rx.el.button(
        rx.icon(icon, size=theme.SMALL_ICON_PX, aria_hidden="true"),
        rx.el.span(label),
        rx.icon("check", size=theme.SMALL_ICON_PX, class_name="menu-check", aria_hidden="true"),
        type="button",
        aria_pressed=rx.cond(color_mode == mode, "true", "false"),
        on_click=set_color_mode(mode),
        class_name="menu-item",
    )


def colour_mode_switch() -> rx.Component:
    """Build the button that opens the three choices.

    Returns:
        Button and panel.
    """
    return popover(
        rx.el.div(
            *(_mode(*mode) for mode in _MODES),
            role="group",
            aria_label="Colour mode",
        ),
        panel_id="colour-mode",
        opener=(
            rx.icon("sun", size=theme.ICON_PX, class_name="only-light", aria_hidden="true"),
            rx.icon("moon", size=theme.ICON_PX, class_name="only-dark", aria_hidden="true"),
        ),
        opener_label="Colour mode",
    )
