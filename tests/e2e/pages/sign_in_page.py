"""``/sign-in``."""

from playwright.sync_api import Locator

from tests.e2e.pages.part import WholePage


class SignInPage(WholePage):
    """Getting in with e-mail and password."""

    PATH = "/sign-in"

    @property
    def email(self) -> Locator:
        """The e-mail field."""
        return self.root.get_by_label("Email", exact=True)

    @property
    def password(self) -> Locator:
        """The password field."""
        return self.root.get_by_label("Password", exact=True)

    @property
    def reveal(self) -> Locator:
        """The button that shows or hides the password."""
        return self.root.get_by_role("button", name="Show").or_(
            self.root.get_by_role("button", name="Hide")
        )

    @property
    def submit_button(self) -> Locator:
        """The primary button."""
        return self.root.get_by_role("button", name="Sign in", exact=True)

    @property
    def countdown(self) -> Locator:
        """How long to wait, counting."""
        return self.root.get_by_role("timer")

    @property
    def forgot_password(self) -> Locator:
        """The link to a new password."""
        return self.root.get_by_role("link", name="Forgot password?")

    @property
    def create_account(self) -> Locator:
        """The link to sign-up."""
        return self.root.get_by_role("link", name="Create an account")

    def provider_button(self, name: str) -> Locator:
        """The way in through Google, Apple or SSO."""
        return self.root.get_by_role("button", name=f"Continue with {name}")

    @property
    def demo_accounts(self) -> Locator:
        """The list that demo mode adds."""
        return self.root.get_by_role("region", name="Demo accounts")

    def fill_demo_account(self, email: str) -> None:
        """Let one click fill the form."""
        self.demo_accounts.get_by_role("button", name=email).click()

    def submit(self, email: str, password: str) -> None:
        """Fill the form and send it."""
        self.email.fill(email)
        self.password.fill(password)
        self.submit_button.click()
