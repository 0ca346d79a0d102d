"""Getting in with Google and Apple, and proving identity through them."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.fixtures import NewContext
from tests.e2e.pages.authenticator_card import AuthenticatorCard
from tests.e2e.pages.part import WholePage
from tests.e2e.pages.provider_page import ProviderPage
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.pages.sign_up_page import SignUpPage
from tests.e2e.providers import (
    GINA,
    RELAY,
    apple,
    apple_key,
    google,
    providers_are_elsewhere,
    server,
)
from tests.oidc_provider import Provider
from tests.server import Server

__all__ = ["apple", "apple_key", "google", "providers_are_elsewhere", "server"]


def _come_in(page: Page, provider: str, email: str) -> SecurityPage:
    SignInPage(page).open().provider_button(provider).click()
    ProviderPage.wait_for(page, provider).agree(email)
    return SecurityPage(page).wait_until_ready()


def test_google_signs_a_newcomer_up_and_then_in(page: Page, new_context: NewContext) -> None:
    security = _come_in(page, "Google", GINA)
    row = security.sessions.rows.filter(has_text="Current session")
    expect(row).to_contain_text("Google")
    again = _come_in(new_context().new_page(), "Google", GINA)
    expect(again.sessions.rows).to_have_count(2)
    expect(security.sessions.rows).to_have_count(2)


def test_apple_answers_across_sites_and_says_a_name_once(page: Page) -> None:
    SignUpPage(page).open()
    page.get_by_role("button", name="Continue with Apple").click()
    ProviderPage.wait_for(page, "Apple").agree(RELAY)
    SecurityPage(page).wait_until_ready()
    page.goto("/settings/personal/profile")
    expect(page.get_by_role("main")).to_contain_text("Anna Apple")


def test_the_page_asked_for_first_comes_after(page: Page) -> None:
    page.goto("/settings/personal/activity")
    sign_in_page = SignInPage(page).wait_until_ready()
    sign_in_page.provider_button("Google").click()
    ProviderPage.wait_for(page, "Google").agree(GINA)
    expect(page).to_have_url(re.compile("/settings/personal/activity"))


def test_who_cancels_there_is_back_and_told_so(page: Page) -> None:
    sign_in_page = SignInPage(page).open()
    sign_in_page.provider_button("Google").click()
    ProviderPage.wait_for(page, "Google").cancel_button.click()
    sign_in_page.wait_until_ready()
    expect(sign_in_page.alert).to_have_text(re.compile("Google was not asked to sign you in"))


def test_back_from_the_provider_stays_on_the_page(page: Page) -> None:
    sign_in_page = SignInPage(page).open()
    sign_in_page.provider_button("Google").click()
    ProviderPage.wait_for(page, "Google")
    page.go_back()
    sign_in_page.wait_until_ready()
    expect(sign_in_page.provider_button("Google")).to_be_enabled()
    sign_in_page.provider_button("Google").click()
    ProviderPage.wait_for(page, "Google")


def test_a_provider_that_is_down_says_so_and_the_password_still_works(
    page: Page, google: Provider, server: Server
) -> None:
    person = server.add_account()
    google.stop()
    server.stop()
    server.start()
    try:
        sign_in_page = SignInPage(page).open()
        sign_in_page.provider_button("Google").click()
        expect(sign_in_page.alert).to_have_text(re.compile("Google does not answer just now"))
        sign_in_page.submit(person.email, person.password)
        SecurityPage(page).wait_until_ready()
    finally:
        google.start()


@pytest.mark.parametrize("is_fresh", [True, False])
def test_a_fresh_sign_in_proves_who_has_no_password(
    page: Page, google: Provider, *, is_fresh: bool
) -> None:
    security = _come_in(page, "Google", GINA)
    dialog = AuthenticatorCard.on(page).begin()
    expect(dialog.password).to_have_count(0)
    google.auth_time = None if is_fresh else 1_700_000_000
    dialog.provider_button("Google").click()
    ProviderPage.wait_for(page, "Google").agree(GINA)
    google.auth_time = None
    security.wait_until_ready()
    if is_fresh:
        expect(page.get_by_role("dialog")).to_contain_text("Step 2 of 4")
    else:
        expect(WholePage(page).notices).to_contain_text("Google did not ask you to sign in again")
        expect(page.get_by_role("dialog")).to_have_count(0)
