"""The state of the sign-in page."""

from datetime import timedelta

import reflex as rx

from security_app.accounts import sign_in, sign_in_code
from security_app.accounts.errors import Overloaded, TooManyAttempts
from security_app.accounts.tickets import safe_path
from security_app.clock import countdown
from security_app.settings import get_settings
from security_app.web.access import Events, NextEvent, Public, RawForm
from security_app.web.context import current_visitor, is_signed_in
from security_app.web.door import HOME_PATH, VERIFY_PATH, DoorState
from security_app.web.entry.demo_accounts import DEMO_ACCOUNTS, DEMO_PASSWORD, DemoAccount
from security_app.web.entry.provider_door import SSO_PATH, ProviderDoorState
from security_app.web.forms import Email, Form, HasErrors, Secret, parse, refusals, required

_NOTICES = {
    "signed_out": "You are signed out.",
    "ticket_dead": "Signing in took too long. Please sign in again.",
    "trip_dead": "That took too long, or was begun in another browser. Please try again.",
    "code_dead": "That sign-in is used up or too old. Please sign in again.",
    "account_deleted": "Your account is deleted. Thank you for having been with us.",
    "password_reset": "Your password was changed. Sign in with the new one.",
}

__all__ = ["DemoAccount", "SignInState"]


class SignInForm(Form):
    """The two fields of the page."""

    email: Email
    password: Secret


class SignInState(Public, HasErrors, rx.State):
    """Browser: the address typed, refusals, until when to wait, demo accounts."""

    email: str = ""
    wait: str = ""
    notice: str = ""
    demo_accounts: list[DemoAccount] = []

    @rx.event
    async def load(self) -> NextEvent:
        """Prepare the page; somebody signed in already goes on. Policy: anybody."""
        query = self.router.url.query_parameters
        self.errors, self.wait = {}, ""
        self.notice = _NOTICES.get(query.get("notice", ""), "")
        self.demo_accounts = list(DEMO_ACCOUNTS) if get_settings().demo else []
        if is_signed_in():
            return rx.redirect(safe_path(query.get("next", "")) or HOME_PATH, replace=True)
        return None

    @rx.event
    async def fill(self, email: str) -> NextEvent:
        """Fill the form for a demo account, or go to who signs it in.

        Policy: anybody, in demo mode.
        """
        doors = {account.email: account.door for account in DEMO_ACCOUNTS}
        if not get_settings().demo or email not in doors:
            return []
        if doors[email] == "sso":
            providers = await self.get_state(ProviderDoorState)
            providers.email = email
            return rx.redirect(SSO_PATH)
        if doors[email]:
            return ProviderDoorState.go_on(doors[email])  # pyright: ignore[reportReturnType, reportCallIssue]
        return [rx.set_value("email", email), rx.set_value("password", DEMO_PASSWORD)]

    @rx.event
    async def submit(self, form: RawForm) -> Events:
        """Sign in.

        Policy: anybody. Limit: 5 wrong in 5 minutes, 20 an hour an account; 30 in
        5 minutes an address; a browser known to the account has its own.
        """
        self.is_busy = True
        yield
        needs_code = False
        async with refusals(self):
            filled = parse(SignInForm, form)
            self.email, self.wait, self.notice = filled.email, "", ""
            try:
                signed_in = await sign_in.sign_in(
                    current_visitor(),
                    email=required(filled.email, "email", "Enter your e-mail address."),
                    password=required(filled.password, "password", "Enter your password."),
                    next_path=self.router.url.query_parameters.get("next", ""),
                )
            except (TooManyAttempts, Overloaded) as refusal:
                self.wait = countdown(timedelta(seconds=refusal.wait_s))
                raise
            needs_code = signed_in.code_needed is not None
            door = await self.get_state(DoorState)
            door.ticket = signed_in.ticket
        if needs_code:
            # Here and not as that page loads: a load must never send mail.
            await sign_in_code.mail_first_code(current_visitor())
            yield rx.redirect(VERIFY_PATH)
