"""The OnCloudWine guide, "Connected accounts", step by step, at a provider nobody here wrote."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.foreign_providers import (
    at_google,
    connect_to,
    environment_of,
    google,
    new_context,
    watch,
)
from tests.e2e.journeys import sign_in
from tests.e2e.pages.connected_accounts_card import ConnectedAccountsCard
from tests.e2e.pages.foreign_provider_page import ForeignProviderPage
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.two_factor import Mailbox
from tests.foreign_provider import ForeignProvider
from tests.server import Person, Server

__all__ = ["google", "new_context", "watch"]

PASSWORD = "four bottles stood on 1 wall"


@pytest.fixture(scope="module")
def server(google: ForeignProvider) -> Iterator[Server]:
    """A product with the choices of this guide, and Google."""
    with Server(environment_of(google) | {"POLICY": "oncloudwine"}) as running:
        connect_to(running, google)
        yield running


def test_disconnect_and_re_connect(page: Page, person: Person, google: ForeignProvider) -> None:
    """With a password to fall back to."""
    account_id = at_google(google, person.email)
    security = sign_in(page, person)
    card = ConnectedAccountsCard.on(page)
    card.connect("Google").submit(password=person.password)
    ForeignProviderPage.wait_for(page).sign_in(account_id).agree()
    security.wait_until_ready()
    # "See the email and provider account ID linked."
    expect(card.row("Google")).to_contain_text(person.email)
    expect(card.row("Google")).to_contain_text(account_id)

    # "Disconnect a provider (you'll fall back to password sign-in)."
    card.disconnect("Google").submit(password=person.password, button="Disconnect")
    expect(card.connect_button("Google")).to_be_visible()
    security.sign_out()
    # The browser is still signed in at Google, which asks nothing again.
    SignInPage(page).wait_until_ready().provider_button("Google").click()
    expect(SignInPage(page).alert).to_contain_text("There is an account with this e-mail address")
    sign_in(page, person)

    # "Re-connect after disconnecting."
    card.connect("Google").submit(password=person.password)
    expect(card.row("Google")).to_contain_text(account_id)


def test_signed_up_via_google(page: Page, server: Server, google: ForeignProvider) -> None:
    """Without a password Google is the only way in."""
    email = "gina.newcomer@example.com"
    account_id = at_google(google, email)
    # "If you signed up via Google or Apple, the OAuth provider appears under Connected Accounts."
    SignInPage(page).open().provider_button("Google").click()
    ForeignProviderPage.wait_for(page).sign_in(account_id).agree()
    security = SecurityPage(page).wait_until_ready()
    card = ConnectedAccountsCard.on(page)
    expect(card.row("Google")).to_contain_text(email)
    expect(card.row("Google")).to_contain_text(account_id)

    # "If you signed up via Google and never set a password, disconnecting Google will lock you
    # out. Set a password first — there's a one-click link from the disconnect modal."
    card.disconnect_button("Google").click()
    newcomer = Person("", email, "Gina", PASSWORD)
    mailbox = Mailbox(server, newcomer)
    card.only_way_dialog("Google").set_password_button.click()
    security.password.first_step_up.submit(code=mailbox.next_code("Set the first password"))
    security.password.first_dialog.save(PASSWORD)

    # And on to what was wanted: "you'll fall back to password sign-in".
    card.disconnect_dialog.submit(password=PASSWORD, button="Disconnect")
    expect(card.connect_button("Google")).to_be_visible()
    security.sign_out()
    SignInPage(page).wait_until_ready()
    sign_in(page, newcomer)
