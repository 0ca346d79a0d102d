"""The Single sign-on card of the workspace, and what managed accounts see."""

from typing import Self

from playwright.sync_api import Locator, Page, expect

from tests.e2e.pages.part import Part, WholePage


class SsoDialog(Part):
    """The dialogs of the card."""

    def field(self, label: str) -> Locator:
        """Name, Issuer, Client ID, Client secret, Domains, Password or Code."""
        return self.root.get_by_label(label, exact=True)

    @property
    def redirect_address(self) -> Locator:
        """What is registered at the provider."""
        return self.root.get_by_label("Redirect address")

    def button(self, name: str) -> Locator:
        """Save, Remove, Done or Cancel."""
        return self.root.get_by_role("button", name=name, exact=True)

    def describe(
        self, *, name: str, issuer: str, client_id: str, secret: str, domains: str, password: str
    ) -> None:
        """Fill all fields and send them."""
        for label, value in (
            ("Name", name),
            ("Issuer", issuer),
            ("Client ID", client_id),
            ("Client secret", secret),
            ("Domains", domains),
            ("Password", password),
        ):
            self.field(label).fill(value)
        self.button("Save").click()


class WaitingDomain(Part):
    """A domain of the card that is not proven yet."""

    def record(self, part: str) -> Locator:
        """Name or Value of the TXT record to add."""
        return self.root.get_by_label(part, exact=True)

    def button(self, name: str) -> Locator:
        """Copy name, Copy value or Check again."""
        return self.root.get_by_role("button", name=name, exact=True)


class SingleSignOnCard(Part):
    """What an owner sets up."""

    @classmethod
    def on(cls, page: Page) -> Self:
        """Find the card."""
        return cls(page.get_by_role("region", name="Single sign-on"))

    def button(self, name: str) -> Locator:
        """Set up single sign-on, Change, Remove or Copy redirect address."""
        return self.root.get_by_role("button", name=name, exact=True)

    def waiting(self, domain: str) -> WaitingDomain:
        """The row of a domain that is not proven yet."""
        rows = self.root.get_by_role("list", name="Domains to prove").get_by_role("listitem")
        return WaitingDomain(rows.filter(has_text=domain))

    def dialog(self, title: str) -> SsoDialog:
        """One of its dialogs."""
        return SsoDialog(self.root.page.get_by_role("dialog", name=title))


class SsoPage(WholePage):
    """``/sign-in/sso``."""

    PATH = "/sign-in/sso"

    @property
    def email(self) -> Locator:
        """The work address."""
        return self.root.get_by_label("Email", exact=True)

    def submit(self, email: str) -> None:
        """Go to the organization's provider."""
        self.email.fill(email)
        self.root.get_by_role("button", name="Continue with SSO").click()


def expect_managed(page: Page, provider: str) -> None:
    """The four cards of password and second factor say who manages them, and offer nothing."""
    for name in ("Password", "Two-factor authentication", "Authenticator app", "Email code"):
        card = page.get_by_role("region", name=name, exact=True)
        expect(card.get_by_text("Managed by SSO", exact=True)).to_be_visible()
        expect(card).to_contain_text(f"{provider} takes care of this")
        expect(card.get_by_role("button")).to_have_count(0)
