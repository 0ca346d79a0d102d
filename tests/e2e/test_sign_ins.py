"""The Recent sign-ins card."""

from playwright.sync_api import Page, expect

from tests.e2e.fixtures import Enter, NewContext
from tests.e2e.journeys import sign_in
from tests.e2e.pages.activity_page import ActivityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.seeding import DESKTOP, PHONE, Seeds
from tests.server import Person


def test_every_try_is_listed_latest_first(page: Page, person: Person) -> None:
    sign_in_page = SignInPage(page).open()
    sign_in_page.submit(person.email, "wrong-passphrase-1")
    expect(sign_in_page.alert).to_be_visible()
    rows = sign_in(page, person).sign_ins.rows
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Signed in")
    expect(rows.first).to_contain_text("Password")
    expect(rows.first).to_contain_text("Local network · 127.0.0.1")
    expect(rows.last).to_contain_text("Wrong password")


def test_a_new_device_is_marked_and_a_known_one_is_not(
    new_context: NewContext, person: Person
) -> None:
    desktop = sign_in(new_context(user_agent=DESKTOP).new_page(), person)
    expect(desktop.sign_ins.rows.first).to_contain_text("Chrome on Windows")
    expect(desktop.sign_ins.rows.first).not_to_contain_text("New device")
    phone = sign_in(new_context(user_agent=PHONE).new_page(), person)
    expect(phone.sign_ins.rows.first).to_contain_text("New device")
    phone.sign_out()
    SignInPage(phone.page).wait_until_ready().submit(person.email, person.password)
    phone.wait_until_ready()
    expect(phone.sign_ins.rows).to_have_count(3)
    expect(phone.sign_ins.rows.first).not_to_contain_text("New device")


def test_a_try_elsewhere_appears_on_an_open_page(
    enter: Enter, second_page: Page, person: Person
) -> None:
    mine = enter(person)
    expect(mine.sign_ins.root).to_contain_text("No sign-ins yet")
    SignInPage(second_page).open().submit(person.email, "wrong-passphrase-1")
    expect(mine.sign_ins.rows).to_have_count(1)
    expect(mine.sign_ins.rows.first).to_contain_text("Wrong password")


def test_the_card_shows_five_and_leads_to_all(enter: Enter, person: Person, seeds: Seeds) -> None:
    seeds.sign_ins(person, 8)
    mine = enter(person)
    expect(mine.sign_ins.rows).to_have_count(5)
    mine.sign_ins.view_all.click()
    activity = ActivityPage(mine.page).wait_until_ready()
    expect(activity.sign_in_history.rows).to_have_count(8)
