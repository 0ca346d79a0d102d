"""The frame of every signed-in page."""

from playwright.sync_api import Locator, expect

from tests.e2e.pages.part import WholePage


class SettingsPage(WholePage):
    """Header, account menu and navigation."""

    @property
    def account_button(self) -> Locator:
        """Opens the account menu."""
        return self.page.get_by_role("banner").get_by_role("button", name="Account")

    @property
    def account_menu(self) -> Locator:
        """Name, address, Sign out."""
        return self.page.locator("#account-menu")

    @property
    def navigation(self) -> Locator:
        """The left column of a wide screen."""
        return self.page.get_by_role("navigation", name="Settings", exact=True)

    @property
    def menu_button(self) -> Locator:
        """Opens the navigation on a phone."""
        return self.page.get_by_role("button", name="Menu")

    @property
    def menu(self) -> Locator:
        """The navigation of a phone."""
        return self.page.get_by_role("navigation", name="Settings menu")

    @property
    def confirmation_banner(self) -> Locator:
        """Asks for the confirmation of the address."""
        return self.root.get_by_role("group", name="E-mail not confirmed")

    def sign_out(self) -> None:
        """Sign this browser out."""
        self.account_button.click()
        sign_out = self.account_menu.get_by_role("button", name="Sign out")
        expect(sign_out).to_be_visible()
        sign_out.click()
