"""What docs/extend.md promises a host application, held by its example (S-33, S-42, S-56)."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from security_app.web import frontend
from tests.attacks.people import fresh_address
from tests.attacks.raw_client import RawClient, handler
from tests.server import Browser, Person, Server

EXAMPLE = "docs.examples.backups"
STEP_UP = "web.step_up_state.StepUpState"
ASK, SUBMIT = handler(STEP_UP, "ask_about"), handler(STEP_UP, "submit")
ERASE = "reflex___state____state.docs___examples___backups____backups_state.erase"
MONDAY = {"action": "erase_backup", "target_id": "monday.tar"}
PATH = "/settings/personal/security"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The product with the example's action in it."""
    with Server({"EXTENSIONS": EXAMPLE}) as running:
        yield running


@pytest.fixture
def person(server: Server) -> Person:
    return server.add_account()


@pytest.fixture
def backup(server: Server, person: Person) -> Path:
    """A backup of theirs."""
    file = server.data_dir / "backups" / person.id / "monday.tar"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"backup")
    return file


def _open(server: Server, browser: Browser) -> RawClient:
    return RawClient(server, browser=browser, path=PATH, source=fresh_address())


async def test_without_a_pin_its_name_is_typed_then_it_is_erased(
    server: Server, person: Person, backup: Path
) -> None:
    async with _open(server, server.add_session(person)) as page:
        await page.load()
        await page.call(ASK, MONDAY)
        assert page.value(STEP_UP, "needs_confirmation") is True
        await page.call(SUBMIT, {"form": {"confirmation": "tuesday.tar"}})
        assert "confirmation" in page.value(STEP_UP, "errors")
        assert backup.exists()
        await page.call(SUBMIT, {"form": {"confirmation": "monday.tar"}})
        await page.until(lambda: "The backup was erased." in page.text)
    assert not backup.exists()


async def test_s42_the_action_called_by_itself_is_refused(
    server: Server, person: Person, backup: Path
) -> None:
    async with _open(server, server.add_session(person)) as page:
        await page.load()
        await page.call(ERASE, {"name": "monday.tar"})
        assert "Please confirm it is you" in page.text
    assert backup.exists()


async def test_s56_the_backup_of_somebody_else_is_as_unknown_as_any(
    server: Server, backup: Path
) -> None:
    stranger = server.add_account()
    async with _open(server, server.add_session(stranger)) as page:
        await page.load()
        for name in ("monday.tar", "no-such.tar", "../" + backup.parent.name, "x" * 10_000):
            await page.call(ASK, {"action": "erase_backup", "target_id": name})
            assert not page.value(STEP_UP, "action")
            await page.call(SUBMIT, {"form": {"confirmation": name}})
            await page.call(ERASE, {"name": name})
        assert "There is no such backup." in page.text
    assert backup.exists()


def test_its_page_can_be_built() -> None:
    """In a process of its own: the example adds to the tables of this one."""
    built = subprocess.run(
        [sys.executable, "-c", f"import {EXAMPLE} as example; example.page()"],
        cwd=frontend.ROOT,
        env=os.environ | {"PYTHONPATH": str(frontend.ROOT), "DEMO": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr


def test_the_three_lines_of_the_page_are_those_of_the_example() -> None:
    page, example = (
        re.sub(r"\s+", " ", (frontend.ROOT / "docs" / name).read_text()).replace("( ", "(")
        for name in ("extend.md", "examples/backups.py")
    )
    for line in (
        'STEP_UP["erase_backup"] = StepUpRow("Erase a backup", Ask.NEVER, Ask.NEVER, pin=True)',
        'await step_up.spend(db, actor, "erase_backup", ',
        'ask_before("erase_backup", BackupsState.erase, title="Erase backup",',
    ):
        assert line in example
        assert line in page
