"""Making an account and confirming its address."""

import re
import secrets

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.expectations import expect_refused
from tests.e2e.journeys import sign_in
from tests.e2e.mail import link_in, text_of
from tests.e2e.pages.confirm_email_page import ConfirmEmailPage
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.pages.sign_up_page import SignUpPage
from tests.e2e.seeding import Seeds
from tests.server import PASSWORD, Person, Server


@pytest.fixture
def email(seeds: Seeds) -> str:
    return f"new.{secrets.token_hex(4)}@example.com"


def test_sign_up_confirm_and_sign_in(page: Page, email: str, server: Server, seeds: Seeds) -> None:
    SignInPage(page).open().create_account.click()
    sign_up = SignUpPage(page).wait_until_ready()
    sign_up.submit(name="Grace Example", email=email, password=PASSWORD)
    expect(sign_up.heading).to_have_text("Check your e-mail")
    expect(sign_up.status).to_contain_text(email)

    query = link_in(server.mail_to(email), "/confirm-email")
    confirm = ConfirmEmailPage(page).open(query)
    # Opening the link alone changes nothing: mail scanners open links too.
    assert seeds.account(email).email_confirmed_at is None
    confirm.confirm_button.click()
    expect(confirm.heading).to_have_text("E-mail confirmed")
    assert seeds.account(email).email_confirmed_at is not None

    confirm.continue_link.click()
    SignInPage(page).wait_until_ready().submit(email, PASSWORD)
    security = SecurityPage(page).wait_until_ready()
    security.account_button.click()
    expect(security.account_menu).to_contain_text("Grace Example")
    expect(security.account_menu).to_contain_text(email)
    expect(security.confirmation_banner).to_have_count(0)


def test_a_confirmation_link_works_once(page: Page, email: str, server: Server) -> None:
    SignUpPage(page).open().submit(name="Grace Example", email=email, password=PASSWORD)
    query = link_in(server.mail_to(email), "/confirm-email")
    confirm = ConfirmEmailPage(page).open(query)
    confirm.confirm_button.click()
    expect(confirm.heading).to_have_text("E-mail confirmed")
    confirm.open(query).confirm_button.click()
    expect(confirm.heading).to_have_text("Link expired")
    confirm.open("?token=made-up").confirm_button.click()
    expect(confirm.heading).to_have_text("Link expired")


def test_a_confirmation_takes_the_banner_off_an_open_page(
    page: Page, email: str, server: Server, second_page: Page
) -> None:
    sign_up = SignUpPage(page).open()
    sign_up.submit(name="Grace Example", email=email, password=PASSWORD)
    expect(sign_up.heading).to_have_text("Check your e-mail")
    person = Person("", email, "Grace Example")
    security = sign_in(second_page, person)
    expect(security.confirmation_banner).to_be_visible()
    confirm = ConfirmEmailPage(page).open(link_in(server.mail_to(email), "/confirm-email"))
    confirm.confirm_button.click()
    expect(security.confirmation_banner).to_have_count(0)


def test_an_address_that_has_an_account_is_not_given_away(
    page: Page, person: Person, server: Server
) -> None:
    sign_up = SignUpPage(page).open()
    sign_up.submit(name="Somebody Else", email=person.email, password="another-passphrase-9")
    expect(sign_up.heading).to_have_text("Check your e-mail")
    expect(sign_up.status).to_contain_text(person.email)
    assert "already" in text_of(server.mail_to(person.email))
    sign_in(page, person)


def test_refusals_stand_beside_their_fields(page: Page, email: str) -> None:
    sign_up = SignUpPage(page).open()
    sign_up.submit(name="Grace", email="", password=PASSWORD)
    expect_refused(sign_up.email, "Enter your e-mail address.")
    sign_up.submit(name="Grace", email="no address", password=PASSWORD)
    expect_refused(sign_up.email, "Enter an e-mail address, like name@example.com.")
    sign_up.submit(name="Grace", email=email, password="")
    expect_refused(sign_up.password, "Choose a password.")
    sign_up.submit(name="Grace", email=email, password="short1")
    expect_refused(sign_up.password, "8 characters")
    sign_up.submit(name="Grace", email=email, password="nodigitsatallhere")
    expect_refused(sign_up.password, "digit")
    sign_up.submit(name="Grace", email=email, password="password1")
    expect_refused(sign_up.password, "most common")
    sign_up.submit(name="Grace", email=email, password="1" + "x" * 300)
    expect_refused(sign_up.password, "256")
    sign_up.submit(name="n" * 300, email=email, password=PASSWORD)
    expect_refused(sign_up.name, "too long")


def test_the_meter_answers_while_typing(page: Page) -> None:
    sign_up = SignUpPage(page).open()
    expect(sign_up.password).to_have_attribute("autocomplete", "new-password")
    expect(sign_up.strength.words).to_have_count(0)
    sign_up.password.press_sequentially("abc12345")
    expect(sign_up.strength.words).to_be_visible()
    weak = sign_up.strength.words.inner_text()
    sign_up.password.fill(PASSWORD)
    expect(sign_up.strength.words).not_to_have_text(weak)
    expect(sign_up.strength.words).to_have_text(
        re.compile("Strength: .*(good|strong)", re.IGNORECASE)
    )
    sign_up.password.fill("")
    expect(sign_up.strength.words).to_have_count(0)
