"""Focus that comes back to the button a dialog was opened by."""

import reflex as rx

_SCRIPT = rx.asset("return_focus.js", shared=True).importable_path


class _ReturnFocus(rx.Component):
    library = _SCRIPT
    tag = "ReturnFocus"


def return_focus() -> rx.Component:
    """Build the part; put it into the content of a dialog that has no trigger of its own."""
    return _ReturnFocus.create()
