"""What a certified provider nobody here wrote insists on, and what becomes of it while we run."""

import secrets
import time
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, Request, Route, expect
from sqlmodel import select

from security_app.db.tables import Connection
from tests.e2e.foreign_providers import (
    at_google,
    connect_to,
    environment_of,
    google,
    new_context,
    watch,
)
from tests.e2e.journeys import sign_in
from tests.e2e.pages.authenticator_card import AuthenticatorCard
from tests.e2e.pages.connected_accounts_card import ConnectedAccountsCard
from tests.e2e.pages.foreign_provider_page import ForeignProviderPage
from tests.e2e.pages.part import WholePage
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.watch import Watch
from tests.foreign_provider import ForeignProvider
from tests.server import Person, Server

__all__ = ["google", "new_context", "watch"]

#: An unknown key is looked for ten seconds after keys were read, at the earliest.
_KEYS_FOUND_WITHIN_S = 60
#: The challenge of a verifier that nobody has (RFC 7636, appendix B).
_OTHER_CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.fixture(scope="module")
def apple() -> Iterator[ForeignProvider]:
    """It answers by form_post, as Apple does; its signed client secret nobody else knows."""
    with ForeignProvider(token_endpoint_auth_method="none") as running:
        yield running


@pytest.fixture(scope="module")
def server(google: ForeignProvider, apple: ForeignProvider) -> Iterator[Server]:
    """A product that knows both."""
    environment = environment_of(google) | {
        "APPLE_CLIENT_ID": apple.client_id,
        "APPLE_ISSUER": apple.issuer,
    }
    with Server(environment) as running:
        connect_to(running, google)
        apple.register(f"{running.base_url}/auth/callback/apple")
        yield running


@pytest.fixture
def gina(google: ForeignProvider) -> str:
    """The login of somebody who has an account at Google only."""
    return at_google(google, f"gina.{secrets.token_hex(4)}@example.com", "Gina")


def come_in(page: Page, login: str) -> SecurityPage:
    """Sign in, or up, at Google."""
    SignInPage(page).open().provider_button("Google").click()
    ForeignProviderPage.wait_for(page).sign_in(login).agree()
    return SecurityPage(page).wait_until_ready()


def ask_otherwise(page: Page, **changes: str | None) -> None:
    """Let the browser change what it asks the provider; None leaves a parameter out."""

    def on_leaving(route: Route) -> None:
        url = urlsplit(route.fetch(max_redirects=0).headers["location"])
        asked = dict(parse_qsl(url.query)) | changes
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        route.fulfill(status=303, headers={"location": url._replace(query=query).geturl()})

    page.route("**/auth/go/*", on_leaving)


def connections_of(server: Server, person: Person) -> list[str]:
    with server.rows() as rows:
        return [
            row.subject
            for row in rows.exec(select(Connection).where(Connection.account_id == person.id))
        ]


def test_it_checks_our_verifier(
    page: Page, person: Person, server: Server, google: ForeignProvider
) -> None:
    login = at_google(google, person.email)
    security = sign_in(page, person)
    card = ConnectedAccountsCard.on(page)
    ask_otherwise(page, code_challenge=_OTHER_CHALLENGE)
    card.connect("Google").submit(password=person.password)
    ForeignProviderPage.wait_for(page).sign_in(login).agree()
    security.wait_until_ready()
    expect(security.alert).to_contain_text("Google did not prove who you are.")
    expect(card.connect_button("Google")).to_be_visible()
    assert "invalid_grant: code_verifier does not match code_challenge" in google.log_text()
    assert connections_of(server, person) == []

    page.unroute("**/auth/go/*")
    card.connect("Google").submit(password=person.password)
    expect(card.row("Google")).to_contain_text(login)
    assert connections_of(server, person) == [login]


def test_it_wants_a_challenge(page: Page) -> None:
    ask_otherwise(page, code_challenge=None, code_challenge_method=None)
    sign_in_page = SignInPage(page).open()
    sign_in_page.provider_button("Google").click()
    expect(sign_in_page.alert).to_contain_text("Google did not prove who you are.")


def test_who_cancels_there_is_back_and_told_so(page: Page) -> None:
    sign_in_page = SignInPage(page).open()
    sign_in_page.provider_button("Google").click()
    ForeignProviderPage.wait_for(page).cancel_link.click()
    expect(sign_in_page.alert).to_contain_text("Google was not asked to sign you in")


# max_age=0 alone says it too (OpenID Connect Core §3.1.2.1).
@pytest.mark.parametrize("left_out", [(), ("prompt",)])
def test_a_fresh_sign_in_there_proves_who_has_no_password(
    page: Page, gina: str, left_out: tuple[str, ...]
) -> None:
    security = come_in(page, gina)
    dialog = AuthenticatorCard.on(page).begin()
    ask_otherwise(page, **dict.fromkeys(left_out))
    dialog.provider_button("Google").click()
    # Signed in there already, and asked all the same.
    ForeignProviderPage.wait_for(page).sign_in(gina)
    security.wait_until_ready()
    expect(page.get_by_role("dialog")).to_contain_text("Step 2 of 4")


def test_a_browser_that_does_not_ask_for_a_fresh_sign_in_proves_nothing(
    page: Page, gina: str
) -> None:
    security = come_in(page, gina)
    dialog = AuthenticatorCard.on(page).begin()
    ask_otherwise(page, prompt=None, max_age=None)
    dialog.provider_button("Google").click()
    expect(WholePage(page).notices).to_contain_text("Google did not ask you to sign in again")
    security.wait_until_ready()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_its_keys_may_change_while_we_run(
    page: Page, second_page: Page, google: ForeignProvider, gina: str
) -> None:
    come_in(page, gina)
    google.rotate_keys()
    sign_in_page, security = SignInPage(second_page), SecurityPage(second_page)
    sign_in_page.open().provider_button("Google").click()
    ForeignProviderPage.wait_for(second_page).sign_in(gina).agree()
    deadline = time.monotonic() + _KEYS_FOUND_WITHIN_S
    arrived = security.sessions.root
    expect(arrived.or_(sign_in_page.alert)).to_be_visible()
    while not arrived.is_visible():
        assert time.monotonic() < deadline, "the new key was not looked for"
        sign_in_page.open().provider_button("Google").click()
        expect(arrived.or_(sign_in_page.alert)).to_be_visible()
    security.wait_until_ready()


def test_while_it_is_down_the_page_says_so_and_the_password_works(
    page: Page, person: Person, server: Server, google: ForeignProvider, gina: str
) -> None:
    google.stop()
    # What was read of it an hour ago at most would lead people to a page that is not there.
    server.stop()
    server.start()
    try:
        sign_in_page = SignInPage(page).open()
        sign_in_page.provider_button("Google").click()
        expect(sign_in_page.alert).to_contain_text("Google does not answer just now")
        sign_in_page.submit(person.email, person.password)
        security = SecurityPage(page).wait_until_ready()
    finally:
        google.start()
    security.sign_out()
    SignInPage(page).wait_until_ready()
    come_in(page, gina)


def test_an_answer_by_post_across_sites_signs_in(
    page: Page, watch: Watch, apple: ForeignProvider
) -> None:
    watch.leave_out(apple.issuer)
    apple.add_person("001.anna", email="k2x9q7@privaterelay.appleid.com")

    def is_answer(request: Request) -> bool:
        return request.method == "POST" and "/auth/callback/apple" in request.url

    SignInPage(page).open().provider_button("Apple").click()
    at_apple = ForeignProviderPage.wait_for(page).sign_in("001.anna")
    with page.expect_request(is_answer):
        at_apple.agree()
    SecurityPage(page).wait_until_ready()
    expect(ConnectedAccountsCard.on(page).row("Apple")).to_contain_text("001.anna")
