"""The cards Two-factor authentication and Authenticator app."""

from typing import Self

from playwright.sync_api import Locator, Page

from tests.e2e.pages.enable_authenticator import EnableAuthenticator
from tests.e2e.pages.part import Part
from tests.e2e.pages.recovery_codes_dialog import RecoveryCodesDialog
from tests.e2e.pages.step_up_dialog import StepUpDialog


class TwoFactorCard(Part):
    """Says whether 2FA is on."""

    @classmethod
    def on(cls, page: Page) -> Self:
        """Find the card on a page."""
        return cls(page.get_by_role("region", name="Two-factor authentication"))

    @property
    def badge_on(self) -> Locator:
        """The green badge."""
        return self.root.get_by_text("2FA enabled", exact=True)

    @property
    def badge_off(self) -> Locator:
        """The grey badge."""
        return self.root.get_by_text("2FA off", exact=True)


class AuthenticatorCard(Part):
    """The authenticator app and its recovery codes."""

    @classmethod
    def on(cls, page: Page) -> Self:
        """Find the card on a page."""
        return cls(page.get_by_role("region", name="Authenticator app"))

    @property
    def enable_button(self) -> Locator:
        """Begins the four steps."""
        return self.root.get_by_role("button", name="Enable authenticator app")

    @property
    def disable_button(self) -> Locator:
        """Turns the app off."""
        return self.root.get_by_role("button", name="Disable authenticator app")

    @property
    def view_codes_button(self) -> Locator:
        """Shows the recovery codes."""
        return self.root.get_by_role("button", name="View recovery codes")

    @property
    def wizard(self) -> EnableAuthenticator:
        """Steps two to four, open or not."""
        return EnableAuthenticator.on(self.root.page)

    @property
    def recovery_codes(self) -> RecoveryCodesDialog:
        """The dialog with the codes, open or not."""
        return RecoveryCodesDialog.on(self.root.page)

    def begin(self) -> StepUpDialog:
        """Press Enable; returns the first step."""
        self.enable_button.click()
        return StepUpDialog.titled(self.root.page, "Enable authenticator app")

    def begin_with(self, password: str) -> EnableAuthenticator:
        """Do the first step; returns the second."""
        self.begin().submit(password=password)
        return self.wizard

    def disable(self) -> StepUpDialog:
        """Press Disable; returns the dialog that asks for proof."""
        self.disable_button.click()
        return StepUpDialog.titled(self.root.page, "Disable authenticator app")

    def view_codes(self) -> StepUpDialog:
        """Press View recovery codes; returns the dialog that asks for proof."""
        self.view_codes_button.click()
        return StepUpDialog.titled(self.root.page, "View recovery codes")

    def view_codes_with(self, code: str) -> RecoveryCodesDialog:
        """Give the proof; returns the codes."""
        self.view_codes().submit(code=code)
        return self.recovery_codes
