""" "This wasn't me": a theft in one browser, taken back from another."""

from playwright.sync_api import Page, expect

from tests.e2e.fixtures import Enter
from tests.e2e.mail import link_in, text_of
from tests.e2e.pages.mailed_link_pages import ConfirmNewEmailPage, NotMePage
from tests.e2e.pages.profile_page import ProfilePage
from tests.e2e.pages.reset_password_page import ResetPasswordPage
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.two_factor import turn_on
from tests.server import Person, Server

NEW_PASSWORD = "seven-otters-swim-8"


def _mail_with(server: Server, address: str, path: str, saying: str = "") -> str:
    """The query of the first link to a path in the mail of an address that says something."""
    count = 0
    while True:
        count += 1
        mail = server.mail_to(address, count=count)
        if path in text_of(mail) and saying in text_of(mail):
            return link_in(mail, path)


def _steal(thief: SecurityPage, person: Person, server: Server) -> str:
    """What somebody does who holds a session and the password; returns the new address."""
    stolen = f"thief.{person.email}"
    profile = ProfilePage.on(thief.page)
    profile.email.ask_for(stolen, person.password)
    confirm = ConfirmNewEmailPage(profile.page)
    confirm.open(_mail_with(server, stolen, "/confirm-new-email")).confirm_button.click()
    expect(confirm.heading).to_have_text("E-mail changed")
    return stolen


def test_the_owner_takes_a_stolen_address_back(
    enter: Enter, page: Page, person: Person, server: Server
) -> None:
    thief = enter(person)
    _steal(thief, person, server)
    turn_on(thief.open().page, person)

    query = _mail_with(server, person.email, "/not-me", "another e-mail address now")
    not_me = NotMePage(page).open(query)
    # Opening it did nothing: mail scanners open links too.
    expect(thief.password.root).to_be_visible()
    not_me.not_me_button.click()
    expect(not_me.heading).to_have_text("Your account is yours again")
    expect(not_me.status).to_contain_text("Your e-mail address is back.")
    SignInPage(thief.page).wait_until_ready()

    # The password the thief knows opens nothing, and neither does the thief's app stand in the way.
    SignInPage(thief.page).submit(person.email, person.password)
    expect(SignInPage(thief.page).alert).to_be_visible()
    reset = ResetPasswordPage(page).open(_mail_with(server, person.email, "/reset-password"))
    reset.submit(NEW_PASSWORD, NEW_PASSWORD)
    expect(reset.heading).to_have_text("Password changed")
    SignInPage(page).open().submit(person.email, NEW_PASSWORD)
    security = SecurityPage(page).wait_until_ready()
    expect(security.account_button).to_contain_text(person.email)


def test_a_link_works_once_and_says_so(
    enter: Enter, page: Page, person: Person, server: Server
) -> None:
    _steal(enter(person), person, server)
    query = _mail_with(server, person.email, "/not-me")
    not_me = NotMePage(page).open(query)
    not_me.not_me_button.click()
    expect(not_me.heading).to_have_text("Your account is yours again")
    not_me.open(query).not_me_button.click()
    expect(not_me.heading).to_have_text("Link expired")
    expect(not_me.root.get_by_role("link", name="set a new password")).to_be_visible()


def test_a_link_without_a_token_says_so(page: Page) -> None:
    expect(NotMePage(page).open().heading).to_have_text("Link expired")
    expect(ConfirmNewEmailPage(page).open().heading).to_have_text("Link expired")
