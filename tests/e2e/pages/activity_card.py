"""The two cards of the Activity page."""

from playwright.sync_api import Locator

from tests.e2e.pages.part import Part


class SignInHistoryCard(Part):
    """Every attempt to sign in."""

    @property
    def rows(self) -> Locator:
        """All rows on screen, latest first."""
        return self.root.get_by_test_id("sign-in-row")

    @property
    def show_more_button(self) -> Locator:
        """Adds rows."""
        return self.root.get_by_role("button", name="Show more")


class SecurityLogCard(Part):
    """Every change."""

    @property
    def rows(self) -> Locator:
        """All rows on screen, latest first."""
        return self.root.get_by_test_id("event-row")

    @property
    def show_more_button(self) -> Locator:
        """Adds rows."""
        return self.root.get_by_role("button", name="Show more")
