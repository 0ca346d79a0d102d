"""``/sign-in/verify``."""

import re

from playwright.sync_api import Locator

from tests.e2e.pages.part import WholePage

_COMPLETE = re.compile(r"[0-9]{6}\Z")


class SecondFactorPage(WholePage):
    """The code, after the password."""

    PATH = "/sign-in/verify"

    @property
    def code(self) -> Locator:
        """The one field."""
        return self.root.get_by_label("Code", exact=True)

    @property
    def verify_button(self) -> Locator:
        """The primary button."""
        return self.root.get_by_role("button", name="Verify", exact=True)

    @property
    def use_recovery_code_button(self) -> Locator:
        """Asks for a recovery code instead."""
        return self.root.get_by_role("button", name="Use a recovery code")

    @property
    def use_app_button(self) -> Locator:
        """Asks for the authenticator app again."""
        return self.root.get_by_role("button", name="Use authenticator app")

    @property
    def lost_link(self) -> Locator:
        """Leads to what to do without device and codes."""
        return self.root.get_by_role("link", name="Lost your device and your codes?")

    @property
    def countdown(self) -> Locator:
        """How long to wait, counting."""
        return self.root.get_by_role("timer")

    def submit(self, code: str) -> None:
        """Enter a code; six digits for the app send themselves."""
        sends_itself = self.use_recovery_code_button.is_visible()
        self.code.fill(code)
        if not (sends_itself and _COMPLETE.match(code.replace(" ", ""))):
            self.verify_button.click()
