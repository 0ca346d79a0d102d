"""What the cards of signed-in pages share: how they are read, and which changes they have seen."""

import asyncio
from collections.abc import Sequence

import reflex as rx
from reflex.state import BaseState
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.db.engine import reading
from security_app.live.hub import hub
from security_app.web.access import SignedIn
from security_app.web.faults import log_fault
from security_app.web.notices import NoticesState


class Card(SignedIn, rx.State, mixin=True):
    """A state that shows something of the account; says in ``_read`` how it is read.

    Browser: ``is_loaded`` (there is something to show). Server only: the number of
    the latest change that what is shown has in it.
    """

    is_loaded: bool = False
    _seen: int = 0

    @rx.event
    async def load(self) -> None:
        """Read anew what the card shows. Policy: signed in."""
        await self._load()

    async def _load(self) -> None:
        seen = hub.latest
        async with reading() as db:
            await self._load_from(db, seen)

    async def _load_from(self, db: AsyncSession, seen: int) -> None:
        """Read with a session opened after ``hub.latest`` was ``seen``."""
        await self._read(db)
        self._seen = seen
        self.is_loaded = True

    async def _read(self, db: AsyncSession) -> None:
        raise NotImplementedError


async def load_cards(state: BaseState, cards: Sequence[type[Card]]) -> None:
    """Load the cards of a page in one go, with one database session.

    A card that fails says so and takes none of the others with it.

    Args:
        state: any state of the tab, locked.
        cards: which, in the order of the page.
    """
    waiting = list(cards)
    while waiting:
        seen = hub.latest
        try:
            async with reading() as db:
                while waiting:
                    card = await state.get_state(waiting.pop(0))
                    await card._load_from(db, seen)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
                    # SQLite answered in place: others have their turn before the next one.
                    await asyncio.sleep(0)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other cards can be read
            notices = await state.get_state(NoticesState)
            notices._report(log_fault(error, where="load"))  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
