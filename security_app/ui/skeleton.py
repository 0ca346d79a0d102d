"""Grey lines in place of what is still loading."""

import reflex as rx


def skeleton_lines(count: int = 2) -> rx.Component:
    """Build placeholder lines.

    Args:
        count: Number of lines.

    Returns:
        A block hidden from assistive technology; the page's ``aria-busy`` tells them.
    """
    return rx.el.div(
        *(rx.el.span(class_name="skeleton-line") for _ in range(count)),
        class_name="skeleton",
        aria_hidden="true",
    )


def skeleton_rows(count: int = 3) -> rx.Component:
    """Build placeholder rows of a list.

    Args:
        count: Number of rows.

    Returns:
        A block hidden from assistive technology.
    """
    return rx.el.div(
        *(
            rx.el.div(
                rx.el.span(class_name="skeleton-icon"), skeleton_lines(), class_name="skeleton-row"
            )
            for _ in range(count)
        ),
        aria_hidden="true",
    )
