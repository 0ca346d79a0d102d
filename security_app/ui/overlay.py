"""Says that the connection is lost, and goes by itself when it is back."""

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors

from security_app.ui import theme


@rx.memo
def connection_message() -> rx.Component:
    """Build the message itself, alone in its component: a change draws nothing else anew."""
    return rx.el.div(
        rx.cond(
            has_connection_errors,
            rx.el.p(
                rx.icon("wifi-off", size=theme.SMALL_ICON_PX, aria_hidden="true"),
                rx.el.span("Connection lost. Trying to reconnect…"),
                data_testid="connection-lost",
                class_name="connection-lost",
            ),
        ),
        role="status",
        aria_live="polite",
        class_name="connection",
    )


def connection_overlay() -> rx.Component:
    """Build the connection message that replaces Reflex's toast.

    Returns:
        The component for ``rx.App(app_wraps={(5, "Overlay"): ...})``. A fragment,
        because Reflex puts the page inside what a wrap returns.
    """
    return rx.fragment(connection_message())
