"""The Activity page."""

from playwright.sync_api import expect

from tests.e2e.expectations import shown_in_steps
from tests.e2e.fixtures import Enter
from tests.e2e.pages.activity_page import ActivityPage
from tests.e2e.seeding import Seeds
from tests.server import Person


def test_both_lists_are_paged(enter: Enter, person: Person, seeds: Seeds) -> None:
    seeds.sign_ins(person, 45)
    seeds.events(person, 21)
    activity = ActivityPage(enter(person).page).open()
    history, log = activity.sign_in_history, activity.security_log
    assert shown_in_steps(history.rows, history.show_more_button) == [20, 40, 45]
    assert shown_in_steps(log.rows, log.show_more_button) == [20, 21]
    ages = [row.get_attribute("datetime") or "" for row in history.rows.locator("time").all()]
    assert ages == sorted(ages, reverse=True)


def test_a_change_made_elsewhere_appears_at_once(enter: Enter, person: Person) -> None:
    activity = ActivityPage(enter(person).page).open()
    expect(activity.security_log.root).to_contain_text("Nothing here yet")
    other = enter(person)
    other.sessions.current.rename("Desk")
    expect(activity.security_log.rows).to_have_count(1)
    expect(activity.security_log.rows.first).to_contain_text("A session was renamed")
    expect(activity.security_log.rows.first).to_contain_text("Chrome on Windows · Local network")


def test_empty_lists_say_what_would_be_here(enter: Enter, person: Person) -> None:
    activity = ActivityPage(enter(person).page).open()
    expect(activity.sign_in_history.root).to_contain_text("No sign-ins yet")
    expect(activity.security_log.root).to_contain_text("Nothing here yet")


def test_the_navigation_leads_there_and_back(enter: Enter, person: Person) -> None:
    security = enter(person)
    security.navigation.get_by_role("link", name="Activity").click()
    activity = ActivityPage(security.page).wait_until_ready()
    link = activity.navigation.get_by_role("link", name="Activity")
    expect(link).to_have_attribute("aria-current", "page")
    activity.navigation.get_by_role("link", name="Security").click()
    security.wait_until_ready()
    expect(security.sessions.rows).to_have_count(1)
