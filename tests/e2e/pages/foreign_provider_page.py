"""The pages of a provider this project did not write."""

from typing import Self

from playwright.sync_api import Locator, Page, expect

from tests.e2e.pages.part import Part


class ForeignProviderPage(Part):
    """Where a provider asks who somebody is, then whether they agree; on another site."""

    @classmethod
    def wait_for(cls, page: Page) -> Self:
        """Wait until the browser is there and somebody has to sign in."""
        here = cls(page.locator("body"))
        expect(here._heading("Sign-in")).to_be_visible()
        return here

    @property
    def login(self) -> Locator:
        """Who signs in."""
        return self.root.get_by_role("textbox", name="Enter any login")

    @property
    def cancel_link(self) -> Locator:
        """Goes back without an answer."""
        return self.root.get_by_role("link", name="Cancel")

    def sign_in(self, login: str) -> Self:
        """Sign in there; any password will do."""
        self.login.fill(login)
        return self.enter_password()

    def enter_password(self) -> Self:
        """Sign in as who is named already."""
        # A password field has no role; this is the name it shows.
        self.root.get_by_placeholder("and password").fill("any-password-will-do")
        self.root.get_by_role("button", name="Sign-in").click()
        return self

    def agree(self) -> None:
        """Let the product know; asked once by a browser that stays signed in there."""
        expect(self._heading("Authorize")).to_be_visible()
        self.root.get_by_role("button", name="Continue").click()

    def _heading(self, name: str) -> Locator:
        return self.root.get_by_role("heading", name=name, level=1, exact=True)
