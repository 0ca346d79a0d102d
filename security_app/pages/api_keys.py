"""``/settings/personal/api-keys``: keys for scripts and other programs."""

from typing import Any, Final

import reflex as rx

from security_app.cards.api_keys.making import NewKeyState
from security_app.cards.api_keys.state import ApiKeysState
from security_app.cards.api_keys.view import api_keys_card
from security_app.ui import theme
from security_app.ui.shell import shell
from security_app.ui.step_up_dialog import step_up_dialog
from security_app.web.shell_state import ShellState

ROUTE: Final = "/settings/personal/api-keys"


def api_keys() -> rx.Component:
    """Build the API keys page."""
    return shell(
        api_keys_card(),
        step_up_dialog(),
        current=ROUTE,
        title="API keys",
        lead="Personal access tokens, for scripts and programs that act for you.",
    )


def register(app: rx.App, *also_on_load: Any) -> None:
    """Add the page.

    Args:
        app: The app.
        *also_on_load: Handlers to run after the page's own, e.g. the live follower.
    """
    app.add_page(
        api_keys,
        route=ROUTE,
        title=theme.page_title("API keys"),
        on_load=[ShellState.load, NewKeyState.open_page, ApiKeysState.load, *also_on_load],
        context={"sitemap": None},
    )
