"""``/forgot-password``."""

from playwright.sync_api import Locator

from tests.e2e.pages.part import WholePage


class ForgotPasswordPage(WholePage):
    """Asking for a link to a new password."""

    PATH = "/forgot-password"

    @property
    def email(self) -> Locator:
        """The e-mail field."""
        return self.root.get_by_label("Email", exact=True)

    @property
    def submit_button(self) -> Locator:
        """The primary button."""
        return self.root.get_by_role("button", name="Send link")

    def submit(self, email: str) -> None:
        """Fill the form and send it."""
        self.email.fill(email)
        self.submit_button.click()
