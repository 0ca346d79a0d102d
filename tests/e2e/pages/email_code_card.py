"""The Email code card and its dialogs."""

from typing import Self

from playwright.sync_api import Locator, Page

from tests.e2e.pages.mailed_code import MailedCode
from tests.e2e.pages.part import Part
from tests.e2e.pages.step_up_dialog import StepUpDialog


class EmailCodeCard(Part):
    """Codes by e-mail as a second factor."""

    @classmethod
    def on(cls, page: Page) -> Self:
        """Find the card on a page."""
        return cls(page.get_by_role("region", name="Email code"))

    @property
    def enable_button(self) -> Locator:
        """Begins the two steps."""
        return self.root.get_by_role("button", name="Enable email code")

    @property
    def disable_button(self) -> Locator:
        """Turns it off."""
        return self.root.get_by_role("button", name="Disable email code")

    @property
    def set_up(self) -> "EnableEmailCode":
        """The second step, open or not."""
        page = self.root.page
        return EnableEmailCode(page.get_by_role("dialog", name="Enable email code"))

    def begin(self) -> StepUpDialog:
        """Press Enable; returns the first step."""
        self.enable_button.click()
        return StepUpDialog.titled(self.root.page, "Enable email code")

    def begin_with(self, password: str) -> "EnableEmailCode":
        """Do the first step; returns the second."""
        self.begin().submit(password=password)
        return self.set_up

    def disable(self) -> StepUpDialog:
        """Press Disable; returns the dialog that asks for proof, its code on the way."""
        self.disable_button.click()
        return StepUpDialog.titled(self.root.page, "Disable email code")


class EnableEmailCode(Part):
    """The code that was sent."""

    @property
    def code(self) -> Locator:
        """The one field."""
        return self.root.get_by_label("Code", exact=True)

    @property
    def mailed(self) -> MailedCode:
        """What is said of the code that was sent."""
        return MailedCode(self.root)

    @property
    def verify_button(self) -> Locator:
        """The primary button."""
        return self.root.get_by_role("button", name="Verify", exact=True)

    @property
    def cancel_button(self) -> Locator:
        """Drops the set-up."""
        return self.root.get_by_role("button", name="Cancel", exact=True)
