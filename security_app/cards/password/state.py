"""What the Password card knows and what its buttons do."""

import reflex as rx
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import email_codes, passwords, step_up
from security_app.accounts.email_codes import MailedCode
from security_app.cards.password.new_password import NewPassword
from security_app.clock import iso
from security_app.web.access import Events, RawForm
from security_app.web.card import Card
from security_app.web.code_proof import CodeProof
from security_app.web.context import current_actor
from security_app.web.door import DoorState
from security_app.web.forms import Form, Line, Secret, parse, refusals, required, tell_refusal


class ChangeForm(Form):
    """The three fields of the dialog."""

    current_password: Secret
    new_password: Secret
    repeat_password: Secret
    code: Line = ""


class PasswordState(Card, CodeProof, NewPassword, rx.State):
    """Browser: whether there is a password and its age; the dialog that changes it."""

    has_password: bool = True
    changed_at: str = ""
    is_old: bool = False

    async def _read(self, db: AsyncSession) -> None:
        status = await passwords.status(db, current_actor().account_id)
        self.has_password = status.has_password
        self.changed_at = iso(status.changed_at)
        self.is_old = status.is_old

    @rx.event
    async def toggle(self, is_open: bool) -> Events:
        """Open or close the dialog, empty; mails the code where it is the one asked.

        Policy: signed in. Limit: one mail a minute, 5 an hour, 10 a day an account.
        """
        if is_open:
            async with refusals(self):
                wanted = await step_up.needed(current_actor(), "change_password")
                self._offer(wanted.methods)
            if self.errors:
                await tell_refusal(self)
                return
        self._show_dialog(is_open)
        if is_open:
            async for step in self._mail_if_asked():
                yield step

    @rx.event
    async def save(self, form: RawForm) -> Events:
        """Change the password.

        Policy: signed in, current password, a code when a second factor is on. Limit: 5
        wrong passwords in 5 minutes a session, 10 wrong codes in 15 minutes an account.
        Audit: password.changed.
        """
        self.is_busy = True
        yield
        async with refusals(self):
            filled = parse(ChangeForm, form)
            changed = await passwords.change_password(
                current_actor(),
                current=required(
                    filled.current_password, "current_password", "Enter your current password."
                ),
                new=required(filled.new_password, "new_password", "Enter a new password."),
                repeat=filled.repeat_password,
                code=filled.code,
                method=self.mode,
            )
            self._show_dialog(is_open=False)
            door = await self.get_state(DoorState)
            door.ticket = changed.ticket

    async def _send(self) -> MailedCode:
        return await email_codes.send_for_step_up(current_actor(), "change_password")

    async def _standing(self) -> MailedCode:
        return await email_codes.standing_for_step_up(current_actor(), "change_password")
