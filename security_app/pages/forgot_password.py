"""``/forgot-password``."""

from typing import Final

import reflex as rx

from security_app.ui import theme
from security_app.ui.entry_form import entry_form
from security_app.ui.entry_frame import entry_frame, entry_links, text_link
from security_app.ui.form_field import email_field
from security_app.web.entry.forgot_password import ForgotPasswordState

ROUTE: Final = "/forgot-password"


def _form() -> rx.Component:
    errors = ForgotPasswordState.errors
    return rx.fragment(
        rx.el.p(
            "Enter the e-mail address of your account. We send a link to choose a new password.",
            class_name="entry-text",
        ),
        entry_form(
            email_field(errors=errors, scope="forgot-password"),
            submit_label="Send link",
            on_submit=ForgotPasswordState.submit,
            is_busy=ForgotPasswordState.is_busy,
            errors=errors,
        ),
    )


def _sent() -> rx.Component:
    return rx.el.p(
        "If there is an account for ",
        rx.el.strong(ForgotPasswordState.sent_to),
        ", a link is on its way. It works once, for 30 minutes.",
        class_name="entry-text",
    )


def forgot_password() -> rx.Component:
    """Build the page that asks for a reset link."""
    return entry_frame(
        rx.el.div(rx.cond(ForgotPasswordState.is_sent, _sent()), role="status"),
        rx.cond(ForgotPasswordState.is_sent, rx.fragment(), _form()),
        entry_links(text_link("Back to sign in", "/sign-in")),
        title=rx.cond(ForgotPasswordState.is_sent, "Check your e-mail", "Forgot password?"),
    )


def register(app: rx.App) -> None:
    """Add the page.

    Args:
        app: The app.
    """
    app.add_page(
        forgot_password,
        route=ROUTE,
        title=theme.page_title("Forgot password"),
        on_load=[ForgotPasswordState.load],
        context={"sitemap": None},
    )
