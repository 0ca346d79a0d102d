"""Makes a server of these tests impatient with tabs that vanish; EXTENSIONS names it."""

from datetime import timedelta

import reflex as rx

from security_app.web import vanished_tabs

GRACE = timedelta(seconds=1)


def register(_app: rx.App, *_on_load: object) -> None:
    """Shorten the minute a tab has to come back."""
    vanished_tabs.TAB_GRACE = GRACE
