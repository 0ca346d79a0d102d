"""``/demo/mail``."""

from playwright.sync_api import Locator

from tests.e2e.pages.part import WholePage


class DemoMailPage(WholePage):
    """The mail that was sent, in demo mode."""

    PATH = "/demo/mail"

    @property
    def mails(self) -> Locator:
        """All messages, newest first."""
        return self.root.get_by_role("article")

    def mail_to(self, email: str) -> Locator:
        """The messages to an address."""
        return self.mails.filter(has_text=email)
