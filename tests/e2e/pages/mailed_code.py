"""What a form says of a code that was sent by e-mail."""

import re

from playwright.sync_api import Locator

from tests.e2e.pages.part import Part


class MailedCode(Part):
    """The line under the field, and the button to ask again."""

    @property
    def sent(self) -> Locator:
        """The line once a code is on its way."""
        return self.root.get_by_text("We sent 6 digits to")

    @property
    def not_sent(self) -> Locator:
        """The line while none is."""
        return self.root.get_by_text("No code is on its way.")

    @property
    def request_button(self) -> Locator:
        """Asks for another one; its name counts down while it cannot be pressed."""
        return self.root.get_by_role("button", name=re.compile(r"^Request code"))
