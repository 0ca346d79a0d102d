"""The Sessions card."""

import re

import httpx
from playwright.sync_api import Page, expect

from tests.e2e.expectations import expect_nothing_of, expect_refused
from tests.e2e.fixtures import Enter, NewContext
from tests.e2e.journeys import sign_in
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.seeding import DESKTOP, PHONE, Seeds
from tests.server import Person, Server


def test_two_browsers_see_each_other_at_once(
    new_context: NewContext, person: Person, server: Server
) -> None:
    desktop = sign_in(new_context(user_agent=DESKTOP).new_page(), person)
    expect(desktop.sessions.rows).to_have_count(1)
    expect(desktop.sessions.root).to_contain_text("You are signed in here only.")
    expect(desktop.sessions.root).to_contain_text("No other sessions")
    expect(desktop.sessions.sign_out_others_button).to_have_count(0)

    phone = sign_in(new_context(user_agent=PHONE).new_page(), person)
    expect(desktop.sessions.rows).to_have_count(2)
    expect(desktop.sessions.root).to_contain_text("in 1 other place")
    expect(desktop.sessions.current.root).to_contain_text("Chrome on Windows")
    expect(phone.sessions.current.root).to_contain_text(re.compile("Safari on (iPhone|iOS)"))
    row = desktop.sessions.row("Safari on")
    expect(row.root).to_contain_text(re.compile(r"Local network · Opened \w+ Password"))
    expect(row.root).to_contain_text("Signed in just now · Last active just now")
    assert "new" in str(server.mail_to(person.email)["Subject"]).lower()


def test_signing_one_out_sends_it_away_by_itself(
    new_context: NewContext, enter: Enter, person: Person
) -> None:
    mine = enter(person)
    phone = sign_in(new_context(user_agent=PHONE).new_page(), person)
    phone.page.evaluate("() => { window.leftBehind = true }")
    mine.sessions.row("Safari on").sign_out_button.click()

    SignInPage(phone.page).wait_until_ready()
    expect_nothing_of(phone.page, person.email, person.name)
    # A real load: nothing of the former page's memory is there any more.
    assert phone.page.evaluate("() => window.leftBehind") is None
    assert phone.PATH.replace("/", "%2F") in phone.page.url or phone.PATH in phone.page.url
    expect(mine.sessions.rows).to_have_count(1)
    # And it comes back to where it was.
    SignInPage(phone.page).submit(person.email, person.password)
    phone.wait_until_ready()
    expect(mine.sessions.rows).to_have_count(2)


def test_signing_out_all_others_leaves_this_one(enter: Enter, person: Person, seeds: Seeds) -> None:
    seeds.sessions(person, 3)
    other = enter(person)
    mine = enter(person)
    expect(mine.sessions.rows).to_have_count(5)
    mine.sessions.sign_out_others_button.click()
    expect(mine.notices).to_have_text(["4 other sessions were signed out."])
    expect(mine.sessions.rows).to_have_count(1)
    expect(mine.sessions.current.root).to_be_visible()
    expect(mine.sessions.sign_out_others_button).to_have_count(0)
    SignInPage(other.page).wait_until_ready()


def test_signing_this_one_out_leaves_the_page(enter: Enter, person: Person) -> None:
    mine = enter(person)
    mine.sessions.current.sign_out_button.click()
    SignInPage(mine.page).wait_until_ready()
    mine.page.goto(SecurityPage.PATH)
    SignInPage(mine.page).wait_until_ready()


def test_a_session_can_be_given_a_name(enter: Enter, person: Person) -> None:
    mine, other = enter(person), enter(person)
    row = mine.sessions.current
    row.rename("Kitchen laptop")
    expect(row.root).to_contain_text("Kitchen laptop · Chrome on Windows")
    expect(row.name).to_have_count(0)
    expect(row.rename_button).to_be_focused()
    expect(other.sessions.row("Kitchen laptop").root).to_be_visible()
    # An empty name takes it away.
    row.rename("")
    expect(row.root).not_to_contain_text("Kitchen laptop")


def test_a_name_can_be_cancelled_and_is_bounded(enter: Enter, person: Person) -> None:
    mine = enter(person)
    row = mine.sessions.current
    row.rename_button.click()
    expect(row.name).to_be_focused()
    mine.page.keyboard.press("Escape")
    expect(row.name).to_have_count(0)
    expect(row.rename_button).to_be_focused()
    row.rename("n" * 61)
    expect_refused(row.name, "60")
    row.name.fill("<img src=x onerror=alert(1)>")
    row.save_name_button.click()
    expect(row.root).to_contain_text("<img src=x onerror=alert(1)>")


def test_an_api_session_appears_and_can_be_signed_out(
    enter: Enter, person: Person, server: Server
) -> None:
    mine = enter(person)
    expect(mine.sessions.rows).to_have_count(1)
    answer = httpx.post(
        f"{server.base_url}/api/v1/auth/sign-in",
        json={"email": person.email, "password": person.password},
        headers={"user-agent": "backup-job/1.0"},
    )
    assert answer.is_success, answer.text
    row = mine.sessions.row("API")
    expect(row.root).to_be_visible()
    row.sign_out_button.click()
    expect(mine.sessions.rows).to_have_count(1)


def test_many_sessions_are_shown_step_by_step(enter: Enter, person: Person, seeds: Seeds) -> None:
    seeds.sessions(person, 25)
    mine = enter(person)
    expect(mine.sessions.root).to_contain_text("in 25 other places")
    counts = [mine.sessions.rows.count()]
    while mine.sessions.show_more_button.count():
        mine.sessions.show_more_button.click()
        expect(mine.sessions.rows).not_to_have_count(counts[-1])
        counts.append(mine.sessions.rows.count())
    assert counts[-1] == 26
    assert len(counts) == 3
    # This browser stands first, the others by last activity.
    expect(mine.sessions.rows.first).to_contain_text("Current session")


def test_a_session_that_ended_meanwhile_is_answered_in_words(
    enter: Enter, person: Person, server: Server
) -> None:
    mine = enter(person)
    gone = server.add_session(person)
    mine.open()
    expect(mine.sessions.rows).to_have_count(2)
    row = mine.sessions.row("Firefox")
    # Ended behind the page's back: no change was announced.
    with server.rows() as rows:
        session = server.session_row(gone.session_id)
        session.ended_at = session.opened_at
        rows.add(session)
        rows.commit()
    row.sign_out_button.click()
    expect(mine.notices).to_have_text(["That session has already ended."])
    expect(mine.sessions.rows).to_have_count(1)


def test_an_idle_session_is_gone_at_the_next_click(
    enter: Enter, person: Person, seeds: Seeds
) -> None:
    mine = enter(person)
    seeds.let_sessions_idle_out(person)
    mine.sessions.current.rename_button.click()
    SignInPage(mine.page).wait_until_ready()
    expect_nothing_of(mine.page, person.email, person.name)


def test_each_button_says_which_session_it_is_about(
    enter: Enter, person: Person, seeds: Seeds
) -> None:
    seeds.sessions(person, 1)
    sessions = enter(person).sessions
    described = sessions.row("Firefox").sign_out_button
    expect(described).to_have_accessible_description(re.compile("Firefox on Linux"))


def test_both_pages_of_one_account_follow_a_rename_made_elsewhere(
    page: Page, second_page: Page, person: Person
) -> None:
    first, second = sign_in(page, person), sign_in(second_page, person)
    first.sessions.current.rename("Desk")
    expect(second.sessions.row("Desk").root).to_be_visible()
