"""The profile page: name, address, deletion, and what other browsers see of it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.expectations import expect_nothing_of, expect_refused
from tests.e2e.fixtures import Enter
from tests.e2e.mail import link_in
from tests.e2e.pages.mailed_link_pages import ConfirmNewEmailPage
from tests.e2e.pages.profile_page import ProfilePage
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.seeding import Seeds
from tests.e2e.two_factor import turn_on
from tests.server import Person, Server


@pytest.fixture
def profile(enter: Enter, person: Person) -> ProfilePage:
    return ProfilePage.on(enter(person).page)


def _new_address(person: Person) -> str:
    return f"new.{person.email}"


def test_profile_stands_first_in_the_navigation(profile: ProfilePage) -> None:
    links = profile.navigation.get_by_role("link")
    expect(links.first).to_have_text("Profile")
    expect(links.first).to_have_attribute("aria-current", "page")


def test_a_new_name_shows_everywhere_at_once(
    profile: ProfilePage, enter: Enter, person: Person
) -> None:
    elsewhere = ProfilePage.on(enter(person).page)
    profile.name.open_dialog().save("  Ada   Lovelace ")
    expect(profile.notices).to_have_text(["Your name is saved."])
    for page in (profile, elsewhere):
        expect(page.name.root).to_contain_text("Ada Lovelace")
    expect(profile.name.change_button).to_be_focused()


def test_a_name_too_long_is_refused_beside_its_field(profile: ProfilePage) -> None:
    dialog = profile.name.open_dialog()
    dialog.save("n" * 101)
    expect_refused(dialog.name, "A name has at most 100 characters.")
    expect(dialog.name).to_have_value("n" * 101)


def test_the_address_changes_when_the_new_one_confirms(
    profile: ProfilePage, enter: Enter, second_page: Page, person: Person, server: Server
) -> None:
    elsewhere = ProfilePage.on(enter(person).page)
    new = _new_address(person)
    profile.email.ask_for(new, person.password)
    for page in (profile, elsewhere):
        expect(page.email.root).to_contain_text(f"Waiting for confirmation at {new}")
        expect(page.account_button).to_contain_text(person.email)
    expect(profile.email.change_button).to_be_focused()

    # Opened on a phone that is not signed in; opening alone changes nothing.
    query = link_in(server.mail_to(new), "/confirm-new-email")
    confirm = ConfirmNewEmailPage(second_page).open(query)
    expect(profile.email.root).to_contain_text("Waiting")
    confirm.confirm_button.click()
    expect(confirm.heading).to_have_text("E-mail changed")
    for page in (profile, elsewhere):
        expect(page.email.root).not_to_contain_text("Waiting")
        expect(page.email.root).to_contain_text(new)
        expect(page.account_button).to_contain_text(new)
    confirm.open(query).confirm_button.click()
    expect(confirm.heading).to_have_text("Link expired")
    SignInPage(second_page).open().submit(new, person.password)
    SecurityPage(second_page).wait_until_ready()


def test_refusals_stand_beside_the_field_and_cost_no_new_proof(
    profile: ProfilePage, person: Person
) -> None:
    dialog = profile.email.open_dialog(person.password)
    expect(dialog.new_email).to_be_focused()
    dialog.save("")
    expect_refused(dialog.new_email, "Enter your new e-mail address.")
    dialog.save("ada＠example.com, bob@example.com")
    expect_refused(dialog.new_email, "Enter an e-mail address, like name@example.com.")
    dialog.save(person.email.upper())
    expect_refused(dialog.new_email, "This is your address already.")
    dialog.save(_new_address(person))
    expect(profile.email.root).to_contain_text("Waiting")


def test_a_waiting_change_can_be_sent_again_and_cancelled(
    profile: ProfilePage, person: Person, server: Server
) -> None:
    new = _new_address(person)
    profile.email.ask_for(new, person.password)
    profile.email.send_again_button.click()
    expect(profile.notices.filter(has_text="again")).to_have_count(1)
    second = link_in(server.mail_to(new, count=2), "/confirm-new-email")
    profile.email.cancel_button.click()
    expect(profile.email.root).not_to_contain_text("Waiting")
    confirm = ConfirmNewEmailPage(profile.page).open(second)
    confirm.confirm_button.click()
    expect(confirm.heading).to_have_text("Link expired")


def test_an_address_in_use_looks_the_same_to_whoever_asks(
    profile: ProfilePage, person: Person, seeds: Seeds, server: Server
) -> None:
    other = seeds.person("Bob")
    profile.email.ask_for(other.email, person.password)
    expect(profile.email.root).to_contain_text(f"Waiting for confirmation at {other.email}")
    told = server.mail_to(other.email)
    assert "has a Security Centre account already" in str(told["Subject"])


def test_an_address_not_confirmed_offers_the_link_instead(enter: Enter, seeds: Seeds) -> None:
    profile = ProfilePage.on(enter(seeds.person(is_confirmed=False)).page)
    expect(profile.email.root).to_contain_text("Not confirmed")
    expect(profile.email.change_button).to_have_count(0)
    profile.email.confirm_again_button.click()
    expect(profile.notices).to_have_text([re.compile("We sent the link")])


def test_with_an_app_on_both_proofs_are_asked(enter: Enter, person: Person) -> None:
    security = enter(person)
    protected = turn_on(security.page, person)
    profile = ProfilePage.on(security.page)
    profile.email.change_button.click()
    expect(profile.email.step_up.code).to_be_visible()
    profile.email.step_up.submit(password=person.password, code="")
    expect_refused(profile.email.step_up.code, "Enter a code.")
    profile.email.step_up.submit(password=person.password, code=protected.codes[0])
    expect(profile.page.get_by_label("New email")).to_be_focused()


def test_a_deleted_account_leaves_every_browser(
    profile: ProfilePage, enter: Enter, person: Person, server: Server
) -> None:
    elsewhere = enter(person)
    dialog = profile.deletion.open_dialog(person.password)
    expect(dialog.confirmation).to_be_focused()
    dialog.confirm("delete")
    expect_refused(dialog.confirmation, "Type the e-mail address of this account.")
    dialog.confirm(person.email.upper())
    farewell = SignInPage(profile.page).wait_until_ready()
    expect(farewell.status).to_contain_text("Your account is deleted.")
    SignInPage(elsewhere.page).wait_until_ready()
    expect_nothing_of(elsewhere.page, person.email, person.name)
    assert "was deleted" in str(server.mail_to(person.email)["Subject"])
    farewell.submit(person.email, person.password)
    expect(farewell.alert).to_be_visible()


def test_escape_leaves_everything_as_it_was(profile: ProfilePage, person: Person) -> None:
    dialog = profile.deletion.open_dialog(person.password)
    expect(dialog.confirmation).to_be_focused()
    profile.page.keyboard.press("Escape")
    expect(profile.page.get_by_role("dialog")).to_have_count(0)
    expect(profile.deletion.delete_button).to_be_focused()
    expect(profile.open().email.root).to_contain_text(person.email)
