"""Focus for a form that opens in place, inside a row."""

import reflex as rx


class _InlineFocus(rx.Component):
    library = "$/public/components/inline_form.js"
    tag = "InlineFocus"

    return_to: rx.Var[str]


def inline_focus(return_to: rx.Var[str] | str) -> rx.Component:
    """Move focus into the form around it; bring it back when the form goes.

    Args:
        return_to: Id of the control that opened the form.

    Returns:
        A component that shows nothing.
    """
    return _InlineFocus.create(return_to=return_to)
