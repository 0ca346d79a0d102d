"""Single sign-on: an owner sets it up against a real provider, members sign in through it."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from security_app.db.tables import new_id
from tests.dns_server import DnsServer
from tests.e2e.expectations import expect_refused
from tests.e2e.fixtures import Enter
from tests.e2e.pages.connected_accounts_card import ConnectedAccountsCard
from tests.e2e.pages.forgot_password_page import ForgotPasswordPage
from tests.e2e.pages.profile_page import ProfilePage
from tests.e2e.pages.provider_page import ProviderPage
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.pages.single_sign_on_card import (
    SingleSignOnCard,
    SsoPage,
    expect_managed,
)
from tests.e2e.pages.workspace_page import WorkspacePage
from tests.e2e.seeding import Seeds
from tests.e2e.watch import Watch
from tests.oidc_provider import Provider
from tests.server import Person, Server
from tests.sso_seeding import add_identity, add_sso


@pytest.fixture(scope="module")
def world() -> Iterator[DnsServer]:
    """The DNS the product asks."""
    with DnsServer() as running:
        yield running


@pytest.fixture(scope="module")
def server(world: DnsServer) -> Iterator[Server]:
    """A product that may ask providers on this machine."""
    with Server({"SSO_PRIVATE_ISSUERS": "1", "DNS_RESOLVER": world.address}) as running:
        yield running


@pytest.fixture
def okta(watch: Watch) -> Iterator[Provider]:
    """An organization's provider; browsers may go there."""
    with Provider(name="Okta") as running:
        watch.expect_complaint(re.escape(running.issuer))
        # Its pages have no icon.
        watch.expect_complaint("status of 404")
        yield running


@pytest.fixture
def domain() -> str:
    """One nobody has used."""
    return f"{new_id().lower().replace('_', 'x').strip('-')}.example"


@pytest.fixture
def boss(server: Server, domain: str) -> Person:
    """The owner of an organization, with an address of that domain."""
    return server.add_account(f"boss@{domain}", name="Olga")


def test_an_owner_sets_it_up_and_a_newcomer_signs_in(
    enter: Enter,
    boss: Person,
    domain: str,
    server: Server,
    world: DnsServer,
    okta: Provider,
    second_page: Page,
) -> None:
    server.add_organization(boss, "Northwind Wines")
    okta.add_person("ada", email=f"ada@{domain}", name="Ada King")
    workspace = WorkspacePage.on(enter(boss).page)
    card = SingleSignOnCard.on(workspace.page)
    card.button("Set up single sign-on").click()
    dialog = card.dialog("Set up single sign-on")
    expect(dialog.root).to_contain_text("The redirect address it asks for is shown next.")
    described = {
        "name": "Okta",
        "issuer": f"{okta.issuer}/",
        "client_id": okta.client_id,
        "secret": okta.client_secret,
        "domains": domain,
        "password": boss.password,
    }
    dialog.describe(**described)
    expect_refused(
        dialog.field("Issuer"),
        "No provider answers there under exactly this name. Copy it as your provider shows it, "
        "with or without the slash at its end.",
    )
    dialog.field("Issuer").fill(okta.issuer)
    dialog.field("Domains").fill("gmail.com")
    dialog.field("Password").fill(boss.password)
    dialog.button("Save").click()
    expect_refused(
        dialog.field("Domains"),
        "A public mail domain cannot be used: anybody can have an address there.",
    )
    dialog.describe(**(described | {"issuer": okta.issuer}))
    done = card.dialog("Single sign-on is set up")
    expect(done.redirect_address).to_contain_text(f"{server.base_url}/auth/callback/sso-")
    expect(done.root).to_contain_text("the card shows the DNS record of each")
    done.button("Done").click()
    expect(card.root).to_contain_text(
        "Nobody signs in through Okta yet: none of its domains is proven."
    )
    expect(card.button("Copy redirect address")).to_be_visible()

    _prove(card, workspace, domain, world)
    expect(card.root).to_contain_text(f"Members sign in through Okta ({domain}).")

    # Continue with SSO, found by the e-mail domain.
    SignInPage(second_page).open()
    second_page.get_by_role("button", name="Continue with SSO").click()
    SsoPage(second_page).wait_until_ready().submit(f"ada@{domain}")
    ProviderPage.wait_for(second_page, "Okta").agree(f"ada@{domain}")
    security = SecurityPage(second_page).wait_until_ready()
    expect_managed(second_page, "Okta")
    expect(security.root).to_contain_text("Your account is well protected")
    expect(second_page.get_by_role("button", name="Set PIN")).to_be_visible()
    expect(workspace.member("Ada King").badges).to_have_text(["Member", "Managed by SSO"])
    theirs = WorkspacePage.on(second_page)
    seen = SingleSignOnCard.on(theirs.page)
    expect(seen.root).to_contain_text(f"Members sign in through Okta ({domain}).")
    expect(seen.root.get_by_role("button")).to_have_count(0)


def _prove(card: SingleSignOnCard, workspace: WorkspacePage, domain: str, world: DnsServer) -> None:
    """Add the record the card shows, after a look too early and one at a wrong value."""
    waiting = card.waiting(domain)
    expect(waiting.root).to_contain_text("Not proven")
    expect(waiting.root).to_contain_text("Not checked yet.")
    expect(waiting.button("Copy name")).to_be_visible()
    expect(waiting.button("Copy value")).to_be_visible()
    name, value = (waiting.record(part).inner_text() for part in ("Name", "Value"))
    assert name == f"_security-centre-challenge.{domain}"

    waiting.button("Check again").click()
    expect(waiting.root).to_contain_text("No TXT record of this name was found.")
    expect(workspace.notices.filter(has_text=f"{domain} is not proven yet.")).to_be_visible()
    world.say(name, "security-centre-verification=wrong")
    waiting.button("Check again").click()
    expect(waiting.root).to_contain_text("none with this value")
    world.say(name, value)
    waiting.button("Check again").click()
    expect(waiting.root).to_have_count(0)
    expect(workspace.notices.filter(has_text=f"{domain} is proven.")).to_be_visible()


@pytest.fixture
def managed(server: Server, boss: Person, domain: str, okta: Provider) -> Person:
    """A member with a password who has connected the organization's provider."""
    house = server.add_organization(boss, "Northwind Wines")
    member = server.add_account(f"mem@{domain}", name="Mem")
    server.add_member(house, member, "member")
    row = add_sso(server, house, domain, issuer=okta.issuer, waiting=f"more.{domain}")
    add_identity(server, member, row, issuer=okta.issuer)
    return member


def test_the_password_of_a_managed_account_opens_nothing(
    managed: Person, page: Page, server: Server
) -> None:
    sign_in = SignInPage(page).open()
    sign_in.submit(managed.email, managed.password)
    expect(sign_in.alert).to_contain_text("Okta manages this for your organization.")
    ForgotPasswordPage(page).open().submit(managed.email)
    text = server.mail_to(managed.email).as_string()
    assert "through Okta" in text
    assert "token=" not in text


def test_a_member_reads_what_connecting_brings_before_it_does(
    enter: Enter, boss: Person, domain: str, server: Server, okta: Provider
) -> None:
    house = server.add_organization(boss, "Northwind Wines")
    member = server.add_account(name="Mem")
    server.add_member(house, member, "member")
    add_sso(server, house, domain, issuer=okta.issuer, secret=okta.client_secret)
    okta.add_person("mem", email=f"mem@{domain}")
    brings, manages = "once connected, it manages how you sign in", "“Managed by SSO”"

    theirs = ConnectedAccountsCard.on(enter(boss).page)
    expect(theirs.row("Okta")).to_contain_text("Not connected.")
    expect(theirs.row("Okta")).not_to_contain_text(brings)
    dialog = theirs.connect("Okta")
    expect(dialog.root).to_contain_text("from then on it signs you in here.")
    expect(dialog.root).not_to_contain_text(manages)

    security = enter(member)
    card = ConnectedAccountsCard.on(security.page)
    expect(card.row("Okta")).to_contain_text(brings)
    dialog = card.connect("Okta")
    expect(dialog.root).to_contain_text(manages)
    dialog.submit(password=member.password)
    ProviderPage.wait_for(security.page, "Okta").agree(f"mem@{domain}")
    security.wait_until_ready()
    expect_managed(security.page, "Okta")
    expect(card.row("Okta")).not_to_contain_text(brings)


def test_a_managed_account_keeps_its_address(enter: Enter, managed: Person) -> None:
    profile = ProfilePage(enter(managed).page).open()
    expect(profile.email.root).to_contain_text("Managed by SSO")
    expect(profile.email.change_button).to_have_count(0)


def test_open_pages_follow_when_it_is_changed_and_removed(
    enter: Enter, boss: Person, managed: Person, seeds: Seeds, server: Server
) -> None:
    security = enter(managed)
    expect_managed(security.page, "Okta")
    card = SingleSignOnCard.on(WorkspacePage.on(enter(boss).page).page)
    card.button("Change").click()
    change = card.dialog("Change single sign-on")
    expect(change.root).to_contain_text("1 person signs in through it. Another issuer")
    change.field("Name").fill("Okta Europe")
    change.field("Password").fill(boss.password)
    change.button("Save").click()
    expect_managed(security.page, "Okta Europe")

    card.button("Remove").click()
    dialog = card.dialog("Remove single sign-on")
    expect(dialog.root).to_contain_text("1 person signs in through it. They are told by mail")
    dialog.field("Password").fill(boss.password)
    dialog.button("Remove").click()
    expect(card.button("Set up single sign-on")).to_be_visible()
    expect(security.page.get_by_role("button", name="Change password")).to_be_visible()
    expect(security.page.get_by_text("Managed by SSO", exact=True)).to_have_count(0)
    assert "/forgot-password" in server.mail_to(managed.email).as_string()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_axe_finds_nothing(
    enter: Enter, boss: Person, managed: Person, scheme: str, width: int
) -> None:
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}}
    security = enter(managed, **options)
    expect_managed(security.page, "Okta")
    _expect_nothing_found(security.page)
    page = WorkspacePage.on(enter(boss, **options).page).page
    card = SingleSignOnCard.on(page)
    for opener, title in (
        ("Change", "Change single sign-on"),
        ("Remove", "Remove single sign-on"),
    ):
        card.button(opener).click()
        expect(card.dialog(title).root).to_be_visible()
        _expect_nothing_found(page)
        page.keyboard.press("Escape")
        expect(card.button(opener)).to_be_focused()
    is_wider = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert not is_wider


def _expect_nothing_found(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
