"""Links within a page: they move the focus, which a router link does not."""

import reflex as rx


class _SkipLink(rx.Component):
    library = "$/public/components/skip_link.js"
    tag = "SkipLink"

    target: rx.Var[str]


def skip_link(target: str = "main") -> rx.Component:
    """Build the link; it appears on focus.

    Args:
        target: Id of the element that takes the focus.

    Returns:
        The link.
    """
    return _SkipLink.create("Skip to content", target=target, class_name="skip-link")


def in_page_link(text: rx.Var[str] | str, target: rx.Var[str] | str) -> rx.Component:
    """Build a link to a card of the same page.

    Args:
        text: What the link says.
        target: Id of the element that takes the focus.

    Returns:
        The link.
    """
    return _SkipLink.create(text, target=target, class_name="text-link")
