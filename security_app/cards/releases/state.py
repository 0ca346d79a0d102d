"""What the Releases card knows and what its buttons do."""

import dataclasses

import reflex as rx
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import memberships, releases
from security_app.accounts.activity import Page
from security_app.accounts.releases import ReleaseItem
from security_app.clock import iso
from security_app.web.access import Events, RawForm
from security_app.web.card import Card
from security_app.web.context import current_actor
from security_app.web.dialogs import HasDialogs
from security_app.web.forms import Form, Line, parse, refusals, required, tell_refusal
from security_app.web.notices import notify
from security_app.web.step_up_state import ask_before

#: Rows shown at first, and added by "Show more".
PAGE_ROWS = 10
#: The list in the browser ends here; the API pages through all of them.
_MOST_ROWS = 100


@dataclasses.dataclass(frozen=True)
class ReleaseRow:
    """One row of the list; ``at`` is the time its state is about."""

    id: str
    name: str
    state: str
    at: str


class NewReleaseForm(Form):
    """The field of the dialog that drafts a release."""

    name: Line


class ScheduleForm(Form):
    """The choice of the dialog that schedules one."""

    start: Line = ""


class ReleasesState(Card, HasDialogs, rx.State):
    """Browser: the rows shown so far, the dialog that is open and which release it is about."""

    rows: list[ReleaseRow] = []
    has_more: bool = False
    may_release: bool = False
    subject: str = ""
    subject_name: str = ""
    _shown: int = PAGE_ROWS

    @rx.event
    async def show_more(self) -> None:
        """Show the next rows. Policy: signed in."""
        self._shown = min(self._shown + PAGE_ROWS, _MOST_ROWS)
        await self._load()

    @rx.event
    async def ask_name(self) -> None:
        """Open the dialog that drafts a release. Policy: signed in."""
        self.errors = {}
        self.dialog = "create"

    @rx.event
    async def ask_start(self, release_id: str) -> None:
        """Open the dialog that schedules a release. Policy: signed in."""
        self.errors = {}
        for row in self.rows:
            if row.id == release_id:
                self.dialog, self.subject, self.subject_name = "schedule", row.id, row.name

    @rx.event
    async def create(self, form: RawForm) -> Events:
        """Draft a release.

        Policy: signed in, owner, super admin or admin. Audit: release.created.
        """
        self.is_busy = True
        yield
        async with refusals(self):
            filled = parse(NewReleaseForm, form)
            await releases.create(current_actor(), name=filled.name)
            self.dialog = ""
            await notify(self, "success", "The release is drafted.")
        await self._load()

    @rx.event
    async def schedule(self, form: RawForm) -> Events:
        """Say when the release starts.

        Policy: signed in, owner, super admin or admin, own organization only.
        Audit: release.scheduled.
        """
        self.is_busy = True
        yield
        async with refusals(self):
            start = required(parse(ScheduleForm, form).start, "start", "Choose when it starts.")
            await releases.schedule(current_actor(), self.subject, start=start)
            self.dialog = ""
            await notify(self, "success", "The release is scheduled.")
        await self._load()

    @rx.event
    async def cancel(self, release_id: str) -> None:
        """Cancel a release that has not begun.

        Policy: signed in, owner, super admin or admin, own organization only.
        Audit: release.cancelled.
        """
        async with refusals(self):
            await releases.cancel(current_actor(), release_id)
            await notify(self, "success", "The release is cancelled.")
        await tell_refusal(self)
        await self._load()

    @rx.event
    async def force_cancel(self, release_id: str) -> None:
        """Stop a release that is processing.

        Policy: signed in, owner, super admin or admin, grant of cancel_release for this one,
        which it spends. Audit: release.force_cancelled.
        """
        async with refusals(self):
            await releases.force_cancel(current_actor(), release_id)
            await notify(self, "success", "The release is cancelled.")
        await tell_refusal(self)
        await self._load()

    async def _read(self, db: AsyncSession) -> None:
        actor = current_actor()
        place = await memberships.standing(db, actor)
        page: Page[ReleaseItem] = Page((), "")
        if place is not None and place.may("read"):
            page = await releases.listing(db, actor, limit=self._shown)
        self.may_release = place is not None and place.may("release")
        self.rows = [_row(item) for item in page.items]
        self.has_more = bool(page.next) and self._shown < _MOST_ROWS


def _row(item: ReleaseItem) -> ReleaseRow:
    about = {
        "scheduled": item.starts_at,
        "processing": item.ships_at,
        "shipped": item.ships_at,
        "cancelled": item.cancelled_at,
    }
    return ReleaseRow(item.id, item.name, item.state, iso(about.get(item.state) or item.created_at))


ask_before(
    "cancel_release",
    ReleasesState.force_cancel,
    title="Force-cancel release",
    explanation="Stops {name} while it is processing. What went out already is not taken back.",
    button="Confirm",
    is_danger=True,
    find_target=releases.find_to_cancel,
)
