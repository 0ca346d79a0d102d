"""Google of the browser tests that a provider nobody here wrote stands in for."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from tests.e2e.fixtures import NewContext
from tests.e2e.identity_providers import environment_of
from tests.e2e.watch import Watch
from tests.foreign_provider import ForeignProvider
from tests.server import Server

__all__ = ["at_google", "connect_to", "environment_of", "google", "new_context", "watch"]

#: Its pages ask for a typeface there.
_FONTS = "https://fonts.googleapis.com"


@pytest.fixture(scope="module")
def google() -> Iterator[ForeignProvider]:
    """Google; each test adds whom it needs."""
    with ForeignProvider() as running:
        yield running


@pytest.fixture
def watch(watch: Watch, google: ForeignProvider) -> Watch:
    """Browsers go to Google; what its pages do is not ours."""
    watch.leave_out(google.issuer)
    return watch


@pytest.fixture
def new_context(new_context: NewContext) -> NewContext:
    """Browsers in which the provider's pages need nobody else."""

    def make(**options: Any) -> BrowserContext:
        context = new_context(**options)
        context.route(f"{_FONTS}/**", lambda route: route.fulfill(content_type="text/css", body=""))
        return context

    return make


def connect_to(server: Server, google: ForeignProvider) -> None:
    """Let Google answer this product."""
    google.register(f"{server.base_url}/auth/callback/google")


def at_google(google: ForeignProvider, email: str, name: str = "Ada Example") -> str:
    """Give somebody an account there; returns its id, which is the login too."""
    login = "1047" + str(secrets.randbelow(10**17)).zfill(17)
    google.add_person(login, email=email, name=name)
    return login
