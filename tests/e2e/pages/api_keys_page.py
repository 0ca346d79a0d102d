"""``/settings/personal/api-keys``: the card, its rows, and the dialogs of a key."""

from playwright.sync_api import Locator, expect

from tests.e2e.pages.part import Part
from tests.e2e.pages.settings_page import SettingsPage
from tests.e2e.pages.step_up_dialog import StepUpDialog


class ApiKeysPage(SettingsPage):
    """Keys for scripts and programs."""

    PATH = "/settings/personal/api-keys"

    @property
    def keys(self) -> "ApiKeysCard":
        """The one card."""
        return ApiKeysCard(self.root.get_by_role("region", name="API keys"))


class ApiKeysCard(Part):
    """The list and its buttons."""

    @property
    def rows(self) -> Locator:
        """All rows on screen."""
        return self.root.get_by_test_id("api-key-row")

    def row(self, text: str) -> "KeyRow":
        """The row that says something, e.g. the key's name."""
        return KeyRow(self.rows.filter(has_text=text))

    @property
    def create_button(self) -> Locator:
        """Opens the dialog of a new key."""
        return self.root.get_by_role("button", name="Create key")

    @property
    def confirm_again_button(self) -> Locator:
        """In its place while the address is not confirmed."""
        return self.root.get_by_role("button", name="Send the confirmation again")

    @property
    def revoke_all_button(self) -> Locator:
        """Asks whether to revoke every key."""
        return self.root.get_by_role("button", name="Revoke all")

    @property
    def show_more_button(self) -> Locator:
        """Adds rows."""
        return self.root.get_by_role("button", name="Show more")

    @property
    def new_key(self) -> "NewKeyDialog":
        """The dialog of a new key."""
        return NewKeyDialog(self.root.page.get_by_role("dialog", name="Create API key"))

    @property
    def rotation(self) -> "RotateDialog":
        """The dialog that replaces a key."""
        return RotateDialog(self.root.page.get_by_role("dialog", name="Rotate API key"))

    @property
    def shown_key(self) -> "ShownKeyDialog":
        """The key, once."""
        return ShownKeyDialog(self.root.page.get_by_role("dialog", name="Your new API key"))

    @property
    def revoking(self) -> StepUpDialog:
        """The prompt in front of revoking one key."""
        return StepUpDialog.titled(self.root.page, "Revoke API key")

    @property
    def revoking_all(self) -> StepUpDialog:
        """The prompt in front of revoking all of them."""
        return StepUpDialog.titled(self.root.page, "Revoke all API keys")

    def make(
        self,
        name: str,
        password: str,
        *,
        scopes: tuple[str, ...] = ("account:read",),
        code: str | None = None,
    ) -> str:
        """Make a key all the way; returns it."""
        self.create_button.click()
        self.new_key.create(name, password, scopes=scopes, code=code)
        return self.shown_key.take()


class KeyRow(Part):
    """One key."""

    @property
    def rotate_button(self) -> Locator:
        """Opens the dialog that replaces it."""
        return self.root.get_by_role("button", name="Rotate")

    @property
    def revoke_button(self) -> Locator:
        """Asks whether to revoke it."""
        return self.root.get_by_role("button", name="Revoke")


class NewKeyDialog(Part):
    """Name, scopes, life, proofs."""

    @property
    def name(self) -> Locator:
        """What it is for."""
        return self.root.get_by_label("Name", exact=True)

    def scope(self, scope: str) -> Locator:
        """One checkbox, e.g. ``account:read``."""
        return self.root.get_by_role("checkbox", name=scope)

    def life(self, words: str) -> Locator:
        """One choice, e.g. "90 days"."""
        return self.root.get_by_role("radio", name=words)

    @property
    def password(self) -> Locator:
        """The password field."""
        return self.root.get_by_label("Password", exact=True)

    @property
    def code(self) -> Locator:
        """The code field, when a second factor is on."""
        return self.root.get_by_label("Code", exact=True)

    @property
    def create_button(self) -> Locator:
        """The primary button."""
        return self.root.get_by_role("button", name="Create")

    def create(
        self,
        name: str,
        password: str,
        *,
        scopes: tuple[str, ...] = ("account:read",),
        code: str | None = None,
    ) -> None:
        """Fill and send."""
        self.name.fill(name)
        for scope in scopes:
            self.scope(scope).check()
        self.password.fill(password)
        if code is not None:
            self.code.fill(code)
        self.create_button.click()


class RotateDialog(Part):
    """How the old key ends, proofs."""

    def old_key(self, words: str) -> Locator:
        """What becomes of the old one."""
        return self.root.get_by_role("radio", name=words)

    @property
    def password(self) -> Locator:
        """The password field."""
        return self.root.get_by_label("Password", exact=True)

    @property
    def rotate_button(self) -> Locator:
        """The primary button."""
        return self.root.get_by_role("button", name="Rotate")

    def rotate(self, password: str) -> None:
        """Fill and send."""
        self.password.fill(password)
        self.rotate_button.click()


class ShownKeyDialog(Part):
    """The key itself."""

    @property
    def key(self) -> Locator:
        """The text of the key."""
        return self.root.get_by_label("API key", exact=True)

    @property
    def copy_button(self) -> Locator:
        """Puts it on the clipboard."""
        return self.root.get_by_role("button", name="Copy key")

    @property
    def done_button(self) -> Locator:
        """Closes the dialog; the key is not shown again."""
        return self.root.get_by_role("button", name="Done")

    def take(self) -> str:
        """Read the key and close."""
        key = self.key.inner_text()
        self.done_button.click()
        expect(self.root).to_have_count(0)
        return key
