"""``/confirm-email``."""

from playwright.sync_api import Locator

from tests.e2e.pages.part import WholePage


class ConfirmEmailPage(WholePage):
    """Confirming an address by a mailed link and a button."""

    PATH = "/confirm-email"

    @property
    def confirm_button(self) -> Locator:
        """The primary button."""
        return self.root.get_by_role("button", name="Confirm e-mail")

    @property
    def continue_link(self) -> Locator:
        """The way on."""
        return self.root.get_by_role("link", name="Continue")
