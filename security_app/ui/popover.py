"""A small panel under a button of the header, by the browser's own popover.

No script, no bundle weight: light dismiss, Escape and focus return are built in.
"""

import reflex as rx


def popover(
    *content: rx.Component,
    panel_id: str,
    opener: tuple[rx.Component, ...],
    opener_label: str,
    opener_class: str = "icon-button",
    panel_class: str = "",
) -> rx.Component:
    """Build a button and the panel it opens.

    Args:
        *content: What the panel holds.
        panel_id: Unique id on the page.
        opener: Children of the button.
        opener_label: Accessible name of the button.
        opener_class: CSS class of the button.
        panel_class: CSS class of the panel.

    Returns:
        Button and panel.
    """
    return rx.fragment(
        rx.el.button(
            *opener,
            type="button",
            aria_label=opener_label,
            custom_attrs={"popoverTarget": panel_id},
            class_name=opener_class,
        ),
        rx.el.div(
            *content,
            id=panel_id,
            custom_attrs={"popover": "auto"},
            class_name=f"popover {panel_class}".strip(),
        ),
    )
