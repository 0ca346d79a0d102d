"""``/sign-in/verify``."""

import re
from typing import Self

from playwright.sync_api import Locator, expect

from tests.e2e.pages.mailed_code import MailedCode
from tests.e2e.pages.part import WholePage

_COMPLETE = re.compile(r"[0-9]{6}\Z")


class SecondFactorPage(WholePage):
    """The code, after the password."""

    PATH = "/sign-in/verify"

    def wait_until_ready(self) -> Self:
        """Wait until it knows what to ask."""
        super().wait_until_ready()
        expect(self.verify_button).to_be_visible()
        return self

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
    def use_email_button(self) -> Locator:
        """Sends a code by e-mail and asks for it."""
        return self.root.get_by_role("button", name="Use email code")

    @property
    def mailed(self) -> MailedCode:
        """What is said of the code that was sent."""
        return MailedCode(self.root)

    @property
    def lost_link(self) -> Locator:
        """Leads to what to do without device and codes."""
        return self.root.get_by_role("link", name="Lost your device and your codes?")

    @property
    def countdown(self) -> Locator:
        """How long to wait, counting."""
        return self.root.get_by_role("timer")

    def submit(self, code: str) -> None:
        """Enter a code; six digits send themselves where no recovery code is asked."""
        sends_itself = not self.root.get_by_text("Enter a recovery code.").is_visible()
        self.code.fill(code)
        if not (sends_itself and _COMPLETE.match(code.replace(" ", ""))):
            self.verify_button.click()
