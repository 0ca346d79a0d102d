"""The provider nobody here wrote is there when a test wants it, or says why not."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import foreign_provider
from tests.foreign_provider import install

FakeNpm = Callable[[str], Path]


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeNpm:
    """Another npm, for a folder where nothing is installed; returns what it was called with."""
    called, program = tmp_path / "called", tmp_path / "npm"
    monkeypatch.setattr(foreign_provider, "_NPM", program)
    monkeypatch.setattr(foreign_provider, "_STAMP", tmp_path / "made-from")

    def make(script: str) -> Path:
        program.write_text(f'#!/bin/sh\necho "$@" >>"{called}"\n{script}\n')
        program.chmod(0o755)
        return called

    return make


def test_two_who_come_at_once_install_it_once(npm: FakeNpm) -> None:
    called = npm("exit 0")
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(install) for _ in range(4)]:
            done.result()
    install()
    assert called.read_text() == "ci --ignore-scripts\n"


def test_an_installation_that_fails_says_why_and_is_tried_again(npm: FakeNpm) -> None:
    npm("echo 'no such registry'; exit 1")
    with pytest.raises(RuntimeError, match=r"(?s)could not be installed.*no such registry"):
        install()
    called = npm("exit 0")
    install()
    assert len(called.read_text().splitlines()) == 2


def test_another_lock_is_another_installation(npm: FakeNpm) -> None:
    called = npm("exit 0")
    foreign_provider._STAMP.write_text("of a former lock")
    install()
    assert called.exists()


def test_the_lock_names_exact_packages_and_no_registry() -> None:
    lock = json.loads(foreign_provider._NPM_LOCK.read_text())
    packages = [package for path, package in lock["packages"].items() if path]
    assert len(packages) > 10
    assert all(package["integrity"].startswith("sha512-") for package in packages)
    assert not any("resolved" in package for package in packages)
