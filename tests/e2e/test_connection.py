"""The server goes away and comes back while pages are open."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.fixtures import Enter
from tests.e2e.journeys import sign_in
from tests.e2e.watch import Watch
from tests.server import Person, Server

pytestmark = pytest.mark.serial


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server of this file's own: it is stopped on the way."""
    with Server() as running:
        yield running


def test_a_lost_connection_is_said_and_comes_back_by_itself(
    enter: Enter, second_page: Page, person: Person, server: Server, watch: Watch
) -> None:
    watch.expect_complaint("WebSocket connection to|ERR_CONNECTION_REFUSED|Failed to fetch")
    security = enter(person)
    message = security.page.get_by_text("Connection lost.")
    expect(message).to_have_count(0)
    server.stop()
    expect(message).to_be_visible()
    server.start()
    expect(message).to_have_count(0, timeout=20_000)
    # Nothing has to be loaded again: the page answers.
    row = security.sessions.current
    expect(row.root).to_be_visible()
    row.rename("Back again")
    expect(row.root).to_contain_text("Back again")
    # And it hears of changes again.
    sign_in(second_page, person)
    expect(security.sessions.rows).to_have_count(2)
