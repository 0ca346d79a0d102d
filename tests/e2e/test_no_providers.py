"""The Connected accounts card where no provider is set up."""

from playwright.sync_api import expect

from tests.e2e.fixtures import Enter
from tests.e2e.identity_providers import plant
from tests.e2e.pages.connected_accounts_card import ConnectedAccountsCard
from tests.e2e.test_accessibility import expect_nothing_found
from tests.server import Person, Server


def test_an_empty_card_says_what_would_be_here(enter: Enter, person: Person) -> None:
    security = enter(person)
    card = ConnectedAccountsCard.on(security.page)
    expect(card.root).to_contain_text("No provider to connect")
    expect(card.root.get_by_role("button")).to_have_count(0)
    expect_nothing_found(security.page, "nothing to connect")


def test_what_is_offered_no_more_can_be_disconnected(
    enter: Enter, person: Person, server: Server
) -> None:
    plant(server, person, "google", "https://accounts.example.com", "4711")
    card = ConnectedAccountsCard.on(enter(person).page)
    expect(card.row("Google")).to_contain_text("Google account ID 4711")
    card.disconnect("Google").submit(password=person.password, button="Disconnect")
    expect(card.root).to_contain_text("No provider to connect")
    expect(card.root).to_be_focused()
