"""The status region: short notices, fed by a var (a backend toast would need ``eval``)."""

import dataclasses
import secrets

import reflex as rx

from security_app.web.access import Public

#: Older ones make room.
_MAX_NOTICES = 4


@dataclasses.dataclass(frozen=True)
class Link:
    """Where a notice leads: a path of ours, and what it is called."""

    label: str
    path: str


NO_LINK = Link("", "")


@dataclasses.dataclass(frozen=True)
class Notice:
    """One line in the status region."""

    id: str
    kind: str
    text: str
    link: str = ""
    path: str = ""


class NoticesState(Public, rx.State):
    """Browser: the notices on screen, newest last."""

    notices: list[Notice] = []

    @rx.event
    async def dismiss(self, notice_id: str) -> None:
        """Take a notice away. Policy: anybody."""
        self.notices = [notice for notice in self.notices if notice.id != notice_id]

    @rx.event
    async def report_fault(self, reference: str) -> None:
        """Say that something failed. Policy: anybody; the exception handler calls it."""
        self._report(reference)

    def _report(self, reference: str) -> None:
        shown = "".join(char for char in reference[:8] if char in "0123456789abcdef")
        self._add("error", f"Something went wrong on our side. Reference: {shown}")

    def _add(self, kind: str, text: str, link: Link = NO_LINK) -> None:
        if any(notice.text == text for notice in self.notices):
            return
        notice = Notice(secrets.token_hex(4), kind, text, link.label, link.path)
        self.notices = [*self.notices, notice][-_MAX_NOTICES:]


async def notify(state: rx.State, kind: str, text: str, link: Link = NO_LINK) -> None:
    """Show a notice in this tab.

    Args:
        state: any state of the tab, locked.
        kind: "success", "info", "warning" or "error".
        text: one sentence.
        link: where it leads, if anywhere.
    """
    notices = await state.get_state(NoticesState)
    notices._add(kind, text, link)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
