"""``/settings/personal/profile``: name, address, deletion."""

from typing import Any, Final

import reflex as rx

from security_app.cards.delete_account.view import delete_account_card
from security_app.cards.email.state import EmailState
from security_app.cards.email.view import email_card
from security_app.cards.managed.state import ManagedState
from security_app.cards.name.state import NameState
from security_app.cards.name.view import name_card
from security_app.ui import theme
from security_app.ui.shell import shell
from security_app.ui.step_up_dialog import step_up_dialog
from security_app.web.shell_state import ShellState

ROUTE: Final = "/settings/personal/profile"


def profile() -> rx.Component:
    """Build the Profile page."""
    return shell(
        name_card(),
        email_card(),
        delete_account_card(),
        step_up_dialog(),
        current=ROUTE,
        title="Profile",
        lead="Your name, your e-mail address, and the account itself.",
    )


def register(app: rx.App, *also_on_load: Any) -> None:
    """Add the page.

    Args:
        app: The app.
        *also_on_load: Handlers to run after the page's own, e.g. the live follower.
    """
    app.add_page(
        profile,
        route=ROUTE,
        title=theme.page_title("Profile"),
        on_load=[
            ShellState.load,
            NameState.load,
            ManagedState.load,
            EmailState.load,
            *also_on_load,
        ],
        context={"sitemap": None},
    )
