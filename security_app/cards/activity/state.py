"""What the Activity page knows: the whole login history and the security log."""

import dataclasses

import reflex as rx
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import activity
from security_app.accounts.activity import Event, in_words
from security_app.cards.sign_ins.state import SignInRow, sign_in_row
from security_app.clock import iso
from security_app.db.engine import reading
from security_app.web.card import Card
from security_app.web.context import current_actor

_PAGE_ROWS = 20


@dataclasses.dataclass(frozen=True)
class EventRow:
    """One row of the security log, as the view shows it."""

    id: str
    at: str
    text: str
    title: str
    place: str


class ActivityState(Card, rx.State):
    """Browser: the rows shown so far of both lists."""

    sign_ins: list[SignInRow] = []
    has_more_sign_ins: bool = False
    events: list[EventRow] = []
    has_more_events: bool = False
    _sign_ins_next: str = ""
    _events_next: str = ""

    async def _read(self, db: AsyncSession) -> None:
        """The first page of both lists."""
        account_id = current_actor().account_id
        sign_ins = await activity.sign_ins(db, account_id, limit=_PAGE_ROWS)
        events = await activity.events(db, account_id, limit=_PAGE_ROWS)
        self.sign_ins = [sign_in_row(item) for item in sign_ins.items]
        self._sign_ins_next = sign_ins.next
        self.has_more_sign_ins = bool(sign_ins.next)
        self.events = [_event_row(item) for item in events.items]
        self._events_next = events.next
        self.has_more_events = bool(events.next)

    @rx.event
    async def more_sign_ins(self) -> None:
        """Add the next page of the login history. Policy: signed in."""
        async with reading() as db:
            page = await activity.sign_ins(
                db, current_actor().account_id, limit=_PAGE_ROWS, cursor=self._sign_ins_next
            )
        shown = {row.id for row in self.sign_ins}
        self.sign_ins += [sign_in_row(item) for item in page.items if item.id not in shown]
        self._sign_ins_next = page.next
        self.has_more_sign_ins = bool(page.next)

    @rx.event
    async def more_events(self) -> None:
        """Add the next page of the security log. Policy: signed in."""
        async with reading() as db:
            page = await activity.events(
                db, current_actor().account_id, limit=_PAGE_ROWS, cursor=self._events_next
            )
        shown = {row.id for row in self.events}
        self.events += [_event_row(item) for item in page.items if item.id not in shown]
        self._events_next = page.next
        self.has_more_events = bool(page.next)


def _event_row(item: Event) -> EventRow:
    return EventRow(
        id=item.id,
        at=iso(item.at),
        text=in_words(item.action, item.detail),
        title=item.device,
        place=item.place,
    )
