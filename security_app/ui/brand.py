"""The product's mark and name."""

import reflex as rx

from security_app.ui import theme


def brand(href: str = "/") -> rx.Component:
    """Build the mark and name as a link.

    Args:
        href: Where it leads.

    Returns:
        The link.
    """
    return rx.el.a(
        rx.el.span(
            rx.icon(theme.PRODUCT_ICON, size=theme.ICON_PX),
            class_name="brand-mark",
            aria_hidden="true",
        ),
        rx.el.span(theme.PRODUCT_NAME, class_name="brand-name"),
        href=href,
        class_name="brand",
    )
