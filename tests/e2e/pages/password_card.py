"""The Password card and its dialogs."""

from playwright.sync_api import Locator

from tests.e2e.pages.part import Part
from tests.e2e.pages.step_up_dialog import StepUpDialog
from tests.e2e.pages.strength_meter import StrengthMeter


class PasswordCard(Part):
    """How old the password is, and the button that changes it."""

    @property
    def change_button(self) -> Locator:
        """Opens the dialog."""
        return self.root.get_by_role("button", name="Change password")

    @property
    def dialog(self) -> "ChangePasswordDialog":
        """The dialog, open or not."""
        page = self.root.page
        return ChangePasswordDialog(page.get_by_role("dialog", name="Change password"))

    @property
    def set_button(self) -> Locator:
        """Begins to set the first password."""
        return self.root.get_by_role("button", name="Set a password")

    @property
    def first_step_up(self) -> StepUpDialog:
        """What asks for proof before the first password, open or not."""
        return StepUpDialog.titled(self.root.page, "Set a password")

    @property
    def first_dialog(self) -> "FirstPasswordDialog":
        """Where the first password is typed, open or not."""
        page = self.root.page
        field = page.get_by_label("New password", exact=True)
        dialog = page.get_by_role("dialog", name="Set a password")
        return FirstPasswordDialog(dialog.filter(has=field))

    def open_dialog(self) -> "ChangePasswordDialog":
        """Press the button."""
        self.change_button.click()
        return self.dialog


class NewPasswordDialog(Part):
    """A new password, twice."""

    @property
    def new_password(self) -> Locator:
        """The field."""
        return self.root.get_by_label("New password", exact=True)

    @property
    def repeat_password(self) -> Locator:
        """The same once more."""
        return self.root.get_by_label("Repeat new password", exact=True)

    @property
    def strength(self) -> StrengthMeter:
        """How strong the typed password is."""
        return StrengthMeter(self.root)

    @property
    def save_button(self) -> Locator:
        """The primary button."""
        return self.root.get_by_role("button", name="Save", exact=True)

    @property
    def cancel_button(self) -> Locator:
        """Closes it, nothing changed."""
        return self.root.get_by_role("button", name="Cancel", exact=True)


class ChangePasswordDialog(NewPasswordDialog):
    """The current password too."""

    @property
    def current_password(self) -> Locator:
        """The first field."""
        return self.root.get_by_label("Current password", exact=True)

    def save(self, *, current: str, new: str, repeat: str | None = None) -> None:
        """Fill the form and send it."""
        self.current_password.fill(current)
        self.new_password.fill(new)
        self.repeat_password.fill(new if repeat is None else repeat)
        self.save_button.click()


class FirstPasswordDialog(NewPasswordDialog):
    """Of an account that has none."""

    def save(self, new: str, *, repeat: str | None = None) -> None:
        """Fill the form and send it."""
        self.new_password.fill(new)
        self.repeat_password.fill(new if repeat is None else repeat)
        self.save_button.click()
