"""The consent page of a provider that is not ours."""

import re
from typing import Self

from playwright.sync_api import Locator, Page, expect

from tests.e2e.pages.part import Part


class ProviderPage(Part):
    """Where a provider asks who wants to sign in; on another site."""

    @classmethod
    def wait_for(cls, page: Page, name: str) -> Self:
        """Wait until the browser is there."""
        here = cls(page.get_by_role("main"))
        heading = here.root.get_by_role("heading", level=1)
        expect(heading).to_have_text(re.compile(f"Sign in to {name}"))
        return here

    @property
    def cancel_button(self) -> Locator:
        """Goes back without an answer."""
        return self.root.get_by_role("button", name="Cancel")

    def agree(self, email: str) -> None:
        """Sign in there as one of its people, by one click."""
        self.root.get_by_role("button", name=f"Continue as {email}").click()
