"""The PIN card and its dialogs."""

from typing import Self

from playwright.sync_api import Locator, Page

from tests.e2e.pages.part import Part
from tests.e2e.pages.step_up_dialog import StepUpDialog


class PinCard(Part):
    """The brake before irreversible actions."""

    @classmethod
    def on(cls, page: Page) -> Self:
        """Find the card on a page."""
        return cls(page.get_by_role("region", name="PIN", exact=True))

    @property
    def set_button(self) -> Locator:
        """Opens the dialog, while there is no PIN."""
        return self.root.get_by_role("button", name="Set PIN")

    @property
    def change_button(self) -> Locator:
        """Opens the dialog, while there is one."""
        return self.root.get_by_role("button", name="Change PIN")

    @property
    def remove_button(self) -> Locator:
        """Begins the removal."""
        return self.root.get_by_role("button", name="Remove PIN")

    @property
    def countdown(self) -> Locator:
        """How long a lock lasts."""
        return self.root.get_by_role("timer")

    def begin(self) -> "PinDialog":
        """Press Set PIN."""
        self.set_button.click()
        return PinDialog(self.root.page.get_by_role("dialog", name="Set PIN"))

    def change(self) -> "PinDialog":
        """Press Change PIN."""
        self.change_button.click()
        return PinDialog(self.root.page.get_by_role("dialog", name="Change PIN"))

    def remove(self) -> StepUpDialog:
        """Press Remove PIN; returns the dialog that asks for proof."""
        self.remove_button.click()
        return StepUpDialog.titled(self.root.page, "Remove PIN")


class PinDialog(Part):
    """The new PIN, twice, and who asks."""

    @property
    def new_pin(self) -> Locator:
        """The first field."""
        return self.root.get_by_label("New PIN", exact=True)

    @property
    def repeat_pin(self) -> Locator:
        """The second field."""
        return self.root.get_by_label("Repeat PIN", exact=True)

    @property
    def current_password(self) -> Locator:
        """The proof."""
        return self.root.get_by_label("Current password", exact=True)

    @property
    def code(self) -> Locator:
        """The other proof, with a second factor on."""
        return self.root.get_by_label("Code", exact=True)

    @property
    def save_button(self) -> Locator:
        """The primary button."""
        return self.root.get_by_role("button", name="Save PIN", exact=True)

    def save(
        self, pin: str, password: str, *, repeat: str | None = None, code: str | None = None
    ) -> None:
        """Fill the form and send it."""
        self.new_pin.fill(pin)
        self.repeat_pin.fill(pin if repeat is None else repeat)
        self.current_password.fill(password)
        if code is not None:
            self.code.fill(code)
        self.save_button.click()
