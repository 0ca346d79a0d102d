"""The Recent sign-ins card."""

from playwright.sync_api import Locator

from tests.e2e.pages.part import Part


class SignInsCard(Part):
    """The latest attempts to sign in."""

    @property
    def rows(self) -> Locator:
        """All rows on screen, latest first."""
        return self.root.get_by_test_id("sign-in-row")

    @property
    def view_all(self) -> Locator:
        """Leads to the Activity page."""
        return self.root.get_by_role("link", name="View all")
