"""A part of a page, and a whole page: what all page objects build on."""

import re
from typing import ClassVar, Self

from playwright.sync_api import Locator, Page, expect


class Part:
    """Something on a page, below one root."""

    def __init__(self, root: Locator) -> None:
        self.root = root


class WholePage(Part):
    """A page with a path; ready once its socket is live."""

    PATH: ClassVar[str]

    def __init__(self, page: Page) -> None:
        super().__init__(page.get_by_role("main"))
        self.page = page

    def open(self, query: str = "") -> Self:
        """Load the page by its address."""
        self.page.goto(self.PATH + query)
        return self.wait_until_ready()

    def wait_until_ready(self) -> Self:
        """Wait until the browser is here and the page answers."""
        expect(self.page).to_have_url(re.compile(re.escape(self.PATH) + r"/?(\?.*)?(#.*)?$"))
        expect(self.page.locator('main[data-hydrated="true"]')).to_be_visible()
        return self

    @property
    def heading(self) -> Locator:
        """The h1."""
        return self.root.get_by_role("heading", level=1)

    @property
    def alert(self) -> Locator:
        """The sentence about the whole form, or an error notice."""
        return self.root.get_by_role("alert").filter(has_text=re.compile(r"\S"))

    @property
    def status(self) -> Locator:
        """What is announced politely."""
        return self.root.get_by_role("status").filter(has_text=re.compile(r"\S"))

    @property
    def notices(self) -> Locator:
        """What just happened, one element each."""
        return self.root.get_by_test_id("notice")

    @property
    def colour_mode(self) -> "ColourMode":
        """The switch in the header."""
        return ColourMode(self.page.get_by_role("banner"))


class ColourMode(Part):
    """Light, dark, or what the system says."""

    @property
    def opener(self) -> Locator:
        """The button in the header."""
        return self.root.get_by_role("button", name="Colour mode")

    def choice(self, label: str) -> Locator:
        """One of Light, Dark, System."""
        choices = self.root.get_by_role("group", name="Colour mode")
        return choices.get_by_role("button", name=label)

    def choose(self, label: str) -> None:
        """Pick a mode and close the panel."""
        self.opener.click()
        self.choice(label).click()
        self.root.page.keyboard.press("Escape")
