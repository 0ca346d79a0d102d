"""The pages that links about the address and about theft open: one button each."""

from playwright.sync_api import Locator

from tests.e2e.pages.part import WholePage


class ConfirmNewEmailPage(WholePage):
    """Opened at the new address."""

    PATH = "/confirm-new-email"

    @property
    def confirm_button(self) -> Locator:
        """The primary button."""
        return self.root.get_by_role("button", name="Confirm new e-mail")


class NotMePage(WholePage):
    """Opened by "This wasn't me" in a security mail."""

    PATH = "/not-me"

    @property
    def not_me_button(self) -> Locator:
        """The primary button."""
        return self.root.get_by_role("button", name="This wasn't me")
