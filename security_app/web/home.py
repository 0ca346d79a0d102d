"""Where ``/`` leads."""

import reflex as rx

from security_app.web.access import NextEvent, Public
from security_app.web.context import is_signed_in
from security_app.web.door import HOME_PATH, SIGN_IN_PATH


class HomeState(Public, rx.State):
    """Has no vars."""

    @rx.event
    async def go(self) -> NextEvent:
        """Go to Security when signed in, else to the sign-in page. Policy: anybody."""
        return rx.redirect(HOME_PATH if is_signed_in() else SIGN_IN_PATH, replace=True)
