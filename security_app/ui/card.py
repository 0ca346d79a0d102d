"""The card: icon, title, one status sentence, a badge, actions at the right."""

import reflex as rx

from security_app.ui import theme


def card(
    slug: str,
    title: str,
    *children: rx.Component,
    status: rx.Component | str | None = None,
    badge: rx.Component | None = None,
    actions: rx.Component | None = None,
) -> rx.Component:
    """Build a card: a region named by its heading.

    Args:
        slug: Folder name of the card; picks its icon and its anchor.
        title: The heading, the name people and tests rely on.
        *children: Body under the head, e.g. a list.
        status: One sentence in words.
        badge: Only where there is a state worth colour.
        actions: Buttons; at the right, below on a phone.

    Returns:
        The card.
    """
    heading_id = f"{slug}-heading"
    icon = rx.icon(theme.CARD_ICONS[slug], size=theme.ICON_PX)
    words: list[rx.Component] = [
        rx.el.div(
            rx.el.h2(title, id=heading_id, class_name="card-title"),
            *((badge,) if badge is not None else ()),
            class_name="card-title-line",
        )
    ]
    if status is not None:
        words.append(rx.el.div(status, class_name="card-status"))
    head = rx.el.div(
        rx.el.span(icon, class_name="card-icon", aria_hidden="true"),
        rx.el.div(*words, class_name="card-words"),
        *((rx.el.div(actions, class_name="card-actions"),) if actions is not None else ()),
        class_name="card-head",
    )
    body = (rx.el.div(*children, class_name="card-body"),) if children else ()
    return rx.el.section(
        head,
        *body,
        role="region",
        tab_index=-1,
        id=slug.replace("_", "-"),
        aria_labelledby=heading_id,
        class_name="card",
    )
