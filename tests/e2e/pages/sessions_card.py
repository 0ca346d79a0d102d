"""The Sessions card."""

from playwright.sync_api import Locator

from tests.e2e.pages.part import Part


class SessionsCard(Part):
    """Every session of the account."""

    @property
    def rows(self) -> Locator:
        """All rows on screen."""
        return self.root.get_by_test_id("session-row")

    @property
    def current(self) -> "SessionRow":
        """This browser's row."""
        return SessionRow(self.rows.filter(has_text="Current session"))

    @property
    def others(self) -> Locator:
        """The rows of all other sessions."""
        return self.rows.filter(has_not_text="Current session")

    def row(self, text: str) -> "SessionRow":
        """The row that says something, e.g. "Firefox on Linux"."""
        return SessionRow(self.rows.filter(has_text=text))

    @property
    def sign_out_others_button(self) -> Locator:
        """Ends every session but this one."""
        return self.root.get_by_role("button", name="Sign out all other sessions")

    @property
    def show_more_button(self) -> Locator:
        """Adds rows."""
        return self.root.get_by_role("button", name="Show more")


class SessionRow(Part):
    """One session."""

    @property
    def sign_out_button(self) -> Locator:
        """Ends it."""
        return self.root.get_by_role("button", name="Sign out", exact=True)

    @property
    def rename_button(self) -> Locator:
        """Opens the name field."""
        return self.root.get_by_role("button", name="Rename")

    @property
    def name(self) -> Locator:
        """The name field."""
        return self.root.get_by_label("Name of this session")

    @property
    def save_name_button(self) -> Locator:
        """Saves the name."""
        return self.root.get_by_role("button", name="Save name")

    def rename(self, name: str) -> None:
        """Give the session a name."""
        self.rename_button.click()
        self.name.fill(name)
        self.save_name_button.click()
