"""``/recover``: what to do without device and codes."""

from typing import Final

import reflex as rx

from security_app.ui import theme
from security_app.ui.entry_frame import entry_frame, entry_links, text_link
from security_app.web.entry.recover import RecoverState

ROUTE: Final = "/recover"


def recover() -> rx.Component:
    """Build the page."""
    return entry_frame(
        rx.el.p(
            "Look for your recovery codes first: in your password manager, on paper, and for a "
            "file whose name ends in “recovery codes”. Each one works in place of a code.",
            class_name="entry-text",
        ),
        rx.cond(
            RecoverState.has_support,
            rx.el.p(
                "No codes? Contact support. Who you are is checked by other means before "
                "anything is switched off. That takes time: recovery is never instant.",
                class_name="entry-text",
            ),
            rx.el.p(
                "Recovery codes are the only way back in without your device.",
                class_name="entry-text",
            ),
        ),
        entry_links(text_link("Back to the code", "/sign-in/verify")),
        title="Lost your device and your codes?",
    )


def register(app: rx.App) -> None:
    """Add the page.

    Args:
        app: The app.
    """
    app.add_page(
        recover,
        route=ROUTE,
        title=theme.page_title("Lost your device"),
        on_load=[RecoverState.load],
        context={"sitemap": None},
    )
