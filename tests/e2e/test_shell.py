"""The frame around the pages: menus, addresses, colours."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.fixtures import Enter
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.watch import Watch
from tests.server import Person

DARK = re.compile(r"\bdark\b")


@pytest.mark.parametrize("path", ["/settings/security", "/settings/account/security"])
def test_the_other_addresses_lead_to_the_security_page(
    enter: Enter, person: Person, path: str
) -> None:
    page = enter(person).page
    page.goto(path)
    SecurityPage(page).wait_until_ready()


def test_an_address_that_leads_nowhere_says_so(page: Page, watch: Watch) -> None:
    watch.expect_complaint("404")
    answer = page.goto("/settings/personal/nothing-here")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")
    page.get_by_role("link", name="Go to the start page").click()
    SignInPage(page).wait_until_ready()


def test_the_account_menu_works_by_keyboard(enter: Enter, person: Person) -> None:
    security = enter(person)
    security.account_button.focus()
    security.page.keyboard.press("Enter")
    expect(security.account_menu).to_be_visible()
    expect(security.account_menu).to_contain_text(person.email)
    security.page.keyboard.press("Escape")
    expect(security.account_menu).not_to_be_visible()
    expect(security.account_button).to_be_focused()
    security.page.keyboard.press("Enter")
    security.page.keyboard.press("Tab")
    security.page.keyboard.press("Enter")
    SignInPage(security.page).wait_until_ready()


def test_the_first_link_skips_to_the_content(enter: Enter, person: Person) -> None:
    security = enter(person)
    security.page.keyboard.press("Tab")
    skip = security.page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    security.page.keyboard.press("Enter")
    expect(security.root).to_be_focused()
    SecurityPage(security.page).wait_until_ready()


def test_a_notice_can_be_dismissed(enter: Enter, person: Person) -> None:
    enter(person)
    security = enter(person)
    security.sessions.sign_out_others_button.click()
    expect(security.notices).to_have_count(1)
    security.notices.get_by_role("button", name="Dismiss").click()
    expect(security.notices).to_have_count(0)


def test_the_colours_follow_the_system_and_the_switch(enter: Enter, person: Person) -> None:
    security = enter(person, color_scheme="dark")
    document = security.page.locator("html")
    expect(document).to_have_class(DARK)
    security.colour_mode.choose("Light")
    expect(document).not_to_have_class(DARK)
    security.open()
    expect(document).not_to_have_class(DARK)
    security.colour_mode.choose("System")
    expect(document).to_have_class(DARK)
    security.page.emulate_media(color_scheme="light")
    expect(document).not_to_have_class(DARK)


def test_the_navigation_is_a_menu_on_a_phone(enter: Enter, person: Person) -> None:
    security = enter(person, viewport={"width": 390, "height": 844})
    expect(security.navigation).not_to_be_visible()
    security.menu_button.click()
    security.menu.get_by_role("link", name="Activity").click()
    expect(security.page.get_by_role("heading", level=1)).to_have_text("Activity")
    expect(security.menu).not_to_be_visible()


def test_times_show_the_full_date_on_hover(enter: Enter, person: Person) -> None:
    time = enter(person).password.root.locator("time")
    expect(time).to_have_text("3 days ago")
    expect(time).to_have_attribute("title", re.compile(r"\d{4}"))
    expect(time).to_have_attribute("datetime", re.compile(r"^\d{4}-\d\d-\d\dT.*Z$"))
