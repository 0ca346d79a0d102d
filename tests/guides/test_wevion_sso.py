"""The Wevion guide, "Enterprise SSO and 2FA", at a provider nobody here wrote."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.fixtures import Enter
from tests.e2e.foreign_providers import new_context
from tests.e2e.journeys import sign_in
from tests.e2e.pages.connected_accounts_card import ConnectedAccountsCard
from tests.e2e.pages.foreign_provider_page import ForeignProviderPage
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.single_sign_on_card import SingleSignOnCard, SsoPage, expect_managed
from tests.e2e.pages.workspace_page import WorkspacePage
from tests.e2e.watch import Watch
from tests.foreign_provider import ForeignProvider
from tests.server import Person, Server

__all__ = ["new_context"]

DOMAIN = "wevion.example"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A product with the choices of this guide, which may ask providers on this machine."""
    environment = {"SSO_PRIVATE_ISSUERS": "1", "SSO_DOMAIN_PROOF": "address"}
    with Server({"POLICY": "wevion"} | environment) as running:
        yield running


@pytest.fixture
def okta(watch: Watch) -> Iterator[ForeignProvider]:
    """The organization's IdP; browsers go there, and what its pages do is not ours.

    It takes the secret of a client in one way only, the one every provider has to know.
    """
    with ForeignProvider(client_auth_methods=["client_secret_basic"]) as running:
        watch.leave_out(running.issuer)
        yield running


def set_up(page: Page, admin: Person, okta: ForeignProvider) -> None:
    """What an owner does here and at the IdP, as docs/sso.md says."""
    card = SingleSignOnCard.on(WorkspacePage.on(page).page)
    card.button("Set up single sign-on").click()
    card.dialog("Set up single sign-on").describe(
        name="Okta",
        issuer=okta.issuer,
        client_id=okta.client_id,
        secret=okta.client_secret,
        domains=DOMAIN,
        password=admin.password,
    )
    done = card.dialog("Single sign-on is set up")
    okta.register(done.redirect_address.inner_text())
    done.button("Done").click()
    expect(card.root).to_contain_text(f"Members sign in through Okta ({DOMAIN}).")


def test_enterprise_sso_and_2fa(
    page: Page, second_page: Page, enter: Enter, server: Server, okta: ForeignProvider
) -> None:
    """If your Org uses SSO (SAML / OIDC)."""
    admin = server.add_account(f"admin@{DOMAIN}")
    member = server.add_account(f"ada@{DOMAIN}")
    house = server.add_organization(admin)
    server.add_member(house, member, "member")
    set_up(enter(admin).page, admin, okta)

    # Who has an account already connects it once.
    okta.add_person(member.email, email=member.email, name="Ada King")
    security = sign_in(page, member)
    card = ConnectedAccountsCard.on(page)
    card.connect("Okta").submit(password=member.password)
    ForeignProviderPage.wait_for(page).sign_in(member.email).agree()
    security.wait_until_ready()
    expect(card.row("Okta")).to_contain_text(member.email)

    # "2FA is typically handled by your IdP (Okta, Azure AD, etc.), not Wevion directly":
    # no code is asked here, whatever the provider asks there.
    SsoPage(second_page).open().submit(member.email)
    at_okta = ForeignProviderPage.wait_for(second_page)
    # It was told who comes: nobody types their address twice.
    expect(at_okta.login).to_have_value(member.email)
    at_okta.enter_password().agree()
    SecurityPage(second_page).wait_until_ready()

    # "Wevion's 2FA setting may be hidden or shown as "Managed by SSO"".
    two_factor = second_page.get_by_role("region", name="Two-factor authentication")
    expect(two_factor.get_by_text("Managed by SSO", exact=True)).to_be_visible()
    expect_managed(second_page, "Okta")

    # "Talk to your IT admin to configure 2FA at the IdP level": not here, by no door.
    answer = httpx.post(
        f"{server.base_url}/api/v1/auth/sign-in",
        json={"email": member.email, "password": member.password},
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "managed_by_sso")
