"""How a card looks whose subject the organization's sign-on manages."""

import reflex as rx

from security_app.cards.managed.state import ManagedState
from security_app.ui.badge import badge
from security_app.ui.card import card


def unless_managed(slug: str, title: str, usual: rx.Component) -> rx.Component:
    """Show a card, or in its place that the organization's provider sees to it: read-only.

    Args:
        slug: Folder name of the card.
        title: Its heading.
        usual: The card of an account that nothing manages.
    """
    return rx.cond(
        ManagedState.manager,
        card(
            slug,
            title,
            status=rx.el.p(
                rx.el.strong(ManagedState.manager), " takes care of this for your organization."
            ),
            badge=badge("Managed by SSO", "info"),
        ),
        usual,
    )
