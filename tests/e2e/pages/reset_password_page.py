"""``/reset-password``."""

from playwright.sync_api import Locator

from tests.e2e.pages.part import WholePage
from tests.e2e.pages.strength_meter import StrengthMeter


class ResetPasswordPage(WholePage):
    """Choosing a new password by a mailed link."""

    PATH = "/reset-password"

    @property
    def new_password(self) -> Locator:
        """The first field."""
        return self.root.get_by_label("New password", exact=True)

    @property
    def repeat_password(self) -> Locator:
        """The second field."""
        return self.root.get_by_label("Repeat new password", exact=True)

    @property
    def strength(self) -> StrengthMeter:
        """How strong the typed password is."""
        return StrengthMeter(self.root)

    @property
    def submit_button(self) -> Locator:
        """The primary button."""
        return self.root.get_by_role("button", name="Save password")

    @property
    def ask_again(self) -> Locator:
        """The way on from a dead link."""
        return self.root.get_by_role("link", name="Ask for a new link")

    def submit(self, new: str, repeat: str) -> None:
        """Fill the form and send it."""
        self.new_password.fill(new)
        self.repeat_password.fill(repeat)
        self.submit_button.click()
