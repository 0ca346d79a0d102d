"""``/settings/personal/activity``."""

from tests.e2e.pages.activity_card import SecurityLogCard, SignInHistoryCard
from tests.e2e.pages.settings_page import SettingsPage


class ActivityPage(SettingsPage):
    """Sign-in history and security log."""

    PATH = "/settings/personal/activity"

    @property
    def sign_in_history(self) -> SignInHistoryCard:
        """The Sign-in history card."""
        return SignInHistoryCard(self.root.get_by_role("region", name="Sign-in history"))

    @property
    def security_log(self) -> SecurityLogCard:
        """The Security log card."""
        return SecurityLogCard(self.root.get_by_role("region", name="Security log"))
