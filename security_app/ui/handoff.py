"""Leaving the page for the backend: the ticket hand-off, and plain form posts.

An event cannot set a cookie and a client-side redirect never reaches a backend
route, so signing in and out are real form posts (S-35).
"""

import reflex as rx

from security_app.web.door import DoorState

_SCRIPT = "$/public/components/backend_post.js"


class _Handoff(rx.Component):
    library = _SCRIPT
    tag = "Handoff"

    ticket: rx.Var[str]
    leave_to: rx.Var[str]


class _BackendForm(rx.Component):
    library = _SCRIPT
    tag = "BackendForm"

    path: rx.Var[str]


def handoff() -> rx.Component:
    """Post the ticket of the door to the backend, or leave for the path it names.

    Returns:
        A component that shows nothing.
    """
    return _Handoff.create(ticket=DoorState.ticket, leave_to=DoorState.leave_to)


def backend_form(*children: rx.Component, path: str, class_name: str = "") -> rx.Component:
    """Build a plain form that posts to a backend route.

    Args:
        *children: Fields and buttons.
        path: Path of the route, e.g. "/auth/sign-out".
        class_name: CSS class of the form.

    Returns:
        The form.
    """
    return _BackendForm.create(*children, path=path, class_name=class_name)
