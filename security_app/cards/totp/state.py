"""What the authenticator card knows and what its buttons do."""

import reflex as rx
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import accounts, recovery_codes, sessions, totp
from security_app.accounts.methods import methods_of
from security_app.accounts.recovery_codes import Kit
from security_app.clock import iso
from security_app.db.engine import reading
from security_app.policy import get_policy
from security_app.web.access import Events, RawForm
from security_app.web.card import Card
from security_app.web.code_proof import what_is_left
from security_app.web.context import current_actor
from security_app.web.forms import Form, HasErrors, Line, parse, refusals, tell_refusal
from security_app.web.kit_file import file_name, file_text, kit_line
from security_app.web.notices import notify
from security_app.web.qr import svg_data_url
from security_app.web.step_up_state import ask_before
from security_app.web.vanished_tabs import ShowsSecrets
from security_app.web.working_keys import keys_left


class CodeForm(Form):
    """The field of the third step."""

    code: Line


class TotpState(Card, HasErrors, ShowsSecrets, rx.State):
    """Browser: whether the app is on, and while setting up: QR, secret, fresh codes.

    ``step`` is for looks only: where a set-up stands the database knows. QR,
    secret and codes are there while their step is on screen and are emptied when
    it closes, on every load, with the session, and when the tab vanishes.
    """

    is_enabled: bool = False
    enabled_at: str = ""
    used_recovery_code: bool = False
    codes_left: int = 0
    codes_total: int = 0
    kit_line: str = ""
    is_low: bool = False
    can_view: bool = True
    step: str = ""
    qr: str = ""
    secret: str = ""
    codes: list[str] = []
    has_saved: bool = False
    file_name: str = ""
    file_text: str = ""

    @rx.event
    async def open_page(self) -> None:
        """Begin a page load with nothing secret left on screen. Policy: signed in."""
        self._clear()
        await self._load()

    @rx.event
    async def begin(self) -> None:
        """Show the QR code. Policy: signed in, grant of enable_totp, which it spends."""
        async with refusals(self):
            set_up = await totp.start_set_up(current_actor())
            self.qr = await svg_data_url(set_up.otpauth_url)
            groups = [set_up.secret[start : start + 4] for start in range(0, len(set_up.secret), 4)]
            self.secret = " ".join(groups)
            self.step = "scan"
        await tell_refusal(self)

    @rx.event
    async def go_to(self, step: str) -> None:
        """Move between scanning and entering the code. Policy: signed in."""
        if self.qr and step in {"scan", "code"}:
            self.step = step
            self.errors = {}

    @rx.event
    async def verify(self, form: RawForm) -> Events:
        """Turn the app on with a first code.

        Policy: signed in, a set-up of this session. Limit: 10 wrong codes in 15
        minutes an account. Audit: totp.enabled.
        """
        self.is_busy = True
        yield
        async with refusals(self):
            code = parse(CodeForm, form).code
            kit = await totp.confirm_set_up(current_actor(), code)
            await self._show(kit)
        if "form" in self.errors:
            self._clear()
            await tell_refusal(self)
        await self._load()

    @rx.event
    async def note_saved(self, is_saved: bool) -> None:
        """Tick "I've saved these codes"; Download and Copy tick it too. Policy: signed in."""
        self.has_saved = is_saved

    @rx.event
    async def mail_codes(self) -> None:
        """Mail the codes on screen to the owner. Policy: signed in, codes on screen."""
        if not self.codes:
            return
        async with refusals(self):
            await recovery_codes.mail_to_owner(current_actor(), list(self.codes))
            self.has_saved = True
            await notify(self, "success", "We sent the codes to your e-mail address.")
        await tell_refusal(self)

    @rx.event
    async def finish(self) -> None:
        """Close the last step, once the codes are saved. Policy: signed in."""
        if self.has_saved:
            self._clear()

    @rx.event
    async def close(self, is_open: bool) -> None:
        """Escape: drops an unfinished set-up; fresh codes stay until they are saved.

        Policy: signed in.
        """
        if is_open:
            return
        if self.step in {"scan", "code"}:
            await totp.cancel_set_up(current_actor())
        if self.step != "codes" or self.has_saved:
            self._clear()

    @rx.event
    async def disable(self) -> None:
        """Turn the app off.

        Policy: signed in, grant of disable_totp, which it spends. Audit: totp.disabled.
        """
        async with refusals(self):
            left = await totp.disable(current_actor())
            said = f"The authenticator app is off. {what_is_left(left)}"
            keys, link = await keys_left()
            await notify(self, "warning", said + keys, link)
        await tell_refusal(self)
        await self._load()

    async def _read(self, db: AsyncSession) -> None:
        actor = current_actor()
        methods = await methods_of(db, actor.account_id)
        kit = await recovery_codes.status(db, actor.account_id)
        self.is_enabled = methods.totp_at is not None
        self.enabled_at = iso(methods.totp_at)
        self.used_recovery_code = await sessions.lost_its_phone(actor, methods.totp_at)
        self.codes_left, self.codes_total = kit.left, kit.total
        self.kit_line = kit_line(kit.number, kit.made_at) if kit.made_at else ""
        self.is_low = kit.is_low
        self.can_view = get_policy().recovery_code_storage == "encrypted"

    async def _show(self, kit: Kit) -> None:
        self._clear()
        async with reading() as db:
            profile = await accounts.profile(db, current_actor().account_id)
        self.codes = [item.code for item in kit.codes]
        self.file_name = file_name(kit, profile.email)
        self.file_text = file_text(kit, profile.email)
        self.step = "codes"

    def _shows_secret(self) -> bool:
        return bool(self.qr or self.codes)

    def _clear(self) -> None:
        self.step = self.qr = self.secret = self.file_name = self.file_text = ""
        self.codes = []
        self.has_saved = False
        self.errors = {}


ask_before(
    "enable_totp",
    TotpState.begin,
    title="Enable authenticator app",
    explanation="First confirm that it is you.",
)
ask_before(
    "disable_totp",
    TotpState.disable,
    title="Disable authenticator app",
    explanation="Its codes and your recovery codes stop working.",
    button="Disable",
    is_danger=True,
)
