"""The one dialog in which somebody proves again who they are."""

from typing import Self

from playwright.sync_api import Locator, Page

from tests.e2e.pages.mailed_code import MailedCode
from tests.e2e.pages.part import Part


class StepUpDialog(Part):
    """Password, code, PIN or a typed name, as the step-up table wants."""

    @classmethod
    def titled(cls, page: Page, title: str) -> Self:
        """Find the dialog by its heading."""
        return cls(page.get_by_role("dialog", name=title))

    @property
    def password(self) -> Locator:
        """The password field."""
        return self.root.get_by_label("Password", exact=True)

    @property
    def code(self) -> Locator:
        """The code field."""
        return self.root.get_by_label("Code", exact=True)

    @property
    def pin(self) -> Locator:
        """The PIN field."""
        return self.root.get_by_label("PIN", exact=True)

    @property
    def confirmation(self) -> Locator:
        """Where the name of the object is typed, without a PIN."""
        return self.root.get_by_label("Confirmation", exact=True)

    @property
    def countdown(self) -> Locator:
        """How long the PIN is locked."""
        return self.root.get_by_role("timer")

    @property
    def mailed(self) -> MailedCode:
        """What is said of a code that was sent."""
        return MailedCode(self.root)

    @property
    def use_email_button(self) -> Locator:
        """Sends a code by e-mail and asks for it."""
        return self.root.get_by_role("button", name="Use email code")

    @property
    def use_app_button(self) -> Locator:
        """Asks for a code of the app."""
        return self.root.get_by_role("button", name="Use authenticator app")

    def provider_button(self, name: str) -> Locator:
        """Leaves for a fresh sign-in at the connected provider."""
        return self.root.get_by_role("button", name=f"Continue with {name}")

    @property
    def cancel_button(self) -> Locator:
        """Closes it, nothing done."""
        return self.root.get_by_role("button", name="Cancel", exact=True)

    @property
    def alert(self) -> Locator:
        """The sentence about the whole form."""
        return self.root.get_by_role("alert")

    def button(self, name: str) -> Locator:
        """The primary button: Continue, Confirm, Disable, Regenerate codes or Remove PIN."""
        return self.root.get_by_role("button", name=name, exact=True)

    def confirm(self, *, typed: str | None = None, pin: str | None = None) -> None:
        """Fill the PIN or the name and send it."""
        if typed is not None:
            self.confirmation.fill(typed)
        if pin is not None:
            self.pin.fill(pin)
        self.button("Confirm").click()

    def submit(
        self,
        *,
        password: str | None = None,
        code: str | None = None,
        pin: str | None = None,
        button: str = "Continue",
    ) -> None:
        """Fill the fields that are asked and send them."""
        if pin is not None:
            self.pin.fill(pin)
        if password is not None:
            self.password.fill(password)
        if code is not None:
            self.code.fill(code)
        self.button(button).click()
