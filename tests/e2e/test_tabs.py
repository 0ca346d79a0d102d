"""Several tabs of one browser, and what stays behind after leaving."""

from playwright.sync_api import expect

from tests.e2e.expectations import expect_nothing_of
from tests.e2e.fixtures import Enter
from tests.e2e.pages.activity_page import ActivityPage
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.seeding import Seeds
from tests.server import Person


def test_two_tabs_are_one_session(enter: Enter, person: Person) -> None:
    first = enter(person)
    second = SecurityPage(first.page.context.new_page()).open()
    for tab in (first, second):
        expect(tab.sessions.rows).to_have_count(1)
    first.sessions.current.rename("Desk")
    expect(second.sessions.row("Desk").root).to_be_visible()


def test_signing_out_in_one_tab_empties_the_other(enter: Enter, person: Person) -> None:
    first = enter(person)
    second = ActivityPage(first.page.context.new_page()).open()
    second.page.evaluate("() => { window.leftBehind = true }")
    first.sign_out()
    for page in (first.page, second.page):
        SignInPage(page).wait_until_ready()
        expect_nothing_of(page, person.email, person.name)
    assert second.page.evaluate("() => window.leftBehind") is None


def test_a_password_change_in_one_tab_keeps_the_other_signed_in(
    enter: Enter, person: Person
) -> None:
    first = enter(person)
    second = SecurityPage(first.page.context.new_page()).open()
    first.password.open_dialog().save(current=person.password, new="seven-otters-swim-8")
    for tab in (first, second):
        expect(tab.password.root).to_contain_text("Last changed just now")
        tab.wait_until_ready()
        expect(tab.sessions.rows).to_have_count(1)


def test_going_back_after_signing_out_shows_nothing(enter: Enter, person: Person) -> None:
    security = enter(person)
    security.sign_out()
    SignInPage(security.page).wait_until_ready()
    security.page.go_back()
    SignInPage(security.page).wait_until_ready()
    expect_nothing_of(security.page, person.email, person.name)


def test_another_person_in_the_same_tab_sees_their_own(
    enter: Enter, person: Person, seeds: Seeds
) -> None:
    security = enter(person)
    security.sign_out()
    somebody_else = seeds.person("Mary Example")
    SignInPage(security.page).wait_until_ready().submit(somebody_else.email, somebody_else.password)
    security.wait_until_ready()
    security.account_button.click()
    expect(security.account_menu).to_contain_text(somebody_else.email)
    expect_nothing_of(security.page, person.email)
