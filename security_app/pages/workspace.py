"""``/workspace``: the organization, its members, invitations and releases."""

from typing import Any, Final

import reflex as rx

from security_app.cards.invitations.state import InvitationsState
from security_app.cards.invitations.view import invitations_card
from security_app.cards.members.state import MembersState
from security_app.cards.members.view import members_card
from security_app.cards.organization.state import OrganizationState
from security_app.cards.organization.view import is_inside, organization_card
from security_app.cards.releases.state import ReleasesState
from security_app.cards.releases.view import releases_card
from security_app.cards.single_sign_on.state import SingleSignOnState
from security_app.cards.single_sign_on.view import single_sign_on_card
from security_app.ui import theme
from security_app.ui.shell import shell
from security_app.ui.step_up_dialog import step_up_dialog
from security_app.web.access import SignedIn
from security_app.web.card import Card, load_cards
from security_app.web.shell_state import ShellState

ROUTE: Final = "/workspace"

CARDS: Final[tuple[type[Card], ...]] = (
    ShellState,
    OrganizationState,
    InvitationsState,
    MembersState,
    ReleasesState,
    SingleSignOnState,
)


class WorkspacePage(SignedIn, rx.State):
    """Has no vars."""

    @rx.event
    async def load(self) -> None:
        """Read all cards of the page. Policy: signed in."""
        await load_cards(self, CARDS)


def workspace() -> rx.Component:
    """Build the Workspace page."""
    has_invitations = (
        InvitationsState.may_invite
        | (InvitationsState.offers.length() > 0)
        | (OrganizationState.is_loaded & (OrganizationState.organization_id == ""))
    )
    return shell(
        organization_card(),
        rx.cond(is_inside(), releases_card()),
        rx.cond(is_inside(), members_card()),
        rx.cond(has_invitations, invitations_card()),
        rx.cond(is_inside(), single_sign_on_card()),
        step_up_dialog(),
        current=ROUTE,
        title="Workspace",
        lead="Your organization, the people in it, and what you release together.",
    )


def register(app: rx.App, *also_on_load: Any) -> None:
    """Add the page.

    Args:
        app: The app.
        *also_on_load: Handlers to run after the page's own, e.g. the live follower.
    """
    app.add_page(
        workspace,
        route=ROUTE,
        title=theme.page_title("Workspace"),
        on_load=[WorkspacePage.load, *also_on_load],
        context={"sitemap": None},
    )
