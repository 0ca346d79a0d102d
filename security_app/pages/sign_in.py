"""``/sign-in``."""

from typing import Final

import reflex as rx

from security_app.ui import theme
from security_app.ui.countdown import countdown
from security_app.ui.entry_form import entry_form
from security_app.ui.entry_frame import callout, entry_frame, entry_links, text_link
from security_app.ui.form_field import email_field, password_field
from security_app.ui.provider_buttons import provider_buttons
from security_app.web.door import DoorState
from security_app.web.entry.provider_door import ProviderDoorState
from security_app.web.entry.sign_in import DemoAccount, SignInState

ROUTE: Final = "/sign-in"
_SCOPE = "sign-in"


def _demo_account(account: rx.Var[DemoAccount]) -> rx.Component:
    return rx.el.li(
        rx.el.button(
            rx.el.strong(account.email),
            rx.el.span(account.shows),
            type="button",
            on_click=SignInState.fill(account.email),
            class_name="demo-account",
        ),
        key=account.email,
    )


def _demo_accounts() -> rx.Component:
    return rx.cond(
        SignInState.demo_accounts.length() > 0,
        rx.el.section(
            rx.el.h2("Demo accounts", id="demo-accounts", class_name="demo-title"),
            rx.el.p("One click fills the form, or leads on.", class_name="demo-lead"),
            rx.el.ul(
                rx.foreach(SignInState.demo_accounts, _demo_account),
                role="list",
                class_name="demo-list",
            ),
            aria_labelledby="demo-accounts",
            class_name="demo",
        ),
    )


def _form() -> rx.Component:
    errors = SignInState.errors
    return entry_form(
        # With Reflex ids, so that a demo account can fill them.
        email_field(errors=errors, scope=_SCOPE, default_value=SignInState.email, id="email"),
        password_field("Password", "password", errors=errors, scope=_SCOPE, id="password"),
        submit_label="Sign in",
        on_submit=SignInState.submit,
        is_busy=SignInState.is_busy | (DoorState.ticket != ""),
        errors=errors,
        after_error=(countdown(SignInState.wait),),
    )


def sign_in() -> rx.Component:
    """Build the sign-in page."""
    return entry_frame(
        rx.el.div(
            rx.cond(SignInState.notice, callout(SignInState.notice, "success")), role="status"
        ),
        _form(),
        entry_links(text_link("Forgot password?", "/forgot-password")),
        provider_buttons(),
        entry_links("New here? ", text_link("Create an account", "/sign-up")),
        title="Sign in",
        beside=(_demo_accounts(),),
    )


def register(app: rx.App) -> None:
    """Add the page.

    Args:
        app: The app.
    """
    app.add_page(
        sign_in,
        route=ROUTE,
        title=theme.page_title("Sign in"),
        on_load=[SignInState.load, ProviderDoorState.load],
        context={"sitemap": None},
    )
