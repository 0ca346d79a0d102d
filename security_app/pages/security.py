"""``/settings/personal/security``: the product."""

from typing import Any, Final

import reflex as rx

from security_app.cards.check_up.state import CheckUpState
from security_app.cards.check_up.view import check_up_strip
from security_app.cards.connected_accounts.state import ConnectedAccountsState
from security_app.cards.connected_accounts.view import connected_accounts_card
from security_app.cards.coverage.state import CoverageState
from security_app.cards.coverage.view import coverage_card
from security_app.cards.email_code.state import EmailCodeState
from security_app.cards.email_code.view import email_code_card
from security_app.cards.managed.state import ManagedState
from security_app.cards.managed.view import unless_managed
from security_app.cards.password.state import PasswordState
from security_app.cards.password.view import password_card
from security_app.cards.pin.state import PinState
from security_app.cards.pin.view import pin_card
from security_app.cards.sessions.state import SessionsState
from security_app.cards.sessions.view import sessions_card
from security_app.cards.sign_ins.state import SignInsState
from security_app.cards.sign_ins.view import sign_ins_card
from security_app.cards.totp.state import TotpState
from security_app.cards.totp.view import totp_card
from security_app.cards.two_factor.state import TwoFactorState
from security_app.cards.two_factor.view import two_factor_card
from security_app.ui import theme
from security_app.ui.redirect import redirect
from security_app.ui.shell import shell
from security_app.ui.step_up_dialog import step_up_dialog
from security_app.web.access import SignedIn
from security_app.web.card import Card, load_cards
from security_app.web.shell_state import ShellState

ROUTE: Final = "/settings/personal/security"
OTHER_ROUTES: Final = ("/settings/security", "/settings/account/security")

CARDS: Final[tuple[type[Card], ...]] = (
    ShellState,
    ManagedState,
    CheckUpState,
    PasswordState,
    TwoFactorState,
    TotpState,
    EmailCodeState,
    PinState,
    ConnectedAccountsState,
    SessionsState,
    SignInsState,
    CoverageState,
)


class SecurityPage(SignedIn, rx.State):
    """Has no vars."""

    @rx.event
    async def load(self) -> None:
        """Read all cards of the page. Policy: signed in."""
        await load_cards(self, CARDS)


def security() -> rx.Component:
    """Build the Security page."""
    return shell(
        check_up_strip(),
        unless_managed("password", "Password", password_card()),
        unless_managed("two_factor", "Two-factor authentication", two_factor_card()),
        unless_managed("totp", "Authenticator app", totp_card()),
        unless_managed("email_code", "Email code", email_code_card()),
        pin_card(),
        connected_accounts_card(),
        sessions_card(),
        sign_ins_card(),
        coverage_card(),
        step_up_dialog(),
        current=ROUTE,
        title="Security",
        lead="Your password, second factors, PIN and connected accounts, and who is signed in.",
    )


def register(app: rx.App, *also_on_load: Any) -> None:
    """Add the page and the paths that lead to it.

    Args:
        app: The app.
        *also_on_load: Handlers to run after the page's own, e.g. the live follower.
    """
    app.add_page(
        security,
        route=ROUTE,
        title=theme.page_title("Security"),
        on_load=[SecurityPage.load, *also_on_load],
        context={"sitemap": None},
    )
    for route in OTHER_ROUTES:
        app.add_page(
            redirect(ROUTE),
            route=route,
            title=theme.page_title("Security"),
            context={"sitemap": None},
        )
