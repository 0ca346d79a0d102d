"""``/sign-up``."""

from typing import Final

import reflex as rx

from security_app.ui import theme
from security_app.ui.entry_form import entry_form
from security_app.ui.entry_frame import entry_frame, entry_links, text_link
from security_app.ui.form_field import email_field, form_field, password_field
from security_app.ui.provider_buttons import provider_buttons
from security_app.ui.strength_meter import strength_meter
from security_app.web.entry.provider_door import ProviderDoorState
from security_app.web.entry.sign_up import SignUpState

ROUTE: Final = "/sign-up"
_SCOPE = "sign-up"


def _form() -> rx.Component:
    errors = SignUpState.errors
    return entry_form(
        form_field(
            "Name",
            "name",
            errors=errors,
            scope=_SCOPE,
            auto_complete="name",
            default_value=SignUpState.name,
        ),
        email_field(errors=errors, scope=_SCOPE, default_value=SignUpState.email),
        password_field(
            "Password",
            "password",
            errors=errors,
            scope=_SCOPE,
            is_new=True,
            help_text="At least 8 characters with a digit. A memorable sentence works well.",
            on_change=SignUpState.assess.debounce(300),
            below=(strength_meter(SignUpState.strength),),
        ),
        submit_label="Create account",
        on_submit=SignUpState.submit,
        is_busy=SignUpState.is_busy,
        errors=errors,
    )


def _sent() -> rx.Component:
    return rx.el.p(
        "We sent a message to ",
        rx.el.strong(SignUpState.sent_to),
        ". Open the link in it to confirm your address.",
        class_name="entry-text",
    )


def sign_up() -> rx.Component:
    """Build the sign-up page."""
    return entry_frame(
        rx.el.div(rx.cond(SignUpState.is_sent, _sent()), role="status"),
        rx.cond(
            SignUpState.is_sent,
            rx.fragment(),
            rx.fragment(_form(), provider_buttons(with_sso=False)),
        ),
        entry_links("Have an account? ", text_link("Sign in", "/sign-in")),
        title=rx.cond(SignUpState.is_sent, "Check your e-mail", "Create an account"),
    )


def register(app: rx.App) -> None:
    """Add the page.

    Args:
        app: The app.
    """
    app.add_page(
        sign_up,
        route=ROUTE,
        title=theme.page_title("Create an account"),
        on_load=[SignUpState.load, ProviderDoorState.load],
        context={"sitemap": None},
    )
