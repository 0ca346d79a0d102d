"""A page that only leads to another one, in the browser."""

import reflex as rx


class _Navigate(rx.Component):
    library = "react-router"
    tag = "Navigate"

    to: rx.Var[str]
    replace: rx.Var[bool]


def redirect(path: str) -> rx.Component:
    """Lead to another page of this site, leaving no entry in the history.

    Args:
        path: Local path.

    Returns:
        A component that shows nothing.
    """
    return rx.fragment(_Navigate.create(to=path, replace=True))
