"""The Password card."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.expectations import expect_nothing_of, expect_refused
from tests.e2e.fixtures import Enter
from tests.e2e.journeys import sign_in
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.seeding import Seeds
from tests.server import Person, Server

NEW_PASSWORD = "seven-otters-swim-8"


def test_a_change_ends_the_other_browser_and_keeps_this_one(
    page: Page, second_page: Page, person: Person, server: Server
) -> None:
    security = sign_in(page, person)
    other = sign_in(second_page, person)
    former = page.context.cookies()
    other_url = second_page.url
    expect(security.sessions.rows).to_have_count(2)

    security.password.open_dialog().save(current=person.password, new=NEW_PASSWORD)

    expect(page.get_by_role("dialog")).to_have_count(0)
    SignInPage(second_page).wait_until_ready()
    expect(security.notices).to_have_text(
        ["Your password was changed. 1 other session was signed out."]
    )
    expect(security.sessions.rows).to_have_count(1)
    expect(security.password.root).to_contain_text("Last changed just now")
    expect_nothing_of(second_page, person.email, person.name)
    assert other.PATH in other_url

    # The cookie of before is dead, this browser has a new one.
    second_page.context.clear_cookies()
    second_page.context.add_cookies(former)  # pyright: ignore[reportArgumentType]
    second_page.goto(SecurityPage.PATH)
    SignInPage(second_page).wait_until_ready()
    security.open()
    assert "password" in str(server.mail_to(person.email, count=2)["Subject"]).lower()


def test_the_new_password_signs_in_and_the_old_one_does_not(
    page: Page, second_page: Page, person: Person
) -> None:
    security = sign_in(page, person)
    security.password.open_dialog().save(current=person.password, new=NEW_PASSWORD)
    expect(security.notices).to_have_text(["Your password was changed."])
    sign_in_page = SignInPage(second_page).open()
    sign_in_page.submit(person.email, person.password)
    expect(sign_in_page.alert).to_be_visible()
    sign_in_page.submit(person.email, NEW_PASSWORD)
    SecurityPage(second_page).wait_until_ready()


def test_every_refusal_stands_beside_its_field(enter: Enter, person: Person) -> None:
    dialog = enter(person).password.open_dialog()
    dialog.save(current="", new=NEW_PASSWORD)
    expect_refused(dialog.current_password, "Enter your current password.")
    dialog.save(current=person.password, new="")
    expect_refused(dialog.new_password, "Enter a new password.")
    dialog.save(current="wrong-passphrase-1", new=NEW_PASSWORD)
    expect_refused(dialog.current_password, "That is not your")
    # Only what was wrong has to be typed again.
    expect(dialog.current_password).to_have_value("")
    expect(dialog.new_password).to_have_value(NEW_PASSWORD)
    dialog.save(current=person.password, new=NEW_PASSWORD, repeat=NEW_PASSWORD + "x")
    expect_refused(dialog.repeat_password, "The two passwords are not the same.")
    dialog.save(current=person.password, new="short1")
    expect_refused(dialog.new_password, "8 characters")
    dialog.save(current=person.password, new="nodigitsatallhere")
    expect_refused(dialog.new_password, "digit")
    dialog.save(current=person.password, new="1" + "x" * 300)
    expect_refused(dialog.new_password, "256")
    dialog.save(current=person.password, new=f"{person.email}1")
    expect_refused(dialog.new_password, "too close to your e-mail address")
    dialog.save(current=person.password, new=person.password)
    expect_refused(dialog.new_password, "That is your current password.")


def test_wrong_current_passwords_are_throttled(enter: Enter, person: Person) -> None:
    dialog = enter(person).password.open_dialog()
    for _ in range(5):
        dialog.save(current="wrong-passphrase-1", new=NEW_PASSWORD)
        expect_refused(dialog.current_password, "That is not your")
        expect(dialog.current_password).to_have_value("")
    dialog.save(current=person.password, new=NEW_PASSWORD)
    alert = dialog.root.get_by_role("alert")
    expect(alert).to_have_text(
        re.compile(r"Too many attempts\. Try again in \d+ (minutes|seconds)")
    )


def test_the_dialog_works_by_keyboard_alone(enter: Enter, person: Person) -> None:
    security = enter(person)
    page = security.page
    card, dialog = security.password, security.password.dialog
    card.change_button.focus()
    page.keyboard.press("Enter")
    expect(dialog.current_password).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog.root).to_have_count(0)
    expect(card.change_button).to_be_focused()

    page.keyboard.press("Enter")
    expect(dialog.current_password).to_be_focused()
    page.keyboard.type(person.password)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(dialog.new_password).to_be_focused()
    page.keyboard.type(NEW_PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(dialog.repeat_password).to_be_focused()
    page.keyboard.type(NEW_PASSWORD)
    page.keyboard.press("Enter")
    expect(security.notices).to_have_text(["Your password was changed."])


def test_the_focus_stays_inside_the_dialog(enter: Enter, person: Person) -> None:
    security = enter(person)
    dialog = security.password.open_dialog()
    expect(dialog.current_password).to_be_focused()
    for _ in range(12):
        security.page.keyboard.press("Tab")
        expect(dialog.root.locator(":focus")).to_have_count(1)


def test_cancel_keeps_nothing_of_what_was_typed(enter: Enter, person: Person) -> None:
    security = enter(person)
    dialog = security.password.open_dialog()
    dialog.save(current="wrong-passphrase-1", new=NEW_PASSWORD)
    expect_refused(dialog.current_password, "That is not your")
    dialog.cancel_button.click()
    expect(dialog.root).to_have_count(0)
    expect(security.password.change_button).to_be_focused()
    dialog = security.password.open_dialog()
    for field in (dialog.current_password, dialog.new_password, dialog.repeat_password):
        expect(field).to_have_value("")
        expect(field).to_have_attribute("aria-invalid", "false")
    expect(dialog.strength.words).to_have_count(0)


def test_the_meter_answers_while_typing(enter: Enter, person: Person) -> None:
    dialog = enter(person).password.open_dialog()
    dialog.new_password.press_sequentially("abc12345")
    expect(dialog.strength.words).to_be_visible()
    weak = dialog.strength.words.inner_text()
    dialog.new_password.fill(NEW_PASSWORD)
    expect(dialog.strength.words).not_to_have_text(weak)


def test_password_managers_find_the_fields(enter: Enter, person: Person) -> None:
    dialog = enter(person).password.open_dialog()
    expect(dialog.current_password).to_have_attribute("autocomplete", "current-password")
    expect(dialog.new_password).to_have_attribute("autocomplete", "new-password")
    expect(dialog.repeat_password).to_have_attribute("autocomplete", "new-password")


@pytest.mark.parametrize(("age_days", "is_advised"), [(170, False), (213, True)])
def test_an_old_password_is_pointed_out(
    enter: Enter, seeds: Seeds, age_days: int, is_advised: bool
) -> None:
    card = enter(seeds.person(password_age_days=age_days)).password
    expect(card.root).to_contain_text(re.compile(r"Last changed \d months ago"))
    advice = card.root.get_by_text("Over six months old")
    expect(advice).to_have_count(1 if is_advised else 0)
