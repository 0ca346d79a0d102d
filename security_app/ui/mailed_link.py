"""The pages behind mailed links: a form, or what came of it."""

import reflex as rx

from security_app.ui.entry_frame import entry_frame, entry_links
from security_app.web.entry.mailed_link import MailedLink


def mailed_link_page(
    state: type[MailedLink],
    form: rx.Component,
    *,
    title: str,
    done: rx.Component,
    done_title: str,
    dead_link: rx.Component,
    way_on: rx.Component,
) -> rx.Component:
    """Build the page.

    Args:
        state: What the page knows.
        form: Shown while the link lives.
        title: Heading over the form.
        done: Shown once it is done.
        done_title: Heading over that.
        dead_link: Shown when the link is used or too old: what to do instead.
        way_on: The link under it all.

    Returns:
        The page.
    """
    return entry_frame(
        rx.el.div(
            rx.cond(state.is_done, done),
            rx.cond(state.is_dead_link, dead_link),
            role="status",
        ),
        rx.cond(~state.is_done & ~state.is_dead_link, form),
        entry_links(way_on),
        title=rx.cond(
            state.is_done, done_title, rx.cond(state.is_dead_link, "Link expired", title)
        ),
    )
