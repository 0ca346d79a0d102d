"""Steps two to four of turning the authenticator app on: scan, code, recovery codes."""

import re
from typing import Self

from playwright.sync_api import Locator, Page, expect

from tests.e2e.pages.part import Part
from tests.e2e.pages.recovery_codes_dialog import KeepingCodes

_COMPLETE = re.compile(r"[0-9]{6}\Z")


class EnableAuthenticator(Part):
    """One dialog, one job per step."""

    @classmethod
    def on(cls, page: Page) -> Self:
        """Find the dialog on a page."""
        return cls(page.get_by_role("dialog", name="Enable authenticator app"))

    def step(self, number: int) -> Locator:
        """The indicator, when it shows this step."""
        return self.root.get_by_text(f"Step {number} of 4", exact=True)

    @property
    def qr(self) -> Locator:
        """The picture to scan."""
        return self.root.get_by_role("img", name="QR code for your authenticator app")

    @property
    def secret(self) -> Locator:
        """The secret in groups of four."""
        return self.root.get_by_label("Secret", exact=True)

    @property
    def copy_secret_button(self) -> Locator:
        """Puts the secret on the clipboard."""
        return self.root.get_by_role("button", name="Copy secret")

    @property
    def next_button(self) -> Locator:
        """From the picture to the code."""
        return self.root.get_by_role("button", name="Next", exact=True)

    @property
    def back_button(self) -> Locator:
        """From the code to the picture."""
        return self.root.get_by_role("button", name="Back", exact=True)

    @property
    def cancel_button(self) -> Locator:
        """Drops the set-up."""
        return self.root.get_by_role("button", name="Cancel", exact=True)

    @property
    def code(self) -> Locator:
        """The code field of the third step."""
        return self.root.get_by_label("Code", exact=True)

    @property
    def verify_button(self) -> Locator:
        """Proves the code."""
        return self.root.get_by_role("button", name="Verify", exact=True)

    @property
    def kit(self) -> KeepingCodes:
        """The recovery codes of the last step."""
        return KeepingCodes(self.root)

    def read_secret(self) -> str:
        """The secret as somebody types it into an app, without the spaces."""
        expect(self.secret).to_have_text(re.compile(r"\S"))
        return self.secret.inner_text().replace(" ", "")

    def enter(self, code: str) -> None:
        """Go on to the third step and enter a code; six digits send themselves."""
        self.next_button.click()
        self.type_code(code)

    def type_code(self, code: str) -> None:
        """Enter a code in the third step."""
        self.code.fill(code)
        if not _COMPLETE.match(code.replace(" ", "")):
            self.verify_button.click()
