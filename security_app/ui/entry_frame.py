"""The frame of the public pages: one centred card."""

import reflex as rx

from security_app.ui.brand import brand
from security_app.ui.colour_mode import colour_mode_switch
from security_app.ui.handoff import handoff
from security_app.ui.notices import notices
from security_app.ui.shell import page_main
from security_app.ui.skip_link import skip_link


def entry_frame(
    *children: rx.Component,
    title: str,
    lead: str | rx.Component | None = None,
    beside: tuple[rx.Component, ...] = (),
    is_wide: bool = False,
) -> rx.Component:
    """Build a public page.

    Args:
        *children: What the card holds.
        title: The h1.
        lead: One sentence under it.
        beside: Parts under the card, e.g. the demo accounts.
        is_wide: Whether the card may be as wide as a settings card.

    Returns:
        The page.
    """
    head: list[rx.Component] = [rx.el.h1(title, class_name="entry-title")]
    if lead is not None:
        head.append(rx.el.p(lead, class_name="entry-lead"))
    return rx.el.div(
        skip_link(),
        rx.el.header(
            rx.el.div(
                brand(),
                rx.el.div(colour_mode_switch(), class_name="header-end"),
                class_name="header-inner",
            ),
            class_name="header header-plain",
        ),
        page_main(
            notices(),
            rx.el.div(*head, *children, class_name="entry-card"),
            *beside,
            class_name="entry-main entry-wide" if is_wide else "entry-main",
        ),
        handoff(),
        class_name="page",
    )


def entry_links(*links: rx.Component) -> rx.Component:
    """Build the row of links under a form.

    Args:
        *links: Text and links.

    Returns:
        The row.
    """
    return rx.el.p(*links, class_name="entry-links")


def text_link(label: str, href: str) -> rx.Component:
    """Build a link inside the product.

    Args:
        label: What it says.
        href: Local path.

    Returns:
        The link.
    """
    return rx.el.a(label, href=href, class_name="text-link")


def callout(text: str | rx.Var[str], status: str = "info") -> rx.Component:
    """Build a sentence with a coloured ground.

    Args:
        text: The sentence.
        status: "info", "success", "warning" or "error".

    Returns:
        The paragraph.
    """
    return rx.el.p(text, class_name=f"callout callout-{status}")
