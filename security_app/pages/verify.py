"""``/sign-in/verify``: the second factor."""

from typing import Final

import reflex as rx

from security_app.ui import theme
from security_app.ui.clock_time import clock_time
from security_app.ui.code_proof import code_proof, other_methods
from security_app.ui.countdown import countdown
from security_app.ui.entry_form import entry_form
from security_app.ui.entry_frame import entry_frame, entry_links, text_link
from security_app.ui.skeleton import skeleton_lines
from security_app.web.door import DoorState
from security_app.web.entry.verify import VerifyState

ROUTE: Final = "/sign-in/verify"
_SCOPE = "verify"


def _form() -> rx.Component:
    errors = VerifyState.errors
    return entry_form(
        code_proof(VerifyState, scope=_SCOPE, submits=True, takes_focus=True),
        rx.cond(
            (VerifyState.server_time != "") & (VerifyState.mode == "totp"),
            rx.el.p(
                "Is the phone's clock right? Here it is ",
                clock_time(VerifyState.server_time),
                ". Turn on automatic time on the phone.",
                class_name="field-help",
            ),
        ),
        submit_label="Verify",
        on_submit=VerifyState.submit,
        is_busy=VerifyState.is_busy | (DoorState.ticket != ""),
        errors=errors,
        after_error=(countdown(VerifyState.wait),),
    )


def _asks() -> rx.Component:
    return rx.fragment(
        rx.match(
            VerifyState.mode,
            ("recovery_code", rx.el.p("Enter a recovery code.", class_name="entry-text")),
            ("email_code", rx.el.p("Enter the code from our e-mail.", class_name="entry-text")),
            rx.el.p("Enter the code from your authenticator app.", class_name="entry-text"),
        ),
        _form(),
        rx.el.div(other_methods(VerifyState, offers_recovery=True), class_name="entry-alternative"),
    )


def verify() -> rx.Component:
    """Build the page."""
    return entry_frame(
        # Not before it is known what is asked: a field that changes would drop what is typed.
        rx.cond(VerifyState.is_ready, _asks(), skeleton_lines(3)),
        entry_links(text_link("Lost your device and your codes?", "/recover")),
        entry_links(text_link("Back to sign in", "/sign-in")),
        title="Two-factor authentication",
    )


def register(app: rx.App) -> None:
    """Add the page.

    Args:
        app: The app.
    """
    app.add_page(
        verify,
        route=ROUTE,
        title=theme.page_title("Enter your code"),
        on_load=[VerifyState.load],
        context={"sitemap": None},
    )
