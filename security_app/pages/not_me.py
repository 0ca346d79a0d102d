"""``/not-me``: opened by "This wasn't me" in a security mail; only the button does anything."""

from typing import Final

import reflex as rx

from security_app.ui import theme
from security_app.ui.entry_form import entry_form
from security_app.ui.entry_frame import text_link
from security_app.ui.mailed_link import mailed_link_page
from security_app.web.entry.not_me import NotMeState

ROUTE: Final = "/not-me"
_WHAT_IT_DOES = (
    "sign everybody out, on every device and in every program, and revoke all API keys,",
    "disconnect Google and Apple, and your organization's sign-on if it came after that mail,",
    "put the e-mail address back, if it was changed since that mail,",
    "turn a second factor on again that was turned off since,",
    "make the password useless and mail you a link to choose a new one.",
)


def _form() -> rx.Component:
    return rx.fragment(
        rx.el.p(
            "If somebody else got into your account, press the button. It will",
            class_name="entry-text",
        ),
        rx.el.ul(*(rx.el.li(each) for each in _WHAT_IT_DOES), class_name="entry-list"),
        rx.el.p(
            "If several mails came that were not you, use the oldest one. "
            "Authenticator app and recovery codes become the ones you had then.",
            class_name="entry-text",
        ),
        rx.el.div(
            entry_form(
                submit_label="This wasn't me",
                on_submit=NotMeState.submit,
                is_busy=NotMeState.is_busy,
                errors=NotMeState.errors,
            ),
            class_name="danger",
        ),
    )


def _dead_link() -> rx.Component:
    return rx.fragment(
        rx.el.p(
            "This link was used already, is older than 7 days, or an earlier one was used. ",
            class_name="entry-text",
        ),
        rx.el.p(
            "If somebody else is in your account, ",
            text_link("set a new password", "/forgot-password"),
            ": that signs everybody out too.",
            class_name="entry-text",
        ),
    )


def _done() -> rx.Component:
    return rx.fragment(
        rx.el.p(
            "Everybody was signed out, API keys were revoked, Google and Apple were "
            "disconnected, and the password works no more.",
            class_name="entry-text",
        ),
        rx.cond(
            NotMeState.address_back,
            rx.el.p("Your e-mail address is back.", class_name="entry-text"),
        ),
        rx.cond(
            NotMeState.factors_back,
            rx.el.p("Your second factor is as it was.", class_name="entry-text"),
        ),
        rx.el.p(
            "We sent a link to choose a new password to the mailbox this link came to.",
            class_name="entry-text",
        ),
    )


def not_me() -> rx.Component:
    """Build the page with the button."""
    return mailed_link_page(
        NotMeState,
        _form(),
        title="This wasn't you?",
        done=_done(),
        done_title="Your account is yours again",
        dead_link=_dead_link(),
        way_on=text_link("Back to sign in", "/sign-in"),
    )


def register(app: rx.App) -> None:
    """Add the page.

    Args:
        app: The app.
    """
    app.add_page(
        not_me,
        route=ROUTE,
        title=theme.page_title("This wasn't me"),
        on_load=[NotMeState.load],
        context={"sitemap": None},
    )
