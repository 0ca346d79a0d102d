"""``/sign-in/sso``: the way in through an organization's own sign-on."""

from typing import Final

import reflex as rx

from security_app.ui import theme
from security_app.ui.entry_form import entry_form
from security_app.ui.entry_frame import entry_frame, entry_links, text_link
from security_app.ui.form_field import email_field
from security_app.web.entry.provider_door import ProviderDoorState

ROUTE: Final = "/sign-in/sso"


def sso() -> rx.Component:
    """Build the page that asks for the work address."""
    return entry_frame(
        rx.el.p(
            "Enter your work e-mail address. We send you to your organization's sign-in page.",
            class_name="entry-text",
        ),
        entry_form(
            email_field(
                errors=ProviderDoorState.errors,
                scope="sso",
                default_value=ProviderDoorState.email,
            ),
            submit_label="Continue with SSO",
            on_submit=ProviderDoorState.go_on_with_sso,
            is_busy=ProviderDoorState.is_busy,
            errors=ProviderDoorState.errors,
        ),
        entry_links(text_link("Back to sign in", "/sign-in")),
        title="Sign in with SSO",
    )


def register(app: rx.App) -> None:
    """Add the page.

    Args:
        app: The app.
    """
    app.add_page(
        sso,
        route=ROUTE,
        title=theme.page_title("Sign in with SSO"),
        on_load=[ProviderDoorState.load],
        context={"sitemap": None},
    )
