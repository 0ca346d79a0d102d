"""``/settings/personal/profile``: one object per card."""

from typing import Self

from playwright.sync_api import Locator, Page

from tests.e2e.pages.part import Part
from tests.e2e.pages.settings_page import SettingsPage
from tests.e2e.pages.step_up_dialog import StepUpDialog


class NameCard(Part):
    """The display name."""

    @property
    def change_button(self) -> Locator:
        """Opens the dialog."""
        return self.root.get_by_role("button", name="Change name")

    def open_dialog(self) -> "NameDialog":
        """Open the dialog."""
        self.change_button.click()
        return NameDialog(self.root.page.get_by_role("dialog", name="Change name"))


class NameDialog(Part):
    """Changing the name."""

    @property
    def name(self) -> Locator:
        """The one field."""
        return self.root.get_by_label("Name", exact=True)

    @property
    def save_button(self) -> Locator:
        """The primary button."""
        return self.root.get_by_role("button", name="Save")

    def save(self, name: str) -> None:
        """Fill and send."""
        self.name.fill(name)
        self.save_button.click()


class EmailCard(Part):
    """The address, and the change that waits."""

    @property
    def change_button(self) -> Locator:
        """Begins a change."""
        return self.root.get_by_role("button", name="Change email")

    @property
    def confirm_again_button(self) -> Locator:
        """Mails the link to an address that is not confirmed."""
        return self.root.get_by_role("button", name="Send the confirmation again")

    @property
    def send_again_button(self) -> Locator:
        """Mails the link of the waiting change again."""
        return self.root.get_by_role("button", name="Send the link again")

    @property
    def cancel_button(self) -> Locator:
        """Drops the waiting change."""
        return self.root.get_by_role("button", name="Cancel the change")

    @property
    def step_up(self) -> StepUpDialog:
        """The dialog that confirms identity first."""
        return StepUpDialog.titled(self.root.page, "Change email")

    def open_dialog(self, password: str, code: str | None = None) -> "NewEmailDialog":
        """Confirm identity and get to the dialog."""
        self.change_button.click()
        self.step_up.submit(password=password, code=code)
        return NewEmailDialog(self.root.page.get_by_role("dialog", name="Change email"))

    def ask_for(self, new_email: str, password: str, code: str | None = None) -> None:
        """Go all the way to the mailed link."""
        self.open_dialog(password, code).save(new_email)


class NewEmailDialog(Part):
    """Typing the new address."""

    @property
    def new_email(self) -> Locator:
        """The one field."""
        return self.root.get_by_label("New email", exact=True)

    @property
    def save_button(self) -> Locator:
        """The primary button."""
        return self.root.get_by_role("button", name="Save")

    @property
    def alert(self) -> Locator:
        """The sentence about the whole form."""
        return self.root.get_by_role("alert")

    def save(self, new_email: str) -> None:
        """Fill and send."""
        self.new_email.fill(new_email)
        self.save_button.click()


class DeleteAccountCard(Part):
    """The way out."""

    @property
    def delete_button(self) -> Locator:
        """Begins the deletion."""
        return self.root.get_by_role("button", name="Delete account")

    @property
    def step_up(self) -> StepUpDialog:
        """The dialog that confirms identity first."""
        return StepUpDialog.titled(self.root.page, "Delete account")

    def open_dialog(self, password: str, code: str | None = None) -> "DeleteDialog":
        """Confirm identity and get to the dialog."""
        self.delete_button.click()
        self.step_up.submit(password=password, code=code)
        return DeleteDialog(self.root.page.get_by_role("dialog", name="Delete account"))


class DeleteDialog(Part):
    """The typed confirmation."""

    @property
    def confirmation(self) -> Locator:
        """The one field."""
        return self.root.get_by_label("Your e-mail address", exact=True)

    @property
    def delete_button(self) -> Locator:
        """The red button."""
        return self.root.get_by_role("button", name="Delete account")

    def confirm(self, typed: str) -> None:
        """Fill and send."""
        self.confirmation.fill(typed)
        self.delete_button.click()


class ProfilePage(SettingsPage):
    """Name, address, deletion."""

    PATH = "/settings/personal/profile"

    @classmethod
    def on(cls, page: Page) -> Self:
        """Open it in a browser that is signed in."""
        return cls(page).open()

    @property
    def name(self) -> NameCard:
        """The Name card."""
        return NameCard(self.root.get_by_role("region", name="Name"))

    @property
    def email(self) -> EmailCard:
        """The Email card."""
        return EmailCard(self.root.get_by_role("region", name="Email"))

    @property
    def deletion(self) -> DeleteAccountCard:
        """The Delete account card."""
        return DeleteAccountCard(self.root.get_by_role("region", name="Delete account"))
