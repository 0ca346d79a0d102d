"""Getting in with e-mail and password."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.expectations import expect_refused
from tests.e2e.journeys import sign_in
from tests.e2e.pages.activity_page import ActivityPage
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.seeding import Seeds
from tests.server import PASSWORD, Person

NOT_RIGHT = "The e-mail or the password is not right."


def test_the_start_page_leads_to_sign_in_and_then_to_security(page: Page, person: Person) -> None:
    page.goto("/")
    sign_in_page = SignInPage(page).wait_until_ready()
    sign_in_page.submit(person.email, person.password)
    security = SecurityPage(page).wait_until_ready()
    expect(security.heading).to_have_text("Security")
    page.goto("/")
    SecurityPage(page).wait_until_ready()


def test_somebody_signed_in_does_not_see_the_sign_in_page(page: Page, person: Person) -> None:
    sign_in(page, person)
    page.goto("/sign-in")
    SecurityPage(page).wait_until_ready()


def test_a_wrong_password_and_an_unknown_address_get_the_same_words(
    page: Page, person: Person
) -> None:
    sign_in_page = SignInPage(page).open()
    sign_in_page.submit(person.email, "wrong-passphrase-1")
    expect(sign_in_page.alert).to_have_text(NOT_RIGHT)
    # The password is gone, the address stays, and typing goes on at once.
    expect(sign_in_page.password).to_have_value("")
    expect(sign_in_page.password).to_be_focused()
    expect(sign_in_page.email).to_have_value(person.email)
    sign_in_page.open().submit("nobody@example.com", "wrong-passphrase-1")
    expect(sign_in_page.alert).to_have_text(NOT_RIGHT)
    expect(sign_in_page.countdown).to_have_count(0)


def test_what_is_missing_is_said_beside_its_field(page: Page) -> None:
    sign_in_page = SignInPage(page).open()
    sign_in_page.submit_button.click()
    expect_refused(sign_in_page.email, "Enter your e-mail address.")
    sign_in_page.submit("ada@example.com", "")
    expect_refused(sign_in_page.password, "Enter your password.")


def test_too_many_attempts_are_answered_with_a_countdown(page: Page, person: Person) -> None:
    sign_in_page = SignInPage(page).open()
    for _ in range(5):
        sign_in_page.submit(person.email, "wrong-passphrase-1")
        expect(sign_in_page.alert).to_have_text(NOT_RIGHT)
        expect(sign_in_page.password).to_have_value("")
    sign_in_page.submit(person.email, person.password)
    expect(sign_in_page.alert).to_contain_text("Too many attempts.")
    expect(sign_in_page.countdown).to_have_text(re.compile(r"Try again in (4 min \d+ s|5 min)\."))
    first = sign_in_page.countdown.inner_text()
    expect(sign_in_page.countdown).not_to_have_text(first)


def test_the_path_somebody_wanted_is_kept(page: Page, person: Person) -> None:
    page.goto("/settings/personal/activity")
    sign_in_page = SignInPage(page).wait_until_ready()
    sign_in_page.submit(person.email, person.password)
    activity = ActivityPage(page).wait_until_ready()
    expect(activity.heading).to_have_text("Activity")


def test_no_other_site_can_be_the_next_path(page: Page, person: Person) -> None:
    for path in ("https://example.org/", "//example.org/", "/\\example.org/"):
        sign_in_page = SignInPage(page).open(f"?next={path}")
        sign_in_page.submit(person.email, person.password)
        security = SecurityPage(page).wait_until_ready()
        security.sign_out()
        SignInPage(page).wait_until_ready()


def test_signing_out_says_so(page: Page, person: Person) -> None:
    security = sign_in(page, person)
    security.sign_out()
    sign_in_page = SignInPage(page).wait_until_ready()
    expect(sign_in_page.status).to_have_text("You are signed out.")


def test_the_keyboard_alone_signs_in(page: Page, person: Person) -> None:
    sign_in_page = SignInPage(page).open()
    sign_in_page.email.focus()
    page.keyboard.type(person.email)
    page.keyboard.press("Tab")
    expect(sign_in_page.password).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    SecurityPage(page).wait_until_ready()


def test_a_typed_password_can_be_shown_and_is_hidden_before_it_is_sent(page: Page) -> None:
    sign_in_page = SignInPage(page).open()
    sign_in_page.password.fill("typed-by-me-1")
    expect(sign_in_page.password).to_have_attribute("type", "password")
    expect(sign_in_page.password).to_have_attribute("autocomplete", "current-password")
    expect(sign_in_page.reveal).to_have_accessible_name("Show")
    sign_in_page.reveal.click()
    expect(sign_in_page.password).to_have_attribute("type", "text")
    expect(sign_in_page.reveal).to_have_accessible_name("Hide")
    sign_in_page.submit("nobody@example.com", "typed-by-me-1")
    expect(sign_in_page.password).to_have_attribute("type", "password")


def test_an_unconfirmed_address_is_asked_for_after_signing_in(page: Page, seeds: Seeds) -> None:
    person = seeds.person(is_confirmed=False)
    security = sign_in(page, person)
    expect(security.confirmation_banner).to_contain_text(person.email)
    security.confirmation_banner.get_by_role("button", name="Send the link again").click()
    expect(security.notices).to_have_text([f"We sent the link to {person.email} again."])
