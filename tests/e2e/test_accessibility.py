"""axe-core finds nothing, on any page, in either theme, on a desktop or on a phone."""

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from security_app.db.tables import Organization
from tests.e2e.expectations import expect_refused
from tests.e2e.fixtures import Enter, NewContext
from tests.e2e.pages.activity_page import ActivityPage
from tests.e2e.pages.profile_page import NewEmailDialog, ProfilePage
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.pages.workspace_page import WorkspacePage
from tests.e2e.seeding import Seeds
from tests.e2e.two_factor import protect_by_mail
from tests.e2e.watch import Watch
from tests.server import Person, Server

PUBLIC_PATHS = (
    "/sign-in",
    "/sign-up",
    "/forgot-password",
    "/reset-password?token=any",
    "/reset-password",
    "/confirm-email?token=any",
    "/confirm-new-email?token=any",
    "/confirm-new-email",
    "/not-me?token=any",
    "/not-me",
    "/nowhere",
)
Theme = Literal["light", "dark"]


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> Theme:
    return request.param


@pytest.fixture(params=[1280, 390])
def width(request: pytest.FixtureRequest) -> int:
    return request.param


def expect_nothing_found(page: Page, what: str) -> None:
    """Run every rule of axe-core, best practices included."""
    found = Axe().run(page).response["violations"]
    lines = [
        f"{rule['id']}: {node['target']} {node.get('failureSummary', '')}"
        for rule in found
        for node in rule["nodes"]
    ]
    assert not lines, f"{what}:\n" + "\n".join(lines)


def test_public_pages(new_context: NewContext, theme: Theme, width: int, watch: Watch) -> None:
    watch.expect_complaint("404")
    context = new_context(color_scheme=theme, viewport={"width": width, "height": 900})
    page = context.new_page()
    for path in PUBLIC_PATHS:
        page.goto(path)
        expect(page.locator('main[data-hydrated="true"]')).to_be_visible()
        expect_nothing_found(page, path)
    sign_in_page = SignInPage(page).open()
    sign_in_page.submit("nobody@example.com", "")
    expect_refused(sign_in_page.password, "Enter your password.")
    expect_nothing_found(page, "sign-in, refused")


def test_signed_in_pages(enter: Enter, seeds: Seeds, theme: Theme, width: int) -> None:
    person = seeds.person(password_age_days=213, is_confirmed=False)
    seeds.sessions(person, 3)
    seeds.sign_ins(person, 6)
    seeds.events(person, 2)
    security = enter(person, color_scheme=theme, viewport={"width": width, "height": 900})
    expect(security.sessions.rows).to_have_count(4)
    expect_nothing_found(security.page, "security")
    security.account_button.click()
    expect_nothing_found(security.page, "account menu")
    security.page.keyboard.press("Escape")
    security.sessions.current.rename_button.click()
    expect(security.sessions.current.name).to_be_focused()
    expect_nothing_found(security.page, "renaming a session")
    security.sessions.sign_out_others_button.click()
    expect(security.notices).to_have_count(1)
    expect_nothing_found(security.page, "a notice")
    ActivityPage(security.page).open()
    expect_nothing_found(security.page, "activity")


def test_the_password_dialog(enter: Enter, person: Person, theme: Theme, width: int) -> None:
    security = enter(person, color_scheme=theme, viewport={"width": width, "height": 900})
    dialog = security.password.open_dialog()
    expect(dialog.current_password).to_be_focused()
    expect_nothing_found(security.page, "dialog")
    dialog.new_password.fill("abc12345")
    expect(dialog.strength.words).to_be_visible()
    dialog.save_button.click()
    expect_refused(dialog.current_password, "Enter your current password.")
    expect_nothing_found(security.page, "dialog, refused")


def test_the_profile_page_and_its_dialogs(
    enter: Enter, person: Person, theme: Theme, width: int
) -> None:
    security = enter(person, color_scheme=theme, viewport={"width": width, "height": 900})
    profile = ProfilePage.on(security.page)
    expect(profile.email.change_button).to_be_visible()
    expect_nothing_found(profile.page, "profile")
    naming = profile.name.open_dialog()
    expect(naming.name).to_be_focused()
    expect_nothing_found(profile.page, "change name")
    profile.page.keyboard.press("Escape")
    profile.email.change_button.click()
    expect(profile.email.step_up.password).to_be_focused()
    expect_nothing_found(profile.page, "change email, step 1")
    profile.email.step_up.submit(password=person.password)
    moving = NewEmailDialog(profile.page.get_by_role("dialog", name="Change email"))
    expect(moving.new_email).to_be_focused()
    expect_nothing_found(profile.page, "change email, step 2")
    moving.save("no address")
    expect_refused(moving.new_email, "Enter an e-mail address, like name@example.com.")
    expect_nothing_found(profile.page, "change email, refused")
    moving.save(f"new.{person.email}")
    expect(profile.email.cancel_button).to_be_visible()
    expect_nothing_found(profile.page, "profile, a change waits")
    deleting = profile.deletion.open_dialog(person.password)
    expect(deleting.confirmation).to_be_focused()
    expect_nothing_found(profile.page, "delete account")


def test_headings_are_in_order(enter: Enter, person: Person) -> None:
    security = enter(person)
    for open_page in (ProfilePage, SecurityPage, ActivityPage):
        page = open_page(security.page).open().page
        headings = page.get_by_role("heading").all()
        levels = [int(heading.evaluate("node => node.tagName.slice(1)")) for heading in headings]
        assert levels[0] == 1
        assert set(levels[1:]) == {2}


def test_the_workspace_and_its_dialogs(
    enter: Enter, person: Person, seeds: Seeds, server: Server, theme: Theme, width: int
) -> None:
    page = enter(person, color_scheme=theme, viewport={"width": width, "height": 900}).page
    workspace = WorkspacePage.on(page)
    expect(workspace.organization.button("Create organization")).to_be_visible()
    expect_nothing_found(page, "workspace, no organization")
    house = server.add_organization(person)
    server.add_member(house, seeds.person("Bea"), "member")
    server.add_invitation(house, person, "guest@example.com")
    server.add_release(house)
    server.add_release(house, starts_in_s=-60)
    workspace.open()
    expect(workspace.releases.button("Force-cancel")).to_be_visible()
    expect_nothing_found(page, "workspace")
    for button, dialog in (
        (workspace.member("Bea").button("Change role"), "Change role"),
        (workspace.member("Bea").button("Remove"), "Remove member"),
        (workspace.invitations.button("Invite"), "Invite somebody"),
        (workspace.releases.button("Force-cancel"), "Force-cancel release"),
    ):
        button.click()
        expect(workspace.choice_dialog(dialog).root).to_be_visible()
        expect_nothing_found(page, dialog)
        page.keyboard.press("Escape")
        expect(button).to_be_focused()
    server.change(Organization, house, requires_2fa=True)
    workspace.open()
    expect(workspace.requirement).to_be_visible()
    expect_nothing_found(page, "workspace, shut")
    protect_by_mail(server, person)
    workspace.open()
    workspace.organization.button("Make it optional").click()
    expect(workspace.optional_dialog.people).to_have_count(1)
    expect_nothing_found(page, "Make two-factor authentication optional")
