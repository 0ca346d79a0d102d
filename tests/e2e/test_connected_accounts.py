"""The Connected accounts card: connect, disconnect, and a password before the last way in goes."""

import secrets

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update
from sqlmodel import col

from security_app.clock import now
from security_app.db.tables import StepUpGrant
from tests.e2e.expectations import expect_no_horizontal_scroll, expect_nothing_of, expect_refused
from tests.e2e.fixtures import Enter
from tests.e2e.identity_providers import at_google, google, plant, server, watch
from tests.e2e.journeys import sign_in
from tests.e2e.pages.connected_accounts_card import ConnectedAccountsCard
from tests.e2e.pages.provider_page import ProviderPage
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.seeding import Seeds
from tests.e2e.test_accessibility import expect_nothing_found
from tests.e2e.two_factor import Mailbox, mail_saying
from tests.oidc_provider import Provider
from tests.server import Person, Server

__all__ = ["google", "server", "watch"]

FIRST_PASSWORD = "four quiet herons 7"


@pytest.fixture
def newcomer(server: Server, seeds: Seeds, google: Provider) -> Person:
    """Somebody who came through Google and has no password."""
    person = server.add_account(name="Gina", password_hash=None, password_changed_at=None)
    plant(server, person, "google", google.issuer, at_google(google, person.email))
    return person


def connect(security: SecurityPage, person: Person) -> None:
    """The whole way to Google and back."""
    card = ConnectedAccountsCard.on(security.page)
    card.connect("Google").submit(password=person.password)
    ProviderPage.wait_for(security.page, "Google").agree(person.email)
    security.wait_until_ready()
    expect(card.disconnect_button("Google")).to_be_visible()


def test_connected_disconnected_reconnected_and_every_page_follows(
    enter: Enter, person: Person, server: Server, google: Provider
) -> None:
    account_id = at_google(google, person.email)
    security, elsewhere = enter(person), enter(person)
    card, other = (ConnectedAccountsCard.on(each.page) for each in (security, elsewhere))
    expect(card.root).to_contain_text("No other account signs you in here.")
    expect(card.row("Google")).to_contain_text("Not connected.")
    connect(security, person)
    expect(security.notices).to_have_text(["Google is connected."])
    for each in (card, other):
        row = each.row("Google")
        expect(row).to_contain_text(person.email)
        expect(row).to_contain_text(f"Google account ID {account_id}")
        expect(row).to_contain_text(f"Connected {now().day} ")
        expect(each.root).to_contain_text("1 other account signs you in here.")
    expect(elsewhere.notices.filter(has_text="An account was connected")).to_have_count(1)
    mail_saying(server, person, "Google")

    dialog = card.disconnect("Google")
    expect(dialog.root).to_contain_text("Google will no longer sign you in.")
    dialog.submit(password=person.password, button="Disconnect")
    for each in (card, other):
        expect(each.connect_button("Google")).to_be_visible()
    expect(card.connect_button("Google")).to_be_focused()
    expect(security.notices.filter(has_text="Google is disconnected.")).to_have_count(1)
    connect(security, person)


def test_refusals_are_told_where_one_is(
    enter: Enter, person: Person, seeds: Seeds, google: Provider
) -> None:
    at_google(google, person.email)
    unconfirmed = enter(seeds.person(is_confirmed=False))
    ConnectedAccountsCard.on(unconfirmed.page).connect_button("Google").click()
    expect(unconfirmed.alert).to_contain_text("Confirm your e-mail address first")
    expect(unconfirmed.page.get_by_role("dialog")).to_have_count(0)

    security = enter(person)
    card = ConnectedAccountsCard.on(security.page)
    dialog = card.connect("Google")
    dialog.submit(password="wrong-passphrase-1")
    expect_refused(dialog.password, "That is not your password.")
    dialog.submit(password=person.password)
    ProviderPage.wait_for(security.page, "Google").cancel_button.click()
    security.wait_until_ready()
    expect(security.alert).to_contain_text("Google was not asked to sign you in.")
    expect(card.connect_button("Google")).to_be_visible()
    connect(security, person)

    # Somebody else who uses the same browser's Google account.
    eve = seeds.person("Eve")
    other = enter(eve)
    card = ConnectedAccountsCard.on(other.page)
    card.connect("Google").submit(password=eve.password)
    ProviderPage.wait_for(other.page, "Google").agree(person.email)
    other.wait_until_ready()
    expect(other.alert).to_contain_text("cannot be connected: it is in use already.")
    expect_nothing_of(other.page, person.email)


def test_a_provider_that_is_down_says_so_and_the_page_works(enter: Enter, person: Person) -> None:
    security = enter(person)
    card = ConnectedAccountsCard.on(security.page)
    card.connect("Apple").submit(password=person.password)
    expect(security.alert).to_contain_text("Apple does not answer just now.")
    expect(card.connect_button("Apple")).to_be_enabled()
    dialog = security.password.open_dialog()
    dialog.save(current=person.password, new=FIRST_PASSWORD)
    expect(security.notices.filter(has_text="Your password was changed.")).to_have_count(1)


def test_before_the_last_way_in_goes_a_password_is_set(
    enter: Enter, newcomer: Person, server: Server, second_page: Page
) -> None:
    security = enter(newcomer)
    card, password = ConnectedAccountsCard.on(security.page), security.password
    expect(password.root).to_contain_text("No password yet.")
    card.disconnect_button("Google").click()
    modal = card.only_way_dialog("Google")
    modal.cancel_button.click()
    expect(card.disconnect_button("Google")).to_be_focused()
    card.disconnect_button("Google").click()
    mailbox = Mailbox(server, newcomer)
    modal.set_password_button.click()
    password.first_step_up.submit(code=mailbox.next_code("Set the first password"))
    dialog = password.first_dialog
    expect(dialog.new_password).to_be_focused()
    dialog.save("short-7")
    expect_refused(dialog.new_password, "8 characters")
    dialog.save(FIRST_PASSWORD, repeat="four loud herons 7")
    expect_refused(dialog.repeat_password, "not the same")
    dialog.save(FIRST_PASSWORD)
    expect(security.notices.filter(has_text="Your password is set.")).to_have_count(1)
    card.disconnect_dialog.submit(password=FIRST_PASSWORD, button="Disconnect")
    expect(card.connect_button("Google")).to_be_visible()
    expect(security.notices.filter(has_text="Google is disconnected.")).to_have_count(1)
    expect(password.change_button).to_be_visible()
    mail_saying(server, newcomer, "password was set")
    sign_in(second_page, newcomer, password=FIRST_PASSWORD)


def test_proven_at_the_provider_the_way_goes_on_to_the_disconnect(
    enter: Enter, newcomer: Person
) -> None:
    security = enter(newcomer)
    card, password = ConnectedAccountsCard.on(security.page), security.password
    card.disconnect_button("Google").click()
    card.only_way_dialog("Google").set_password_button.click()
    password.first_step_up.button("Continue with Google").click()
    ProviderPage.wait_for(security.page, "Google").agree(newcomer.email)
    password.first_dialog.save(FIRST_PASSWORD)
    card.disconnect_dialog.submit(password=FIRST_PASSWORD, button="Disconnect")
    expect(card.connect_button("Google")).to_be_visible()


def test_a_first_password_from_its_own_card_disconnects_nothing(
    enter: Enter, newcomer: Person, server: Server
) -> None:
    security, elsewhere = enter(newcomer), enter(newcomer)
    card, password = ConnectedAccountsCard.on(security.page), security.password
    # Begun for the other reason first, and given up.
    mailbox = Mailbox(server, newcomer)
    card.disconnect_button("Google").click()
    card.only_way_dialog("Google").set_password_button.click()
    mailbox.next_code("Set the first password")
    password.first_step_up.cancel_button.click()

    mailbox.let_ask_again()
    password.set_button.click()
    password.first_step_up.submit(code=mailbox.next_code("Set the first password"))
    dialog = password.first_dialog
    dialog.new_password.fill(FIRST_PASSWORD)
    expect(dialog.strength.words).to_be_visible()
    dialog.cancel_button.click()
    expect(dialog.root).to_have_count(0)
    expect(password.set_button).to_be_focused()
    expect_nothing_of(security.page, FIRST_PASSWORD)

    mailbox.let_ask_again()
    password.set_button.click()
    password.first_step_up.submit(code=mailbox.next_code("Set the first password"))
    expect(dialog.new_password).to_have_value("")
    expect(dialog.strength.words).to_have_count(0)
    dialog.save(FIRST_PASSWORD)
    for each in (password, elsewhere.password):
        expect(each.change_button).to_be_visible()
    expect(elsewhere.notices.filter(has_text="A password was set")).to_have_count(1)
    expect(security.page.get_by_role("dialog")).to_have_count(0)
    expect(card.disconnect_button("Google")).to_be_visible()


def test_a_proof_that_is_too_old_closes_the_dialog_and_says_so(
    enter: Enter, newcomer: Person, server: Server
) -> None:
    security = enter(newcomer)
    password = security.password
    mailbox = Mailbox(server, newcomer)
    password.set_button.click()
    password.first_step_up.submit(code=mailbox.next_code("Set the first password"))
    expect(password.first_dialog.new_password).to_be_focused()
    with server.rows() as rows:
        rows.execute(
            update(StepUpGrant)
            .where(col(StepUpGrant.account_id) == newcomer.id)
            .values(expires_at=now())
        )
        rows.commit()
    password.first_dialog.save(FIRST_PASSWORD)
    expect(password.first_dialog.root).to_have_count(0)
    expect(security.alert).to_contain_text("Please confirm it is you, then try again.")
    expect(password.set_button).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_axe_in_every_state(
    enter: Enter, newcomer: Person, server: Server, theme: str, width: int
) -> None:
    security = enter(newcomer, color_scheme=theme, viewport={"width": width, "height": 900})
    page, password = security.page, security.password
    plant(server, newcomer, "apple", "http://127.0.0.1:9", f"001234.{secrets.token_hex(32)}")
    security.open()
    card = ConnectedAccountsCard.on(page)
    expect(card.disconnect_button("Apple")).to_be_visible()
    expect_nothing_found(page, "two connected")
    expect_no_horizontal_scroll(page)
    mailbox = Mailbox(server, newcomer)
    dialog = card.disconnect("Apple")
    dialog.submit(code=mailbox.next_code("Disconnect one of them"), button="Disconnect")
    expect(card.connect_button("Apple")).to_be_visible()
    card.disconnect_button("Google").click()
    expect(card.only_way_dialog("Google").root).to_be_visible()
    expect_nothing_found(page, "the only way in")
    card.only_way_dialog("Google").set_password_button.click()
    password.first_step_up.submit(code=mailbox.next_code("Set the first password"))
    dialog = password.first_dialog
    dialog.save("abc12345")
    expect_refused(dialog.new_password, "common")
    expect_nothing_found(page, "first password, refused")
    expect_no_horizontal_scroll(page)
