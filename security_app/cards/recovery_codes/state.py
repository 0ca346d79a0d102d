"""Viewing and replacing the recovery codes."""

import dataclasses

import reflex as rx

from security_app.accounts import accounts, recovery_codes
from security_app.accounts.recovery_codes import Kit
from security_app.clock import iso
from security_app.db.engine import reading
from security_app.policy import get_policy
from security_app.web.access import SignedIn
from security_app.web.context import current_actor
from security_app.web.forms import HasErrors, refusals, tell_refusal
from security_app.web.kit_file import file_name, file_text, kit_line
from security_app.web.notices import notify
from security_app.web.step_up_state import ask_before
from security_app.web.vanished_tabs import ShowsSecrets


@dataclasses.dataclass(frozen=True)
class CodeRow:
    """One code on screen; a used one is struck out with the time."""

    code: str
    used_at: str


class RecoveryCodesState(SignedIn, HasErrors, ShowsSecrets, rx.State):
    """Browser: the codes while their dialog is open; emptied when it closes or the tab vanishes."""

    codes: list[CodeRow] = []
    kit_line: str = ""
    is_fresh: bool = False
    can_regenerate: bool = True
    is_confirming: bool = False
    has_saved: bool = False
    file_name: str = ""
    file_text: str = ""

    @rx.event
    async def open_page(self) -> None:
        """Begin a page load with nothing on screen. Policy: signed in."""
        self._clear()

    @rx.event
    async def show(self) -> None:
        """Show the codes.

        Policy: signed in, grant of view_recovery_codes, which it spends. Audit:
        recovery_codes.viewed.
        """
        async with refusals(self):
            await self._show(await recovery_codes.view(current_actor()), is_fresh=False)
        await tell_refusal(self)

    @rx.event
    async def confirm(self, is_confirming: bool) -> None:
        """Ask whether to replace the codes, or take the question back. Policy: signed in."""
        self.is_confirming = is_confirming

    @rx.event
    async def regenerate(self) -> None:
        """Replace the codes.

        Policy: signed in, grant of regenerate_recovery_codes, which it spends. Audit:
        recovery_codes.regenerated.
        """
        async with refusals(self):
            await self._show(await recovery_codes.regenerate(current_actor()), is_fresh=True)
            await notify(self, "success", "Your old recovery codes no longer work.")
        await tell_refusal(self)

    @rx.event
    async def note_saved(self, is_saved: bool) -> None:
        """Tick "I've saved these codes"; Download and Copy tick it too. Policy: signed in."""
        self.has_saved = is_saved

    @rx.event
    async def mail_codes(self) -> None:
        """Mail the codes on screen to the owner. Policy: signed in, codes on screen."""
        unused = [row.code for row in self.codes if not row.used_at]
        if not unused:
            return
        async with refusals(self):
            await recovery_codes.mail_to_owner(current_actor(), unused)
            self.has_saved = True
            await notify(self, "success", "We sent the codes to your e-mail address.")
        await tell_refusal(self)

    @rx.event
    async def toggle(self, is_open: bool) -> None:
        """Close the dialog and empty it; fresh codes must be saved first. Policy: signed in."""
        if not is_open and (not self.is_fresh or self.has_saved):
            self._clear()

    async def _show(self, kit: Kit, *, is_fresh: bool) -> None:
        async with reading() as db:
            profile = await accounts.profile(db, current_actor().account_id)
        self._clear()
        self.codes = [CodeRow(item.code, iso(item.used_at)) for item in kit.codes]
        self.kit_line = kit_line(kit.number, kit.made_at)
        self.is_fresh = is_fresh
        self.can_regenerate = get_policy().codes_regenerate == "in_place"
        self.file_name = file_name(kit, profile.email)
        self.file_text = file_text(kit, profile.email)

    def _shows_secret(self) -> bool:
        return bool(self.codes)

    def _clear(self) -> None:
        self.codes = []
        self.kit_line = self.file_name = self.file_text = ""
        self.is_fresh = self.is_confirming = self.has_saved = False
        self.errors = {}


ask_before(
    "view_recovery_codes",
    RecoveryCodesState.show,
    title="View recovery codes",
    explanation="They are shown to you alone.",
)
ask_before(
    "regenerate_recovery_codes",
    RecoveryCodesState.regenerate,
    title="Make new recovery codes",
    explanation="All codes you have now stop working at once.",
    button="Regenerate codes",
    is_danger=True,
)
