"""What every form that asks for a second-factor code shares: which method, and mailing a code."""

import contextlib

import reflex as rx

from security_app.accounts.email_codes import MailedCode
from security_app.accounts.errors import Refused, TooManyAttempts
from security_app.accounts.needed_proofs import Needed
from security_app.clock import countdown, now
from security_app.web.access import Events
from security_app.web.forms import HasErrors


class CodeProof(HasErrors, mixin=True):
    """Browser: which method is asked, which serve, where a code was mailed, when again.

    The state that mixes it in says how a code is mailed; whether it may be, and
    whether it counts, the rules decide each time.
    """

    methods: list[str] = []
    mode: str = ""
    sent_to: str = ""
    has_mailed_code: bool = False
    is_mailing: bool = False
    again: str = ""

    @rx.event
    async def use(self, mode: str) -> Events:
        """Switch to another method; the e-mail code is sent by choosing it.

        Policy: whoever may send the form. Limit: one mail a minute, 5 an hour, 10 a day
        an account.
        """
        if mode not in self.methods:
            return
        self.mode = mode
        self.errors = {}
        async for step in self._mail_if_asked():
            yield step

    @rx.event
    async def request_code(self) -> Events:
        """Mail a code, or another one.

        Policy: whoever may send the form. Limit: one mail a minute, 5 an hour, 10 a day
        an account.
        """
        if "email_code" not in self.methods:
            return
        self.errors = {}
        self.is_mailing = True
        yield
        await self._mail()

    async def _mail_if_asked(self) -> Events:
        """Mail the code where it is the one asked, and show that it is on its way."""
        if self.mode == "email_code":
            self.is_mailing = True
            yield
            await self._mail()

    async def _send(self) -> MailedCode:
        """Mail the code of this form."""
        raise NotImplementedError

    async def _standing(self) -> MailedCode:
        """How the mailed code of this form stands."""
        raise NotImplementedError

    def _offer(self, methods: tuple[str, ...]) -> None:
        """Show the methods that serve; the first one is asked."""
        self.methods = list(methods)
        self.mode = methods[0] if methods else ""
        self.has_mailed_code = self.is_mailing = False
        self.sent_to = self.again = ""

    async def _mail(self) -> None:
        """Mail a code and show how it stands; a code that counts already will do as well."""
        try:
            self._show(await self._send())
        except Refused as refusal:
            # What the code was for may be over too: then there is nothing more to show.
            with contextlib.suppress(Refused):
                self._show(await self._standing())
            if not (isinstance(refusal, TooManyAttempts) and self.has_mailed_code):
                self.errors = {"code": refusal.sentence}
        finally:
            self.is_mailing = False

    def _show(self, mailed: MailedCode) -> None:
        self.sent_to = mailed.sent_to
        self.has_mailed_code = mailed.expires_at is not None
        self.again = countdown(mailed.again_at - now() if mailed.again_at else None)


class StepUpProof(CodeProof, mixin=True):
    """Browser: whether the password is asked too. For forms that ask what an action needs."""

    needs_password: bool = False

    def _ask_for(self, wanted: Needed) -> None:
        """Show the fields of what the action needs now."""
        self.needs_password = wanted.password
        self._offer(wanted.methods)


def what_is_left(methods: tuple[str, ...]) -> str:
    """What protects the account after a method was turned off, as a sentence."""
    if not methods:
        return "Only your password protects this account now."
    names = {"totp": "from your authenticator app", "email_code": "sent by e-mail"}
    return f"Sign-in still asks for a code {names[methods[0]]}."
