"""How the card looks that says whether 2FA is on."""

import reflex as rx

from security_app.cards.two_factor.state import TwoFactorState
from security_app.ui.badge import badge
from security_app.ui.card import card
from security_app.ui.skeleton import skeleton_lines

#: Method, what speaks for it, what against it (Wevion guide).
_TRADE_OFFS = (
    ("Authenticator app", "Offline, fast, more secure.", "Needs an app and a short set-up."),
    (
        "Email code",
        "No app needed, easiest to turn on.",
        "Slower, less secure: your mailbox is a single point of failure.",
    ),
)


def _choice() -> rx.Component:
    methods = [
        rx.el.li(
            rx.el.p(method, class_name="row-title"),
            rx.el.p(pros, class_name="row-line"),
            rx.el.p(cons, class_name="row-line"),
            class_name="trade-off",
        )
        for method, pros, cons in _TRADE_OFFS
    ]
    return rx.el.div(
        rx.el.ul(*methods, role="list", aria_label="Which method to choose"),
        rx.el.p(
            "We strongly recommend the authenticator app. With both on, each is a fallback "
            "for the other.",
            class_name="row-line",
        ),
        class_name="trade-offs",
    )


def two_factor_card() -> rx.Component:
    """Build the card."""
    advice = rx.cond(
        TwoFactorState.is_recommended & ~TwoFactorState.is_enabled,
        "Strongly recommended for your role. A stolen password alone then opens nothing.",
        rx.cond(
            TwoFactorState.is_enabled,
            "Sign-in asks for your password and a code.",
            "A second step at sign-in: a stolen password alone then opens nothing.",
        ),
    )
    return card(
        "two_factor",
        "Two-factor authentication",
        rx.cond(TwoFactorState.has_choice, _choice()),
        status=rx.cond(TwoFactorState.is_loaded, rx.el.p(advice), skeleton_lines(1)),
        badge=rx.cond(
            TwoFactorState.is_loaded,
            rx.cond(
                TwoFactorState.is_enabled,
                badge("2FA enabled", "success"),
                badge("2FA off", "neutral"),
            ),
        ),
    )
