"""Ways through several pages that many tests begin with."""

from playwright.sync_api import Page

from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.server import Person


def sign_in(page: Page, person: Person, *, password: str | None = None) -> SecurityPage:
    """Sign somebody in by the form."""
    SignInPage(page).open().submit(person.email, password or person.password)
    return SecurityPage(page).wait_until_ready()
