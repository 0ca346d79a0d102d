"""Without demo mode nothing of it is there."""

from playwright.sync_api import Page, expect

from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.watch import Watch


def test_the_sign_in_page_lists_no_accounts(page: Page) -> None:
    sign_in_page = SignInPage(page).open()
    expect(sign_in_page.submit_button).to_be_visible()
    expect(sign_in_page.demo_accounts).to_have_count(0)


def test_the_mail_page_does_not_exist(page: Page, watch: Watch) -> None:
    watch.expect_complaint("404")
    answer = page.goto("/demo/mail")
    assert answer is not None
    assert answer.status == 404
