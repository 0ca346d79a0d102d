"""What the Sessions card knows and what its buttons do."""

import dataclasses

import reflex as rx
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import session_list, sessions
from security_app.accounts.activity_words import METHODS
from security_app.accounts.session_list import OpenSession
from security_app.clock import iso
from security_app.db.engine import transaction
from security_app.web.access import Events, RawForm
from security_app.web.card import Card
from security_app.web.context import current_actor, current_caller
from security_app.web.door import empty_and_leave
from security_app.web.forms import Form, HasErrors, Line, parse, refusals
from security_app.web.notices import notify

#: Rows shown at first, and added by "Show more".
PAGE_ROWS = 10
#: More are ended by "Sign out all other sessions", not one by one.
_MAX_ROWS = 500


@dataclasses.dataclass(frozen=True)
class SessionRow:
    """One row of the list, as the view shows it."""

    id: str
    title: str
    name: str
    place: str
    opened_by: str
    opened_at: str
    last_active_at: str
    is_current: bool
    kind: str


class RenameForm(Form):
    """The inline form of a row."""

    session_id: Line
    name: Line


class SessionsState(Card, HasErrors, rx.State):
    """Browser: the rows shown so far, how many there are, which one is being renamed."""

    rows: list[SessionRow] = []
    total: int = 0
    others: int = 0
    has_more: bool = False
    renaming: str = ""
    _shown: int = PAGE_ROWS

    @rx.event
    async def show_more(self) -> None:
        """Show the next rows. Policy: signed in."""
        self._shown = min(self._shown + PAGE_ROWS, _MAX_ROWS)
        await self._load()

    @rx.event
    async def sign_out(self, session_id: str) -> None:
        """Sign out one session. Policy: signed in, own sessions only. Audit: session.ended."""
        actor = current_actor()
        async with refusals(self):
            async with transaction() as db:
                await sessions.end_session(db, actor, session_id)
            if session_id == actor.session_id:
                await empty_and_leave(self, current_caller().path)
                return
        if "form" in self.errors:
            await notify(self, "info", self.errors["form"])
        await self._load()

    @rx.event
    async def sign_out_others(self) -> Events:
        """Sign out every session but this one. Policy: signed in. Audit: sessions.ended."""
        self.is_busy = True
        yield
        async with refusals(self):
            async with transaction() as db:
                ended = await sessions.sign_out_others(db, current_actor())
            await notify(self, "success", _ended_sentence(ended))
        await self._load()

    @rx.event
    async def start_renaming(self, session_id: str) -> None:
        """Show the name field of a row. Policy: signed in."""
        self.renaming = session_id
        self.errors = {}

    @rx.event
    async def stop_renaming(self) -> None:
        """Hide the name field. Policy: signed in."""
        self.renaming = ""
        self.errors = {}

    @rx.event
    async def rename(self, form: RawForm) -> None:
        """Name a session. Policy: signed in, own sessions only. Audit: session.renamed."""
        async with refusals(self):
            filled = parse(RenameForm, form)
            async with transaction() as db:
                await session_list.rename_session(
                    db, current_actor(), filled.session_id, filled.name
                )
            self.renaming = ""
        if "form" in self.errors:
            self.renaming = ""
        await self._load()

    async def _read(self, db: AsyncSession) -> None:
        """The list as far as it was shown."""
        actor = current_actor()
        current = await session_list.current_session(db, actor)
        page = await session_list.list_sessions(db, actor, limit=self._shown)
        total = await session_list.count_sessions(db, actor.account_id)
        others = [item for item in page.items if not item.is_current]
        shown = [current, *others] if current else others
        self.rows = [_row(item) for item in shown]
        self.total = total
        self.others = max(0, total - 1)
        self.has_more = bool(page.next) and self._shown < _MAX_ROWS


def _row(session: OpenSession) -> SessionRow:
    return SessionRow(
        id=session.id,
        title=session.device,
        name=session.name,
        place=session.place,
        opened_by=METHODS.get(session.opened_by, session.opened_by),
        opened_at=iso(session.opened_at),
        last_active_at=iso(session.last_active_at),
        is_current=session.is_current,
        kind=session.device_kind,
    )


def _ended_sentence(ended: int) -> str:
    if ended == 0:
        return "There was no other session."
    return (
        "1 other session was signed out."
        if ended == 1
        else (f"{ended} other sessions were signed out.")
    )
