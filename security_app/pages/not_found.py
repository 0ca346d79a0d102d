"""The page for a path that leads nowhere."""

import reflex as rx

from security_app.ui import theme
from security_app.ui.entry_frame import entry_frame, entry_links, text_link


def not_found() -> rx.Component:
    """Build the 404 page."""
    return entry_frame(
        rx.el.p(
            "There is no page at this address. It may have moved, or the link is wrong.",
            class_name="entry-text",
        ),
        entry_links(text_link("Go to the start page", "/")),
        title="Page not found",
    )


def register(app: rx.App) -> None:
    """Add the page.

    Args:
        app: The app.
    """
    app.add_page(
        not_found,
        route="404",
        title=theme.page_title("Page not found"),
        context={"sitemap": None},
    )
