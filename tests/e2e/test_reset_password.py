"""Forgotten passwords."""

from playwright.sync_api import Page, expect

from tests.e2e.expectations import expect_refused
from tests.e2e.fixtures import Enter
from tests.e2e.journeys import sign_in
from tests.e2e.mail import link_in
from tests.e2e.pages.forgot_password_page import ForgotPasswordPage
from tests.e2e.pages.reset_password_page import ResetPasswordPage
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.server import Person, Server

NEW_PASSWORD = "seven-otters-swim-8"


def test_a_forgotten_password_is_replaced_by_mail(
    page: Page, person: Person, server: Server, enter: Enter
) -> None:
    elsewhere = enter(person)
    SignInPage(page).open().forgot_password.click()
    forgot = ForgotPasswordPage(page).wait_until_ready()
    forgot.submit(person.email)
    expect(forgot.heading).to_have_text("Check your e-mail")

    reset = ResetPasswordPage(page).open(link_in(server.mail_to(person.email), "/reset-password"))
    reset.submit(NEW_PASSWORD, NEW_PASSWORD)
    expect(reset.heading).to_have_text("Password changed")
    expect(reset.status).to_contain_text("all sessions were signed out")
    # Nobody is signed in by the link, and the browser that was is back at the sign-in page.
    SignInPage(elsewhere.page).wait_until_ready()
    sign_in_page = SignInPage(page).open()
    sign_in_page.submit(person.email, person.password)
    expect(sign_in_page.alert).to_be_visible()
    sign_in_page.submit(person.email, NEW_PASSWORD)
    SecurityPage(page).wait_until_ready()


def test_a_reset_link_works_once(page: Page, person: Person, server: Server) -> None:
    ForgotPasswordPage(page).open().submit(person.email)
    query = link_in(server.mail_to(person.email), "/reset-password")
    reset = ResetPasswordPage(page).open(query)
    reset.submit(NEW_PASSWORD, NEW_PASSWORD)
    expect(reset.heading).to_have_text("Password changed")
    reset.open(query).submit("eight-herons-fly-9", "eight-herons-fly-9")
    expect(reset.heading).to_have_text("Link expired")
    reset.ask_again.click()
    ForgotPasswordPage(page).wait_until_ready()
    sign_in(page, person, password=NEW_PASSWORD)


def test_a_link_without_a_token_says_so(page: Page) -> None:
    expect(ResetPasswordPage(page).open().heading).to_have_text("Link expired")


def test_an_unknown_address_gets_the_same_words(page: Page, person: Person, server: Server) -> None:
    forgot = ForgotPasswordPage(page).open()
    forgot.submit("nobody@example.com")
    expect(forgot.heading).to_have_text("Check your e-mail")
    words = forgot.root.inner_text().replace("nobody@example.com", "")
    forgot.open().submit(person.email)
    expect(forgot.heading).to_have_text("Check your e-mail")
    assert forgot.root.inner_text().replace(person.email, "") == words
    server.mail_to(person.email)
    assert not server.mails_to("nobody@example.com")


def test_refusals_stand_beside_their_fields(page: Page, person: Person, server: Server) -> None:
    forgot = ForgotPasswordPage(page).open()
    forgot.submit("")
    expect_refused(forgot.email, "Enter your e-mail address.")
    forgot.submit("no address")
    expect_refused(forgot.email, "Enter an e-mail address, like name@example.com.")
    forgot.submit(person.email)
    reset = ResetPasswordPage(page).open(link_in(server.mail_to(person.email), "/reset-password"))
    reset.submit("", "")
    expect_refused(reset.new_password, "Enter a new password.")
    reset.submit("short1", "short1")
    expect_refused(reset.new_password, "8 characters")
    reset.submit(NEW_PASSWORD, NEW_PASSWORD + "x")
    expect_refused(reset.repeat_password, "The two passwords are not the same.")
    # A refusal does not use the link up.
    reset.submit(NEW_PASSWORD, NEW_PASSWORD)
    expect(reset.heading).to_have_text("Password changed")


def test_the_meter_answers_while_typing(page: Page) -> None:
    reset = ResetPasswordPage(page).open("?token=any")
    reset.new_password.press_sequentially("abc")
    expect(reset.strength.words).to_be_visible()
