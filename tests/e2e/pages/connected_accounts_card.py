"""The Connected accounts card, its dialogs, and the page of a provider it leads to."""

from typing import Self

from playwright.sync_api import Locator, Page

from tests.e2e.pages.part import Part
from tests.e2e.pages.step_up_dialog import StepUpDialog


class ConnectedAccountsCard(Part):
    """Which providers sign somebody in."""

    @classmethod
    def on(cls, page: Page) -> Self:
        """Find the card on a page."""
        return cls(page.get_by_role("region", name="Connected accounts"))

    @property
    def rows(self) -> Locator:
        """One for each provider."""
        return self.root.get_by_test_id("provider-row")

    def row(self, provider: str) -> Locator:
        """The row of a provider."""
        page = self.root.page
        return self.rows.filter(has=page.get_by_text(provider, exact=True))

    def connect_button(self, provider: str) -> Locator:
        """Begins to connect a provider."""
        return self.root.get_by_role("button", name=f"Connect {provider}", exact=True)

    def disconnect_button(self, provider: str) -> Locator:
        """Begins to disconnect a provider."""
        return self.root.get_by_role("button", name=f"Disconnect {provider}", exact=True)

    def connect(self, provider: str) -> StepUpDialog:
        """Press Connect; returns the dialog that asks for proof."""
        self.connect_button(provider).click()
        return StepUpDialog.titled(self.root.page, "Connect account")

    def disconnect(self, provider: str) -> StepUpDialog:
        """Press Disconnect; returns the dialog that asks for proof."""
        self.disconnect_button(provider).click()
        return self.disconnect_dialog

    @property
    def disconnect_dialog(self) -> StepUpDialog:
        """The dialog that asks for proof, open or not."""
        return StepUpDialog.titled(self.root.page, "Disconnect account")

    def only_way_dialog(self, provider: str) -> "OnlyWayDialog":
        """What opens where nothing else would sign the account in."""
        title = f"{provider} is your only way to sign in"
        return OnlyWayDialog(self.root.page.get_by_role("dialog", name=title))


class OnlyWayDialog(Part):
    """A password first."""

    @property
    def set_password_button(self) -> Locator:
        """Goes on to set one."""
        return self.root.get_by_role("button", name="Set a password")

    @property
    def cancel_button(self) -> Locator:
        """Closes it, nothing changed."""
        return self.root.get_by_role("button", name="Cancel", exact=True)
