"""What the pages behind mailed links share: opening changes nothing, the button does it."""

import contextlib
from collections.abc import AsyncGenerator

import reflex as rx

from security_app.accounts.errors import LinkDead
from security_app.web.access import Public
from security_app.web.forms import HasErrors, refusals


class MailedLink(Public, HasErrors, rx.State, mixin=True):
    """Browser: whether it is done, or the link is dead.

    Opening the link changes nothing: mail scanners open links too.
    """

    is_done: bool = False
    is_dead_link: bool = False

    @rx.event
    async def load(self) -> None:
        """Show the form. Policy: anybody."""
        self.errors, self.is_done = {}, False
        self.is_dead_link = not _token(self)


@contextlib.asynccontextmanager
async def redeeming(state: MailedLink) -> AsyncGenerator[str]:
    """Give the token of the link; leaving the block without a refusal means it is done."""
    async with refusals(state):
        try:
            yield _token(state)
            state.is_done = True
        except LinkDead:
            state.is_dead_link = True


def _token(state: MailedLink) -> str:
    return state.router.url.query_parameters.get("token", "")
