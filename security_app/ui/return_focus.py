"""Focus that comes back to the button a dialog was opened by."""

import reflex as rx


class _ReturnFocus(rx.Component):
    library = "$/public/components/return_focus.js"
    tag = "ReturnFocus"


def return_focus() -> rx.Component:
    """Build the part; put it into the content of a dialog that has no trigger of its own."""
    return _ReturnFocus.create()
