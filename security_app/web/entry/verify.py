"""The state of the page between password and code."""

from datetime import timedelta

import reflex as rx

from security_app.accounts import sign_in_code
from security_app.accounts.errors import ChallengeDead, MethodSuspended, Overloaded, TooManyAttempts
from security_app.clock import iso, now
from security_app.web.access import Events, NextEvent, Public, RawForm
from security_app.web.context import current_visitor
from security_app.web.door import SIGN_IN_PATH, DoorState
from security_app.web.forms import Form, HasErrors, Line, parse, refusals, required

_MODES = ("totp", "recovery_code")


class VerifyForm(Form):
    """The one field of the page."""

    code: Line


class VerifyState(Public, HasErrors, rx.State):
    """Browser: which method is asked, until when to wait, the server's time.

    Which sign-in this finishes is known by the browser's own cookie alone.
    """

    is_ready: bool = False
    mode: str = "totp"
    retry_at: str = ""
    server_time: str = ""

    @rx.event
    async def load(self) -> NextEvent:
        """Show what is asked; without a sign-in to finish go back. Policy: anybody."""
        self.errors, self.retry_at, self.mode = {}, "", "totp"
        self.is_ready = False
        try:
            await sign_in_code.pending_of_browser(current_visitor())
        except ChallengeDead:
            return rx.redirect(SIGN_IN_PATH, replace=True)
        self.is_ready = True
        return None

    @rx.event
    async def use(self, mode: str) -> None:
        """Switch between authenticator and recovery code. Policy: anybody."""
        if mode in _MODES:
            self.mode = mode
            self.errors = {}

    @rx.event
    async def submit(self, form: RawForm) -> Events:
        """Finish the sign-in this browser began.

        Policy: anybody with a pending sign-in. Limit: 5 tries a sign-in, 10 wrong
        codes in 15 minutes an account. Audit: recovery_code.used.
        """
        self.is_busy = True
        yield
        is_dead = False
        async with refusals(self):
            self.retry_at = ""
            code = required(parse(VerifyForm, form).code, "code", "Enter a code.")
            try:
                signed_in = await sign_in_code.verify_browser(
                    current_visitor(), code=code, method=self.mode
                )
            except (TooManyAttempts, MethodSuspended, Overloaded) as refusal:
                self.retry_at = iso(now() + timedelta(seconds=refusal.wait_s))
                raise
            except ChallengeDead:
                is_dead = True
            else:
                door = await self.get_state(DoorState)
                door.ticket = signed_in.ticket
        self.server_time = iso(now()) if self.errors else ""
        if is_dead:
            yield rx.redirect(f"{SIGN_IN_PATH}?notice=code_dead", replace=True)
