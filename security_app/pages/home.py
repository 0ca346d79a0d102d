"""``/``: to Security when signed in, else to sign-in."""

from typing import Any

import reflex as rx

from security_app.ui import theme
from security_app.ui.brand import brand
from security_app.ui.handoff import handoff
from security_app.ui.shell import page_main


def home() -> rx.Component:
    """Build the moment between."""
    return rx.el.div(
        page_main(
            rx.el.h1(theme.PRODUCT_NAME, class_name="visually-hidden"),
            rx.el.div(
                brand(),
                rx.el.span(class_name="spinner spinner-shown", aria_hidden="true"),
                class_name="between",
            ),
            class_name="entry-main",
        ),
        handoff(),
        class_name="page",
    )


def register(app: rx.App, *on_load: Any) -> None:
    """Add the page.

    Args:
        app: The app.
        *on_load: The handler that decides where to go.
    """
    app.add_page(
        home,
        route="/",
        title=theme.PRODUCT_NAME,
        on_load=list(on_load),
        context={"sitemap": None},
    )
