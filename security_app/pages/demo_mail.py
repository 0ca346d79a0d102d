"""``/demo/mail``: the mail that was sent, in demo mode only."""

from typing import Final

import reflex as rx

from security_app.ui import theme
from security_app.ui.empty_state import empty_state
from security_app.ui.entry_frame import entry_frame, entry_links, text_link
from security_app.ui.linked_text import linked_text
from security_app.ui.relative_time import relative_time
from security_app.web.demo_mail import DemoMail, DemoMailState

ROUTE: Final = "/demo/mail"


def _mail(mail: rx.Var[DemoMail]) -> rx.Component:
    return rx.el.li(
        rx.el.article(
            rx.el.h2(mail.subject, class_name="mail-subject"),
            rx.el.p(
                "To ", rx.el.span(mail["to"]), " · ", relative_time(mail.at), class_name="row-line"
            ),
            linked_text(mail.text, "mail-text"),
        ),
        key=mail.id,
        data_testid="mail",
        class_name="mail",
    )


def _mails() -> rx.Component:
    return rx.cond(
        DemoMailState.mails.length() > 0,
        rx.el.ul(rx.foreach(DemoMailState.mails, _mail), role="list", class_name="mails"),
        empty_state("No mail yet", "Each message the product sends appears here."),
    )


def demo_mail() -> rx.Component:
    """Build the demo mailbox."""
    return entry_frame(
        rx.cond(
            DemoMailState.is_available,
            _mails(),
            empty_state("Not available", "The demo mailbox exists in demo mode only."),
        ),
        entry_links(text_link("Back to the product", "/")),
        title="Demo mail",
        lead="What the product sent. No message leaves this machine.",
        is_wide=True,
    )


def register(app: rx.App) -> None:
    """Add the page.

    Args:
        app: The app.
    """
    app.add_page(
        demo_mail,
        route=ROUTE,
        title=theme.page_title("Demo mail"),
        on_load=[DemoMailState.load, DemoMailState.follow],
        context={"sitemap": None},
    )
