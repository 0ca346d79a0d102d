"""How a page learns that it must take a ticket to the cookie, or leave."""

from urllib.parse import quote

import reflex as rx
from reflex.state import BaseState

from security_app.accounts.tickets import safe_path
from security_app.web.access import Public

SIGN_IN_PATH = "/sign-in"
VERIFY_PATH = "/sign-in/verify"
HOME_PATH = "/settings/personal/security"


class DoorState(Public, rx.State):
    """Fed to the hand-off component of every page; has no handlers.

    Browser: ``ticket`` (posted to ``/auth/session`` at once), ``leave_to`` (the
    page is loaded anew from there). Server only: which session this tab's state
    belongs to.
    """

    ticket: str = ""
    leave_to: str = ""
    _session_id: str = ""


async def empty(state: BaseState) -> BaseState:
    """Empty everything this tab holds; returns the root of its states."""
    root = state._get_root_state()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    door = await root.get_state(DoorState)
    ticket = door.ticket
    root.reset()
    # On its way to the cookie: worth nothing in another browser, dead in 30 seconds.
    door.ticket = ticket
    return root


async def empty_and_leave(state: BaseState, path: str) -> None:
    """Empty everything this tab holds and send it to the sign-in page, by a real load.

    A real load, not a client-side navigation: the browser drops all it had in
    memory, and the next socket carries the cookie of that moment (S-39).

    Args:
        state: any state of the tab, locked.
        path: where to come back to after signing in.
    """
    back = safe_path(path)
    await _leave(state, f"{SIGN_IN_PATH}?next={quote(back)}" if back else SIGN_IN_PATH)


async def leave_after_deletion(state: BaseState) -> None:
    """Empty everything this tab holds and send it to the sign-in page, with a farewell.

    Args:
        state: any state of the tab, locked.
    """
    await _leave(state, f"{SIGN_IN_PATH}?notice=account_deleted")


async def _leave(state: BaseState, path: str) -> None:
    """Leave by a real load; a tab that is on its way already goes there."""
    door = await state.get_state(DoorState)
    on_its_way = door.leave_to
    await empty(state)
    door.leave_to = on_its_way or path
