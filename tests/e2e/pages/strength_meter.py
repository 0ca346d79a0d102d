"""The strength meter under a new password."""

from playwright.sync_api import Locator

from tests.e2e.pages.part import Part


class StrengthMeter(Part):
    """Four bars and a sentence."""

    @property
    def words(self) -> Locator:
        """The judgement and the advice."""
        return self.root.get_by_role("paragraph").filter(has_text="Strength:")
