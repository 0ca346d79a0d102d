"""``/settings/personal/activity``: sign-in history and security log."""

from typing import Any, Final

import reflex as rx

from security_app.cards.activity.state import ActivityState
from security_app.cards.activity.view import security_log_card, sign_in_history_card
from security_app.ui import theme
from security_app.ui.shell import shell
from security_app.web.shell_state import ShellState

ROUTE: Final = "/settings/personal/activity"


def activity() -> rx.Component:
    """Build the Activity page."""
    return shell(
        sign_in_history_card(),
        security_log_card(),
        current=ROUTE,
        title="Activity",
        lead="What happened on your account, and from where.",
    )


def register(app: rx.App, *also_on_load: Any) -> None:
    """Add the page.

    Args:
        app: The app.
        *also_on_load: Handlers to run after the page's own, e.g. the live follower.
    """
    app.add_page(
        activity,
        route=ROUTE,
        title=theme.page_title("Activity"),
        on_load=[ShellState.load, ActivityState.load, *also_on_load],
        context={"sitemap": None},
    )
