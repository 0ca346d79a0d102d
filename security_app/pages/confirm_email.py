"""``/confirm-email``: opened by the link of the e-mail; only the button confirms."""

from typing import Final

import reflex as rx

from security_app.ui import theme
from security_app.ui.entry_form import entry_form
from security_app.ui.entry_frame import text_link
from security_app.ui.mailed_link import mailed_link_page
from security_app.web.entry.confirm_email import ConfirmEmailState

ROUTE: Final = "/confirm-email"


def _form() -> rx.Component:
    errors = ConfirmEmailState.errors
    return rx.fragment(
        rx.el.p("Press the button to confirm that this address is yours.", class_name="entry-text"),
        entry_form(
            submit_label="Confirm e-mail",
            on_submit=ConfirmEmailState.submit,
            is_busy=ConfirmEmailState.is_busy,
            errors=errors,
        ),
    )


def _dead_link() -> rx.Component:
    return rx.el.p(
        "This link was used already or is too old. Sign in to have a new one sent.",
        class_name="entry-text",
    )


def _done() -> rx.Component:
    return rx.el.p("Your e-mail address is confirmed.", class_name="entry-text")


def confirm_email() -> rx.Component:
    """Build the page with the button."""
    return mailed_link_page(
        ConfirmEmailState,
        _form(),
        title="Confirm your e-mail",
        done=_done(),
        done_title="E-mail confirmed",
        dead_link=_dead_link(),
        way_on=text_link("Continue", "/"),
    )


def register(app: rx.App) -> None:
    """Add the page.

    Args:
        app: The app.
    """
    app.add_page(
        confirm_email,
        route=ROUTE,
        title=theme.page_title("Confirm your e-mail"),
        on_load=[ConfirmEmailState.load],
        context={"sitemap": None},
    )
