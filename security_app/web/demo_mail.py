"""The state of the demo mailbox: what the file transport wrote."""

import asyncio
import dataclasses

import reflex as rx

from security_app.demo.mailbox import read_mailbox
from security_app.settings import get_settings
from security_app.web.access import Public

#: A folder has no transaction to announce its changes.
_LOOK_EVERY_S = 1.0


@dataclasses.dataclass(frozen=True)
class DemoMail:
    """One message as the page shows it."""

    id: str
    to: str
    subject: str
    at: str
    text: str


class DemoMailState(Public, rx.State):
    """Browser: the latest messages, newest first; empty outside demo mode."""

    is_available: bool = False
    mails: list[DemoMail] = []

    @rx.event
    async def load(self) -> None:
        """Read the mailbox. Policy: anybody, in demo mode (loopback only)."""
        self.is_available = get_settings().demo
        if not self.is_available:
            self.mails = []
            return
        self.mails = await _read()

    @rx.event(background=True)
    async def follow(self) -> None:
        """Show new mail as it comes. Policy: anybody, in demo mode (loopback only).

        The framework cancels it when the tab disconnects or navigates.
        """
        while get_settings().demo:
            await asyncio.sleep(_LOOK_EVERY_S)
            mails = await _read()
            if mails != self.mails:
                async with self:
                    self.mails = mails


async def _read() -> list[DemoMail]:
    return [
        DemoMail(message.id, message.to, message.subject, message.at, message.text)
        for message in await asyncio.to_thread(read_mailbox)
    ]
