"""Recovery codes on screen, and the ways to keep them."""

import re
from typing import Self

from playwright.sync_api import Download, Locator, Page, expect

from tests.e2e.pages.part import Part
from tests.e2e.pages.step_up_dialog import StepUpDialog


class KeepingCodes(Part):
    """The list with Download, Copy, Print and E-mail to me; in set-up and when viewed."""

    @property
    def sheet(self) -> Locator:
        """All codes, used ones too."""
        return self.root.get_by_role("list", name="Recovery codes")

    @property
    def items(self) -> Locator:
        """One element per code."""
        return self.sheet.get_by_role("listitem")

    @property
    def used(self) -> Locator:
        """The codes that are struck out, with the time."""
        return self.items.filter(has=self.root.page.locator("s"))

    @property
    def heading(self) -> Locator:
        """Which kit this is, and of which day."""
        return self.root.get_by_role("heading", name=re.compile(r"^Kit \d"))

    @property
    def download_button(self) -> Locator:
        """Saves the text file."""
        return self.root.get_by_role("button", name="Download as text file")

    @property
    def copy_button(self) -> Locator:
        """Puts the text on the clipboard."""
        return self.root.get_by_role("button", name="Copy codes")

    @property
    def print_button(self) -> Locator:
        """Opens the browser's print dialog."""
        return self.root.get_by_role("button", name="Print", exact=True)

    @property
    def mail_button(self) -> Locator:
        """Mails the codes to their owner."""
        return self.root.get_by_role("button", name="E-mail to me")

    @property
    def saved_checkbox(self) -> Locator:
        """Ticked by hand, or by itself."""
        return self.root.get_by_role("checkbox", name="I've saved these codes")

    @property
    def done_button(self) -> Locator:
        """Closes the dialog."""
        return self.root.get_by_role("button", name="Done", exact=True)

    def codes(self) -> list[str]:
        """The codes as they are on screen."""
        expect(self.items).to_have_count(10)
        return self.sheet.locator("code").all_inner_texts()

    def download(self) -> Download:
        """Save the text file."""
        with self.root.page.expect_download() as started:
            self.download_button.click()
        return started.value


class RecoveryCodesDialog(KeepingCodes):
    """Viewing and replacing the codes."""

    @classmethod
    def on(cls, page: Page) -> Self:
        """Find the dialog on a page."""
        return cls(page.get_by_role("dialog", name="Recovery codes", exact=True))

    @property
    def regenerate_button(self) -> Locator:
        """Asks whether to replace the codes."""
        return self.root.get_by_role("button", name="Regenerate", exact=True)

    @property
    def confirm_button(self) -> Locator:
        """Says yes to that."""
        return self.root.get_by_role("button", name="Regenerate codes", exact=True)

    @property
    def keep_button(self) -> Locator:
        """Says no to that."""
        return self.root.get_by_role("button", name="Keep these codes", exact=True)

    @property
    def step_up(self) -> StepUpDialog:
        """The dialog that asks for proof before new codes are made."""
        return StepUpDialog.titled(self.root.page, "Make new recovery codes")

    def regenerate(self) -> StepUpDialog:
        """Ask, say yes; returns the dialog that asks for proof."""
        self.regenerate_button.click()
        self.confirm_button.click()
        return self.step_up
