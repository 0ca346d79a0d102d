"""Demo mode: accounts that show something, and the mail that was sent."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.fixtures import Enter
from tests.e2e.pages.activity_page import ActivityPage
from tests.e2e.pages.demo_mail_page import DemoMailPage
from tests.e2e.pages.forgot_password_page import ForgotPasswordPage
from tests.e2e.pages.provider_page import ProviderPage
from tests.e2e.pages.reset_password_page import ResetPasswordPage
from tests.e2e.pages.second_factor import SecondFactorPage
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.pages.single_sign_on_card import SsoPage, expect_managed
from tests.e2e.watch import Watch
from tests.server import Person, Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server in demo mode."""
    with Server({"DEMO": "1"}) as running:
        yield running


def test_one_click_fills_the_form(page: Page) -> None:
    sign_in_page = SignInPage(page).open()
    sign_in_page.fill_demo_account("fresh@demo.test")
    expect(sign_in_page.email).to_have_value("fresh@demo.test")
    expect(sign_in_page.password).not_to_have_value("")
    sign_in_page.submit_button.click()
    security = SecurityPage(page).wait_until_ready()
    expect(security.password.root).to_contain_text(re.compile("Last changed [67] months ago"))
    expect(security.password.root).to_contain_text("Over six months old")
    expect(security.sessions.rows).to_have_count(3)


def test_the_busy_account_is_as_quick_as_any(page: Page) -> None:
    sign_in_page = SignInPage(page).open()
    sign_in_page.fill_demo_account("busy@demo.test")
    sign_in_page.submit_button.click()
    security = SecurityPage(page).wait_until_ready()
    expect(security.sessions.rows).to_have_count(10)
    # The 501st session made the oldest one go (S-40).
    expect(security.sessions.root).to_contain_text("in 499 other places")
    security.sign_ins.view_all.click()
    expect(ActivityPage(page).wait_until_ready().sign_in_history.rows).to_have_count(20)


def test_the_mail_page_shows_what_was_sent(
    page: Page, person: Person, enter: Enter, server: Server
) -> None:
    ForgotPasswordPage(page).open().submit(person.email)
    server.mail_to(person.email)
    security = enter(person)
    security.navigation.get_by_role("link", name="Demo mail").click()
    mailbox = DemoMailPage(security.page).wait_until_ready()
    mail = mailbox.mail_to(person.email)
    expect(mail).to_have_count(1)
    expect(mail.get_by_role("heading", level=2)).to_be_visible()
    mail.get_by_role("link").first.click()
    reset = ResetPasswordPage(security.page).wait_until_ready()
    expect(reset.heading).to_have_text("Choose a new password")


def test_new_mail_shows_by_itself(page: Page, person: Person, second_page: Page) -> None:
    mailbox = DemoMailPage(page).open()
    expect(mailbox.mail_to(person.email)).to_have_count(0)
    ForgotPasswordPage(second_page).open().submit(person.email)
    expect(mailbox.mail_to(person.email)).to_have_count(1)


def test_the_account_with_both_methods_lets_one_pick(page: Page) -> None:
    sign_in_page = SignInPage(page).open()
    sign_in_page.fill_demo_account("both@demo.test")
    sign_in_page.submit_button.click()
    second = SecondFactorPage(page).wait_until_ready()
    second.use_email_button.click()
    expect(second.mailed.sent).to_contain_text("b•••@demo.test")


def test_the_managed_account_comes_in_through_its_organization(page: Page, watch: Watch) -> None:
    watch.expect_complaint(r"http://127\.0\.0\.1:\d+/")
    watch.expect_complaint("status of 404")
    SignInPage(page).open().fill_demo_account("sso@demo.test")
    sso = SsoPage(page).wait_until_ready()
    expect(sso.email).to_have_value("sso@demo.test")
    sso.submit("sso@demo.test")
    ProviderPage.wait_for(page, "Demo ID").agree("sso@demo.test")
    SecurityPage(page).wait_until_ready()
    expect_managed(page, "Demo ID")


def test_the_account_made_with_google_is_one_click_away(page: Page, watch: Watch) -> None:
    watch.expect_complaint(r"http://127\.0\.0\.1:\d+/")
    watch.expect_complaint("status of 404")
    SignInPage(page).open().fill_demo_account("google@demo.test")
    ProviderPage.wait_for(page, "Google").agree("google@demo.test")
    security = SecurityPage(page).wait_until_ready()
    expect(security.password.root).to_contain_text("No password yet.")
