"""A strip above the page's content that asks for one thing."""

import reflex as rx

from security_app.ui import theme


def banner(
    text: str | rx.Var[str],
    *actions: rx.Component,
    status: str = "info",
    label: str = "Message",
) -> rx.Component:
    """Build a banner.

    Args:
        text: One or two sentences.
        *actions: Buttons at the right.
        status: Key of ``theme.STATUS_ICONS``.
        label: Accessible name of the strip.

    Returns:
        The strip.
    """
    return rx.el.div(
        rx.icon(theme.STATUS_ICONS[status], size=theme.ICON_PX, aria_hidden="true"),
        rx.el.p(text, class_name="banner-text"),
        *actions,
        role="group",
        aria_label=label,
        class_name=f"banner callout-{status}",
    )
