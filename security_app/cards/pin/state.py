"""What the PIN card knows and what its buttons do."""

import reflex as rx
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import email_codes, pins, step_up
from security_app.accounts.email_codes import MailedCode
from security_app.accounts.step_up import Proofs
from security_app.clock import countdown, iso, now
from security_app.web.access import Events, RawForm
from security_app.web.card import Card
from security_app.web.code_proof import StepUpProof
from security_app.web.context import current_actor
from security_app.web.forms import Form, Line, Secret, parse, refusals, tell_refusal
from security_app.web.notices import notify
from security_app.web.step_up_state import ask_before


class PinForm(Form):
    """The fields of the dialog."""

    pin: Line
    repeat_pin: Line
    password: Secret = ""
    code: Line = ""


class PinState(Card, StepUpProof, rx.State):
    """Browser: since when there is a PIN, whether and how long it is locked, the open dialog.

    What is typed arrives with the form and leaves with the handler.
    """

    has_pin: bool = False
    set_at: str = ""
    wait: str = ""
    is_disabled: bool = False
    is_open: bool = False

    async def _read(self, db: AsyncSession) -> None:
        status = await pins.status(db, current_actor().account_id)
        self.has_pin = status.set_at is not None
        self.set_at = iso(status.set_at)
        self.wait = countdown(status.locked_until - now() if status.locked_until else None)
        self.is_disabled = status.is_disabled

    @rx.event
    async def toggle(self, is_open: bool) -> Events:
        """Open or close the dialog, empty; mails the code where it is the one asked.

        Policy: signed in. Limit: one mail a minute, 5 an hour, 10 a day an account.
        """
        if is_open:
            wanted = await step_up.needed(current_actor(), "set_pin")
            self._ask_for(wanted)
        self.is_open = is_open
        self.errors = {}
        if is_open:
            async for step in self._mail_if_asked():
                yield step

    @rx.event
    async def save(self, form: RawForm) -> Events:
        """Set the PIN, or another one; ends a lock.

        Policy: signed in, current password, a code when a second factor is on. Limit: 5
        wrong passwords in 5 minutes a session, 10 wrong codes in 15 minutes an account.
        Audit: pin.set.
        """
        self.is_busy = True
        yield
        async with refusals(self):
            filled = parse(PinForm, form)
            had_one = await pins.set_pin(
                current_actor(),
                pin=filled.pin,
                repeat=filled.repeat_pin,
                proofs=Proofs(filled.password, filled.code, self.mode),
            )
            self.is_open = False
            done = "changed" if had_one else "set"
            await notify(
                self, "success", f"Your PIN is {done}. Irreversible actions ask for it from now on."
            )
        await self._load()

    @rx.event
    async def remove(self) -> None:
        """Remove the PIN.

        Policy: signed in, grant of remove_pin, which it spends. Audit: pin.removed.
        """
        async with refusals(self):
            await pins.remove_pin(current_actor())
            await notify(
                self,
                "warning",
                "Your PIN is removed. Irreversible actions ask for a typed confirmation instead.",
            )
        await tell_refusal(self)
        await self._load()

    async def _send(self) -> MailedCode:
        return await email_codes.send_for_step_up(current_actor(), "set_pin")

    async def _standing(self) -> MailedCode:
        return await email_codes.standing_for_step_up(current_actor(), "set_pin")


ask_before(
    "remove_pin",
    PinState.remove,
    title="Remove PIN",
    explanation="Irreversible actions will ask for a typed confirmation instead.",
    button="Remove PIN",
    is_danger=True,
)
