"""``/confirm-new-email``: opened by the link at the new address; only the button changes it."""

from typing import Final

import reflex as rx

from security_app.ui import theme
from security_app.ui.entry_form import entry_form
from security_app.ui.entry_frame import text_link
from security_app.ui.mailed_link import mailed_link_page
from security_app.web.entry.confirm_new_email import ConfirmNewEmailState

ROUTE: Final = "/confirm-new-email"


def _form() -> rx.Component:
    return rx.fragment(
        rx.el.p(
            "Press the button to make this the e-mail address of your account. "
            "You sign in with it from then on.",
            class_name="entry-text",
        ),
        entry_form(
            submit_label="Confirm new e-mail",
            on_submit=ConfirmNewEmailState.submit,
            is_busy=ConfirmNewEmailState.is_busy,
            errors=ConfirmNewEmailState.errors,
        ),
    )


def _dead_link() -> rx.Component:
    return rx.el.p(
        "This link was used already, was replaced by a newer one, or is too old. "
        "Ask for a new one on your profile page.",
        class_name="entry-text",
    )


def _done() -> rx.Component:
    return rx.el.p(
        "This is the e-mail address of your account now. Wherever you are signed in, you stay so.",
        class_name="entry-text",
    )


def confirm_new_email() -> rx.Component:
    """Build the page with the button."""
    return mailed_link_page(
        ConfirmNewEmailState,
        _form(),
        title="Confirm your new e-mail",
        done=_done(),
        done_title="E-mail changed",
        dead_link=_dead_link(),
        way_on=text_link("Continue", "/"),
    )


def register(app: rx.App) -> None:
    """Add the page.

    Args:
        app: The app.
    """
    app.add_page(
        confirm_new_email,
        route=ROUTE,
        title=theme.page_title("Confirm your new e-mail"),
        on_load=[ConfirmNewEmailState.load],
        context={"sitemap": None},
    )
