"""``/workspace``: one object per card, one per row."""

from typing import Self

from playwright.sync_api import Locator, Page

from tests.e2e.pages.part import Part
from tests.e2e.pages.settings_page import SettingsPage
from tests.e2e.pages.step_up_dialog import StepUpDialog


class Buttons(Part):
    """A card or a row: its buttons by name."""

    def button(self, name: str) -> Locator:
        """One of them."""
        return self.root.get_by_role("button", name=name, exact=True)

    @property
    def badges(self) -> Locator:
        """The words in colour."""
        return self.root.locator(".badge")


class NameDialog(Part):
    """The dialogs that name an organization or a release."""

    @property
    def name(self) -> Locator:
        """The one field."""
        return self.root.get_by_role("textbox")

    def save(self, name: str, button: str) -> None:
        """Fill and send."""
        self.name.fill(name)
        self.root.get_by_role("button", name=button, exact=True).click()


class ChoiceDialog(Part):
    """The dialogs with radio buttons."""

    @property
    def email(self) -> Locator:
        """Whom to invite."""
        return self.root.get_by_label("Email", exact=True)

    def option(self, label: str) -> Locator:
        """One choice."""
        return self.root.get_by_role("radio", name=label, exact=True)

    def button(self, name: str) -> Locator:
        """Cancel, or the primary one."""
        return self.root.get_by_role("button", name=name, exact=True)

    def choose(self, label: str, button: str) -> None:
        """Choose and send."""
        self.option(label).check()
        self.button(button).click()


class RequirementDialog(Buttons):
    """What requiring a second factor, or no longer requiring it, would do: said before."""

    @property
    def people(self) -> Locator:
        """Who has none, where they are few."""
        return self.root.get_by_role("list", name="Members without a second factor").get_by_role(
            "listitem"
        )


class WorkspacePage(SettingsPage):
    """Organization, releases, members, invitations."""

    PATH = "/workspace"

    @classmethod
    def on(cls, page: Page) -> Self:
        """Open it in a browser that is signed in."""
        return cls(page).open()

    @property
    def organization(self) -> Buttons:
        """The Organization card."""
        return self._card("Organization")

    @property
    def releases(self) -> Buttons:
        """The Releases card."""
        return self._card("Releases")

    @property
    def members(self) -> Buttons:
        """The Members card."""
        return self._card("Members")

    @property
    def invitations(self) -> Buttons:
        """The Invitations card."""
        return self._card("Invitations")

    @property
    def requirement(self) -> Locator:
        """The strip that asks for a second factor."""
        return self.root.get_by_role("group", name="Two-factor authentication required")

    def member(self, name: str) -> Buttons:
        """One row of the members."""
        return Buttons(self.root.get_by_test_id("member-row").filter(has_text=name))

    def release(self, name: str) -> Buttons:
        """One row of the releases."""
        return Buttons(self.root.get_by_test_id("release-row").filter(has_text=name))

    def invitation(self, email: str) -> Buttons:
        """One row of the invitations sent."""
        return Buttons(self.root.get_by_test_id("invitation-row").filter(has_text=email))

    def offer(self, organization: str) -> Buttons:
        """One row of the invitations received."""
        return Buttons(self.root.get_by_test_id("offer-row").filter(has_text=organization))

    def name_dialog(self, title: str) -> NameDialog:
        """Create organization, Rename organization or New release."""
        return NameDialog(self.page.get_by_role("dialog", name=title))

    def choice_dialog(self, title: str) -> ChoiceDialog:
        """Change role, Remove member, Invite somebody or Schedule release."""
        return ChoiceDialog(self.page.get_by_role("dialog", name=title))

    @property
    def require_dialog(self) -> RequirementDialog:
        """Opened by Require it."""
        return self._requirement_dialog("Require two-factor authentication")

    @property
    def optional_dialog(self) -> RequirementDialog:
        """Opened by Make it optional."""
        return self._requirement_dialog("Make two-factor authentication optional")

    def prompt(self, title: str) -> StepUpDialog:
        """The PIN prompt, or the typed confirmation where no PIN is set."""
        return StepUpDialog.titled(self.page, title)

    def _requirement_dialog(self, title: str) -> RequirementDialog:
        return RequirementDialog(self.page.get_by_role("dialog", name=title))

    def _card(self, name: str) -> Buttons:
        return Buttons(self.root.get_by_role("region", name=name, exact=True))
