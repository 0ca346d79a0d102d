"""``/settings/personal/security``: one object per card."""

from tests.e2e.pages.password_card import PasswordCard
from tests.e2e.pages.sessions_card import SessionsCard
from tests.e2e.pages.settings_page import SettingsPage
from tests.e2e.pages.sign_ins_card import SignInsCard


class SecurityPage(SettingsPage):
    """The product."""

    PATH = "/settings/personal/security"

    @property
    def password(self) -> PasswordCard:
        """The Password card."""
        return PasswordCard(self.root.get_by_role("region", name="Password"))

    @property
    def sessions(self) -> SessionsCard:
        """The Sessions card."""
        return SessionsCard(self.root.get_by_role("region", name="Sessions"))

    @property
    def sign_ins(self) -> SignInsCard:
        """The Recent sign-ins card."""
        return SignInsCard(self.root.get_by_role("region", name="Recent sign-ins"))
