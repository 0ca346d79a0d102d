"""What every browser test needs: a server, people, and browsers that are watched.

Browser and driver live as long as one test file. Playwright's driver keeps an
event loop running in the thread that started it, so one that lived longer would
stand in the way of the asynchronous tests of other files in the same process.
"""

import os
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    BrowserType,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.seeding import DESKTOP, Seeds
from tests.e2e.watch import Watch
from tests.install_browser import REMEMBERED, on_path
from tests.server import Person, Server, server

__all__ = [
    "Enter",
    "NewContext",
    "browser",
    "browser_context_args",
    "browser_type",
    "browser_type_launch_args",
    "enter",
    "launch_browser",
    "new_context",
    "person",
    "playwright",
    "second_page",
    "seeds",
    "server",
    "watch",
]

#: What a slow, shared machine may take; nothing waits longer than it must.
_PATIENCE_MS = 20_000
_BROWSER_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

#: A desktop that likes no motion and speaks English, unless a test says otherwise.
_DESKTOP = {
    "viewport": {"width": 1280, "height": 900},
    "reduced_motion": "reduce",
    "locale": "en-GB",
}

NewContext = Callable[..., BrowserContext]
Enter = Callable[..., SecurityPage]

expect.set_options(timeout=_PATIENCE_MS)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use the browser ``tests/install_browser.py`` found."""
    is_headed = browser_type_launch_args.get("headless") is False
    named = os.environ.get("CHROMIUM")
    if not named and not is_headed and REMEMBERED.exists():
        named = REMEMBERED.read_text(encoding="utf-8").strip()
    found = named or on_path(has_windows=is_headed)
    executable = {"executable_path": found} if found else {}
    return {**browser_type_launch_args, "args": _BROWSER_ARGUMENTS, **executable}


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """The driver, for one file."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def browser_type(playwright: Playwright) -> BrowserType:
    """Chromium."""
    return playwright.chromium


@pytest.fixture(scope="module")
def launch_browser(
    browser_type: BrowserType, browser_type_launch_args: dict[str, Any]
) -> Callable[[], Browser]:
    """Start the browser."""
    return lambda: browser_type.launch(**browser_type_launch_args)


@pytest.fixture(scope="module")
def browser(launch_browser: Callable[[], Browser]) -> Generator[Browser]:
    """The browser, for one file."""
    running = launch_browser()
    yield running
    running.close()


@pytest.fixture
def browser_context_args(server: Server) -> dict[str, Any]:
    """What no test changes."""
    return {"base_url": server.base_url}


@pytest.fixture
def seeds(server: Server) -> Seeds:
    """Rows put straight into the server's database; everybody's budget is full."""
    planted = Seeds(server)
    planted.forget_throttles()
    return planted


@pytest.fixture
def person(seeds: Seeds) -> Person:
    """Somebody with an account and a password."""
    return seeds.person()


@pytest.fixture
def watch(server: Server) -> Iterator[Watch]:
    """Fails the test on any console error, page error or request to another host."""
    watching = Watch(server.base_url)
    yield watching
    if complaints := watching.unexpected():
        pytest.fail("\n".join(complaints))


@pytest.fixture
def new_context(watch: Watch, new_context: NewContext) -> NewContext:
    """Open another, separate browser: its own cookies, watched like the first."""

    def make(**options: Any) -> BrowserContext:
        context = new_context(**(_DESKTOP | options))
        context.set_default_timeout(_PATIENCE_MS)
        watch.follow(context)
        return context

    return make


@pytest.fixture
def second_page(new_context: NewContext) -> Page:
    """A page in another browser."""
    return new_context().new_page()


@pytest.fixture
def enter(server: Server, new_context: NewContext) -> Enter:
    """Open the Security page in a new browser where somebody is signed in already."""

    def open_security(person: Person, **options: Any) -> SecurityPage:
        context = new_context(**({"user_agent": DESKTOP} | options))
        held = server.add_session(person, user_agent=DESKTOP)
        context.add_cookies(
            [
                {"name": name, "value": value, "url": server.base_url, "httpOnly": True}
                for name, value in held.cookies.items()
            ]
        )
        return SecurityPage(context.new_page()).open()

    return open_security
