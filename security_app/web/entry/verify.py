"""The state of the page between password and code."""

from datetime import timedelta

import reflex as rx

from security_app.accounts import sign_in_code
from security_app.accounts.email_codes import MailedCode
from security_app.accounts.errors import ChallengeDead, MethodSuspended, Overloaded, TooManyAttempts
from security_app.clock import countdown, iso, now
from security_app.web.access import Events, NextEvent, Public, RawForm
from security_app.web.code_proof import CodeProof
from security_app.web.context import current_visitor
from security_app.web.door import SIGN_IN_PATH, DoorState
from security_app.web.forms import Form, Line, parse, refusals, required


class VerifyForm(Form):
    """The one field of the page."""

    code: Line


class VerifyState(Public, CodeProof, rx.State):
    """Browser: which method is asked, until when to wait, the server's time.

    Which sign-in this finishes is known by the browser's own cookie alone.
    """

    is_ready: bool = False
    wait: str = ""
    server_time: str = ""

    @rx.event
    async def load(self) -> NextEvent:
        """Show what is asked; without a sign-in to finish go back. Policy: anybody."""
        self.errors, self.wait = {}, ""
        self.is_ready = False
        try:
            pending = await sign_in_code.pending_of_browser(current_visitor())
        except ChallengeDead:
            return rx.redirect(SIGN_IN_PATH, replace=True)
        self._offer(pending.methods)
        if pending.mailed is not None:
            self._show(pending.mailed)
        self.is_ready = True
        return None

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
            self.wait = ""
            code = required(parse(VerifyForm, form).code, "code", "Enter a code.")
            try:
                signed_in = await sign_in_code.verify_browser(
                    current_visitor(), code=code, method=self.mode
                )
            except (TooManyAttempts, MethodSuspended, Overloaded) as refusal:
                self.wait = countdown(timedelta(seconds=refusal.wait_s))
                raise
            except ChallengeDead:
                is_dead = True
            else:
                door = await self.get_state(DoorState)
                door.ticket = signed_in.ticket
        self.server_time = iso(now()) if self.errors else ""
        if is_dead:
            yield rx.redirect(f"{SIGN_IN_PATH}?notice=code_dead", replace=True)

    async def _send(self) -> MailedCode:
        return await sign_in_code.mail_code_of_browser(current_visitor())

    async def _standing(self) -> MailedCode:
        return await sign_in_code.mailed_code_of_browser(current_visitor())
