"""Ways through the authenticator app that many tests begin with."""

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import delete
from sqlmodel import col

from security_app.clock import now
from security_app.db.tables import EmailMethod, ThrottleKey
from tests.e2e.mail import code_in, text_of
from tests.e2e.pages.authenticator_card import AuthenticatorCard
from tests.e2e.pages.second_factor import SecondFactorPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.phone import App, Protected
from tests.server import Person, Server


def turn_on(page: Page, person: Person) -> Protected:
    """Go all four steps on an open Security page: scan, prove, save the codes, Done."""
    wizard = AuthenticatorCard.on(page).begin_with(person.password)
    expect(wizard.qr).to_be_visible()
    app = App.scanning(page)
    wizard.enter(app.code())
    codes = tuple(wizard.kit.codes())
    wizard.kit.download()
    wizard.kit.done_button.click()
    expect(wizard.root).to_have_count(0)
    return Protected(person, app, codes)


def give_password(page: Page, person: Person, query: str = "") -> SecondFactorPage:
    """Do the first half of a sign-in."""
    SignInPage(page).open(query).submit(person.email, person.password)
    return SecondFactorPage(page).wait_until_ready()


def expect_code_refused(field: Locator) -> None:
    """The answer is here: the field says so, is empty again and has the focus."""
    expect(field).to_have_value("")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()


def mail_saying(server: Server, person: Person, text: str) -> str:
    """Wait for the mail that says something; other mail may come before it.

    Raises:
        AssertionError: it did not come in time.
    """
    count = 0
    while True:
        count += 1
        found = text_of(server.mail_to(person.email, count=count))
        if text in found:
            return found


def protect_by_mail(server: Server, person: Person) -> None:
    """Turn the e-mail code on for somebody, straight in the database."""
    with server.rows() as rows:
        rows.add(EmailMethod(account_id=person.id, enabled_at=now()))
        rows.commit()


class Mailbox:
    """Reads the codes somebody gets, each once."""

    def __init__(self, server: Server, person: Person) -> None:
        """Begin with what is there already."""
        self._server, self._person = server, person
        self._count = len(server.mails_to(person.email))

    def next_code(self, purpose: str) -> str:
        """Wait for the next code, which must be for this purpose; other mail may come before."""
        while True:
            self._count += 1
            mail = self._server.mail_to(self._person.email, count=self._count)
            if str(mail["Subject"]).endswith(" code"):
                assert f'"{purpose}"' in text_of(mail)
                return code_in(mail)

    def let_ask_again(self) -> None:
        """As if a minute, and a day, had passed since the last code."""
        with self._server.rows() as rows:
            rows.execute(delete(ThrottleKey).where(col(ThrottleKey.key).startswith("code:")))
            rows.commit()
