"""Making a key and replacing one: the dialog, and the key while it is on screen."""

from datetime import timedelta
from typing import Final

import reflex as rx

from security_app.accounts import api_key_changes, email_codes, step_up
from security_app.accounts.api_key_changes import NewKey
from security_app.accounts.email_codes import MailedCode
from security_app.accounts.errors import FieldRefused
from security_app.accounts.step_up import Proofs
from security_app.clock import iso, now
from security_app.policy import API_KEY_SCOPES
from security_app.web.access import Events, RawForm, SignedIn
from security_app.web.code_proof import StepUpProof
from security_app.web.context import current_actor
from security_app.web.forms import Form, Line, Secret, parse, refusals, tell_refusal
from security_app.web.vanished_tabs import ShowsSecrets

_ACTION: Final = "create_api_key"
#: Days to choose from, as the form sends them, and in words; the second field is the default.
LIVES: Final = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "1 year"}
USUAL_LIFE: Final = "90"


def scope_field(scope: str) -> str:
    """The name of a scope's checkbox."""
    return f"scope_{scope.replace(':', '_')}"


class NewKeyForm(Form):
    """The dialog of a new key; each scope that is ticked adds a field of its own."""

    name: Line = ""
    days: Line = USUAL_LIFE
    password: Secret = ""
    code: Line = ""


class RotateForm(Form):
    """The dialog that replaces a key."""

    old_key: Line = "keep"
    password: Secret = ""
    code: Line = ""


class NewKeyState(SignedIn, StepUpProof, ShowsSecrets, rx.State):
    """Browser: which dialog is open, and a fresh key while it is shown.

    ``step`` is "create", "rotate", "key" or "". The key is there from the moment it was
    made until the dialog is closed, a page is loaded or the tab vanishes, and nowhere else.
    """

    step: str = ""
    old_name: str = ""
    key: str = ""
    key_name: str = ""
    ends_at: str = ""
    _old_id: str = ""

    @rx.event
    async def open_page(self) -> None:
        """Begin a page load with nothing secret left on screen. Policy: signed in."""
        self._clear()

    @rx.event
    async def start(self) -> Events:
        """Open the dialog of a new key; mails the code where it is the one asked.

        Policy: signed in. Limit: one mail a minute, 5 an hour, 10 a day an account.
        """
        async with refusals(self):
            await api_key_changes.require_room(current_actor())
            await self._open("create")
        if self.errors:
            await tell_refusal(self)
            return
        async for step in self._mail_if_asked():
            yield step

    @rx.event
    async def start_rotation(self, key_id: str) -> Events:
        """Open the dialog that replaces a key; mails the code where it is the one asked.

        Policy: signed in, own keys only. Limit: one mail a minute, 5 an hour, 10 a day an
        account.
        """
        async with refusals(self):
            target = await api_key_changes.find_target(current_actor(), key_id)
            await self._open("rotate")
            self._old_id, self.old_name = target.id, target.name
        if self.errors:
            await tell_refusal(self)
            return
        async for step in self._mail_if_asked():
            yield step

    @rx.event
    async def create(self, form: RawForm) -> Events:
        """Make the key and show it, once.

        Policy: signed in, the proofs of create_api_key. Limit: 5 wrong passwords in 5
        minutes a session, 10 wrong codes in 15 minutes an account. Audit: api_key.created.
        """
        self.is_busy = True
        yield
        async with refusals(self):
            filled = parse(NewKeyForm, form)
            if filled.days not in LIVES:
                raise FieldRefused("Choose when the key ends.", field="expires_at")
            made = await api_key_changes.create(
                current_actor(),
                name=filled.name,
                scopes=[each for each in API_KEY_SCOPES if form.get(scope_field(each)) == "on"],
                expires_at=now() + timedelta(days=int(filled.days)),
                proofs=Proofs(filled.password, filled.code, self.mode),
            )
            # The list follows by itself, as on every other open page.
            self._show(made)

    @rx.event
    async def rotate(self, form: RawForm) -> Events:
        """Replace the key the dialog is about, and show the new one, once.

        Policy: signed in, own keys only, the proofs of create_api_key. Limit: as for a
        new key. Audit: api_key.rotated.
        """
        self.is_busy = True
        yield
        async with refusals(self):
            filled = parse(RotateForm, form)
            made = await api_key_changes.rotate(
                current_actor(),
                self._old_id,
                cut_at_once=filled.old_key == "cut",
                proofs=Proofs(filled.password, filled.code, self.mode),
            )
            self._show(made)

    @rx.event
    async def toggle(self, is_open: bool) -> None:
        """Escape and Cancel close the dialog; a fresh key stays until Done. Policy: signed in."""
        if not is_open and not self.key:
            self._clear()

    @rx.event
    async def finish(self) -> None:
        """Close the dialog and forget the key. Policy: signed in."""
        self._clear()

    async def _open(self, step: str) -> None:
        self._clear()
        wanted = await step_up.needed(current_actor(), _ACTION)
        self._ask_for(wanted)
        self.step = step

    def _show(self, made: NewKey) -> None:
        self._clear()
        self.key, self.key_name = made.key, made.shown.name
        self.ends_at = iso(made.shown.expires_at)
        self.step = "key"

    def _shows_secret(self) -> bool:
        return bool(self.key)

    def _clear(self) -> None:
        self.step = self.key = self.key_name = self.ends_at = self.old_name = self._old_id = ""
        self.errors = {}

    async def _send(self) -> MailedCode:
        return await email_codes.send_for_step_up(current_actor(), _ACTION)

    async def _standing(self) -> MailedCode:
        return await email_codes.standing_for_step_up(current_actor(), _ACTION)
