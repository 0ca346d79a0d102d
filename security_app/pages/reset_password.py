"""``/reset-password``: opened by the link of the e-mail."""

from typing import Final

import reflex as rx

from security_app.ui import theme
from security_app.ui.entry_form import entry_form
from security_app.ui.entry_frame import text_link
from security_app.ui.form_field import password_field
from security_app.ui.mailed_link import mailed_link_page
from security_app.ui.strength_meter import strength_meter
from security_app.web.entry.reset_password import ResetPasswordState

ROUTE: Final = "/reset-password"
_SCOPE = "reset-password"


def _form() -> rx.Component:
    errors = ResetPasswordState.errors
    return entry_form(
        password_field(
            "New password",
            "new_password",
            errors=errors,
            scope=_SCOPE,
            is_new=True,
            help_text="Tip: a memorable sentence is strong and easy to type.",
            on_change=ResetPasswordState.assess.debounce(300),
            below=(strength_meter(ResetPasswordState.strength),),
        ),
        password_field(
            "Repeat new password", "repeat_password", errors=errors, scope=_SCOPE, is_new=True
        ),
        submit_label="Save password",
        on_submit=ResetPasswordState.submit,
        is_busy=ResetPasswordState.is_busy,
        errors=errors,
    )


def _dead_link() -> rx.Component:
    return rx.el.p(
        "This link was used already or is too old. ",
        text_link("Ask for a new link", "/forgot-password"),
        class_name="entry-text",
    )


def _done() -> rx.Component:
    return rx.el.p(
        "Your password was changed and all sessions were signed out.", class_name="entry-text"
    )


def reset_password() -> rx.Component:
    """Build the page that takes the new password."""
    return mailed_link_page(
        ResetPasswordState,
        _form(),
        title="Choose a new password",
        done=_done(),
        done_title="Password changed",
        dead_link=_dead_link(),
        way_on=text_link("Back to sign in", "/sign-in"),
    )


def register(app: rx.App) -> None:
    """Add the page.

    Args:
        app: The app.
    """
    app.add_page(
        reset_password,
        route=ROUTE,
        title=theme.page_title("Choose a new password"),
        on_load=[ResetPasswordState.load],
        context={"sitemap": None},
    )
