"""What the Name card knows and what its buttons do."""

import reflex as rx
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import accounts
from security_app.db.engine import transaction
from security_app.web.access import Events, RawForm
from security_app.web.card import Card
from security_app.web.context import current_actor
from security_app.web.dialogs import HasDialog
from security_app.web.forms import Form, Line, parse, refusals
from security_app.web.notices import notify


class NameForm(Form):
    """The field of the dialog."""

    name: Line


class NameState(Card, HasDialog, rx.State):
    """Browser: the display name, whether the dialog is open."""

    name: str = ""

    @rx.event
    async def save(self, form: RawForm) -> Events:
        """Change the name. Policy: signed in. Audit: account.renamed."""
        self.is_busy = True
        yield
        async with refusals(self):
            filled = parse(NameForm, form)
            async with transaction() as db:
                await accounts.change_name(db, current_actor(), filled.name)
            self.is_open = False
            await notify(self, "success", "Your name is saved.")
        await self._load()

    async def _read(self, db: AsyncSession) -> None:
        profile = await accounts.profile(db, current_actor().account_id)
        self.name = profile.name
