"""What the Email code card knows and what its buttons do."""

import reflex as rx
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import accounts, email_codes
from security_app.accounts.email_codes import MailedCode
from security_app.accounts.methods import methods_of
from security_app.clock import iso
from security_app.policy import get_policy
from security_app.web.access import Events, RawForm
from security_app.web.card import Card
from security_app.web.code_proof import CodeProof, what_is_left
from security_app.web.context import current_actor
from security_app.web.forms import Form, Line, parse, refusals, required, tell_refusal
from security_app.web.notices import notify
from security_app.web.step_up_state import ask_before
from security_app.web.working_keys import keys_left


class CodeForm(Form):
    """The field of the second step."""

    code: Line


class EmailCodeState(Card, CodeProof, rx.State):
    """Browser: whether it is on, since when, where codes go, and the open set-up.

    ``is_setting_up`` is for looks only: where a set-up stands the database knows.
    """

    is_offered: bool = False
    is_confirmed: bool = True
    is_enabled: bool = False
    enabled_at: str = ""
    address: str = ""
    is_setting_up: bool = False

    async def _read(self, db: AsyncSession) -> None:
        account_id = current_actor().account_id
        methods = await methods_of(db, account_id)
        profile = await accounts.profile(db, account_id)
        self.is_enabled = methods.email_code_at is not None
        self.is_offered = self.is_enabled or get_policy().email_code
        self.enabled_at = iso(methods.email_code_at)
        self.address = profile.email
        self.is_confirmed = profile.email_confirmed

    @rx.event
    async def begin(self) -> Events:
        """Send the code that turns it on.

        Policy: signed in, grant of enable_email_code, which it spends. Limit: one mail a
        minute, 5 an hour, 10 a day an account.
        """
        async with refusals(self):
            await email_codes.start_set_up(current_actor())
            self._offer(("email_code",))
            self.is_setting_up = self.is_mailing = True
        if self.errors:
            await tell_refusal(self)
            return
        yield
        await self._mail()

    @rx.event
    async def verify(self, form: RawForm) -> Events:
        """Turn it on with the code that was sent.

        Policy: signed in, a set-up of this session. Limit: 5 tries a code, 10 wrong codes
        in 15 minutes an account. Audit: email_code.enabled.
        """
        self.is_busy = True
        yield
        async with refusals(self):
            code = required(parse(CodeForm, form).code, "code", "Enter the code we sent.")
            await email_codes.confirm_set_up(current_actor(), code)
            self._close()
            await notify(self, "success", "E-mail codes are on. Sign-in asks for one from now on.")
        if "form" in self.errors:
            self._close()
            await tell_refusal(self)
        await self._load()

    @rx.event
    async def close(self, is_open: bool) -> None:
        """Cancel: drops an unfinished set-up. Policy: signed in."""
        if is_open:
            return
        if self.is_setting_up:
            await email_codes.cancel_set_up(current_actor())
        self._close()
        self.errors = {}

    @rx.event
    async def disable(self) -> None:
        """Turn it off.

        Policy: signed in, grant of disable_email_code, which it spends. Audit:
        email_code.disabled.
        """
        async with refusals(self):
            left = await email_codes.disable(current_actor())
            keys, link = await keys_left()
            said = f"E-mail codes are off. {what_is_left(left)}"
            await notify(self, "warning", said + keys, link)
        await tell_refusal(self)
        await self._load()

    async def _send(self) -> MailedCode:
        return await email_codes.send_for_set_up(current_actor())

    async def _standing(self) -> MailedCode:
        return await email_codes.standing_for_set_up(current_actor())

    def _close(self) -> None:
        self.is_setting_up = False
        self._offer(())


ask_before(
    "enable_email_code",
    EmailCodeState.begin,
    title="Enable email code",
    explanation="First confirm that it is you.",
)
ask_before(
    "disable_email_code",
    EmailCodeState.disable,
    title="Disable email code",
    explanation="Codes sent by e-mail stop working.",
    button="Disable",
    is_danger=True,
)
