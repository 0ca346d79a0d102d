"""A host application guards an action of its own: erasing a backup asks for the PIN.

Run it with ``EXTENSIONS=docs.examples.backups make run`` and open ``/backups``.
"""

from pathlib import Path
from typing import Any

import reflex as rx
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import step_up
from security_app.accounts.actor import Actor
from security_app.accounts.errors import Refused
from security_app.accounts.step_up import Target
from security_app.db.engine import transaction
from security_app.policy import STEP_UP, Ask, StepUpRow
from security_app.settings import get_settings
from security_app.ui import theme
from security_app.ui.button import danger_button
from security_app.ui.card import card
from security_app.ui.shell import shell
from security_app.ui.step_up_dialog import step_up_dialog
from security_app.web.card import Card
from security_app.web.context import current_actor
from security_app.web.forms import HasErrors, refusals, tell_refusal
from security_app.web.notices import notify
from security_app.web.shell_state import ShellState
from security_app.web.step_up_state import StepUpState, ask_before

ROUTE = "/backups"


# ---- the host's own things: backups are files in a folder of their owner's


def backups_of(actor: Actor) -> list[Path]:
    """The backups of this person; a name has at most 24 characters."""
    folder = get_settings().data_dir / "backups" / actor.account_id
    return list(folder.iterdir()) if folder.is_dir() else []


class NoSuchBackup(Refused):
    """None of this account: foreign and unknown ones look alike."""

    code = "not_found"
    status = 404
    sentence = "There is no such backup."


async def find_backup(actor: Actor, name: str) -> Target:
    """The backup an action is about, for its owner only."""
    if name not in {file.name for file in backups_of(actor)}:
        raise NoSuchBackup
    return Target(id=name, name=name)


# ---- line 1: what the action asks for


STEP_UP["erase_backup"] = StepUpRow("Erase a backup", Ask.NEVER, Ask.NEVER, pin=True)


async def erase_backup(db: AsyncSession, actor: Actor, name: str) -> None:
    """Erase a backup of the actor's."""
    target = await find_backup(actor, name)
    # ---- line 2: the action itself refuses to run without the proof, whoever calls it
    await step_up.spend(db, actor, "erase_backup", target.id)
    for file in backups_of(actor):
        if file.name == target.id:
            file.unlink()


# ---- the page


class BackupsState(Card, HasErrors, rx.State):
    """Browser: the names of this person's backups."""

    names: list[str] = []

    async def _read(self, db: AsyncSession) -> None:  # noqa: ARG002 - the host keeps files
        self.names = sorted(file.name for file in backups_of(current_actor()))

    @rx.event
    async def erase(self, name: str) -> None:
        """Erase a backup. Policy: signed in, own backups only, the PIN: it spends the grant."""
        async with refusals(self):
            async with transaction() as db:
                await erase_backup(db, current_actor(), name)
            await notify(self, "success", "The backup was erased.")
        await tell_refusal(self)
        await self._load()


# ---- line 3: the dialog in front of it
ask_before(
    "erase_backup",
    BackupsState.erase,
    title="Erase backup",
    explanation="Erases {name} for good.",
    button="Confirm",
    is_danger=True,
    find_target=find_backup,
)


theme.CARD_ICONS["backups"] = "archive"


def _row(name: rx.Var[str]) -> rx.Component:
    return rx.el.li(
        rx.el.span(name, class_name="row-words"),
        danger_button("Erase", on_click=StepUpState.ask_about("erase_backup", name)),
        key=name,
        class_name="row",
    )


def page() -> rx.Component:
    """Build the page."""
    return shell(
        card(
            "backups",
            "Backups",
            rx.el.ul(rx.foreach(BackupsState.names, _row), role="list", class_name="rows"),
        ),
        step_up_dialog(),
        current=ROUTE,
        title="Backups",
        lead="A page of the host application.",
    )


def register(app: rx.App, *also_on_load: Any) -> None:
    """Add the page; the product calls this for every extension."""
    app.add_page(
        page,
        route=ROUTE,
        title="Backups",
        on_load=[ShellState.load, BackupsState.load, *also_on_load],
    )
