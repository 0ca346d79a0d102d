"""``/sign-up``."""

from playwright.sync_api import Locator

from tests.e2e.pages.part import WholePage
from tests.e2e.pages.strength_meter import StrengthMeter


class SignUpPage(WholePage):
    """Making an account."""

    PATH = "/sign-up"

    @property
    def name(self) -> Locator:
        """The name field."""
        return self.root.get_by_label("Name", exact=True)

    @property
    def email(self) -> Locator:
        """The e-mail field."""
        return self.root.get_by_label("Email", exact=True)

    @property
    def password(self) -> Locator:
        """The password field."""
        return self.root.get_by_label("Password", exact=True)

    @property
    def strength(self) -> StrengthMeter:
        """How strong the typed password is."""
        return StrengthMeter(self.root)

    @property
    def submit_button(self) -> Locator:
        """The primary button."""
        return self.root.get_by_role("button", name="Create account")

    def submit(self, *, name: str, email: str, password: str) -> None:
        """Fill the form and send it."""
        self.name.fill(name)
        self.email.fill(email)
        self.password.fill(password)
        self.submit_button.click()
