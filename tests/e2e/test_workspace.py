"""The workspace page: an organization from its making to its end, and what others see live."""

import re

import pytest
from playwright.sync_api import Page, expect

from security_app.accounts.hashing import _hash
from security_app.clock import now
from security_app.db.tables import Organization, Pin
from tests.e2e.expectations import expect_refused
from tests.e2e.fixtures import Enter
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.pages.workspace_page import WorkspacePage
from tests.e2e.seeding import Seeds
from tests.e2e.two_factor import protect_by_mail, turn_on
from tests.server import Person, Server

PIN = "2580"


@pytest.fixture
def workspace(enter: Enter, person: Person) -> WorkspacePage:
    return WorkspacePage.on(enter(person).page)


def test_from_nothing_to_an_organization_of_two(
    workspace: WorkspacePage, enter: Enter, seeds: Seeds, server: Server
) -> None:
    guest = seeds.person("Bea")
    theirs = WorkspacePage.on(enter(guest).page)
    expect(theirs.invitations.root).to_contain_text(f"invites {guest.email}, it appears here")
    expect(workspace.organization.root).to_contain_text("You belong to no organization")

    workspace.organization.button("Create organization").click()
    dialog = workspace.name_dialog("Create organization")
    expect(dialog.name).to_be_focused()
    dialog.save("a\u202eb", "Create")
    expect_refused(dialog.name, "There are invisible characters in it.")
    dialog.save("Northwind Wines", "Create")
    expect(workspace.organization.root).to_contain_text("Northwind Wines · 1 member")
    expect(workspace.organization.badges).to_have_text(["Owner"])
    expect(workspace.releases.root).to_contain_text("No releases yet")

    workspace.invitations.button("Invite").click()
    invite = workspace.choice_dialog("Invite somebody")
    expect(invite.email).to_be_focused()
    expect(invite.option("Member")).to_be_checked()
    invite.email.fill("nobody")
    invite.choose("Admin", "Send invitation")
    expect_refused(invite.email, "Enter an e-mail address, like name@example.com.")
    invite.email.fill(guest.email)
    invite.button("Send invitation").click()
    expect(workspace.invitation(guest.email).badges).to_have_text(["Admin"])
    assert "invited" in str(server.mail_to(guest.email)["Subject"])

    # On the guest's open page, without a reload.
    offer = theirs.offer("Northwind Wines")
    expect(offer.root).to_contain_text("You are invited to Northwind Wines as Admin")
    offer.button("Join").click()
    expect(theirs.organization.root).to_contain_text("2 members")
    expect(theirs.organization.button("Delete organization")).to_have_count(0)
    expect(workspace.organization.root).to_contain_text("2 members")
    expect(workspace.member("Bea").badges).to_have_text(["Admin", "2FA off"])
    expect(theirs.member("Bea").badges).to_have_text(["Admin"])


def test_roles_reminders_and_removal_show_at_once(
    workspace: WorkspacePage, enter: Enter, person: Person, seeds: Seeds, server: Server
) -> None:
    bea = seeds.person("Bea")
    house = server.add_organization(person)
    server.add_member(house, bea, "member")
    workspace.open()
    theirs = WorkspacePage.on(enter(bea).page)

    row = workspace.member("Bea")
    row.button("Remind").click()
    expect(row.root).to_contain_text("Reminded")
    expect(row.button("Remind")).to_have_count(0)
    assert "two-factor" in str(server.mail_to(bea.email)["Subject"])

    row.button("Change role").click()
    dialog = workspace.choice_dialog("Change role")
    expect(dialog.option("Member")).to_be_checked()
    workspace.page.keyboard.press("Escape")
    expect(row.button("Change role")).to_be_focused()
    row.button("Change role").click()
    dialog.choose("Super admin", "Save")
    expect(row.badges).to_have_text(["Super admin", "2FA off"])
    expect(theirs.organization.badges).to_have_text(["Super admin"])
    expect(theirs.notices).to_have_text(["Your role in the organization was changed."])

    workspace.organization.button("Leave organization").click()
    leave = workspace.choice_dialog("Leave organization")
    leave.button("Leave").click()
    expect(leave.root.get_by_role("alert")).to_contain_text(
        "An organization needs an owner who can sign in."
    )
    leave.button("Cancel").click()

    row.button("Remove").click()
    workspace.choice_dialog("Remove member").button("Remove").click()
    expect(row.root).to_have_count(0)
    expect(theirs.organization.root).to_contain_text("You belong to no organization")


def test_a_release_is_drafted_scheduled_and_force_cancelled_with_the_pin(
    workspace: WorkspacePage, person: Person, server: Server
) -> None:
    """OnCloudWine: sensitive actions show a PIN prompt before executing."""
    server.add_organization(person)
    with server.rows() as rows:
        rows.add(Pin(account_id=person.id, pin_hash=_hash(PIN, "pin"), set_at=now()))
        rows.commit()
    workspace.open()
    workspace.releases.button("New release").click()
    workspace.name_dialog("New release").save("Autumn list", "Create")
    row = workspace.release("Autumn list")
    expect(row.badges).to_have_text(["Draft"])
    for label, state in (("In 1 hour", "Scheduled"), ("Now", "Processing")):
        row.button("Schedule" if state == "Scheduled" else "Reschedule").click()
        workspace.choice_dialog("Schedule release").choose(label, "Schedule release")
        expect(row.badges).to_have_text([state])

    row.button("Force-cancel").click()
    prompt = workspace.prompt("Force-cancel release")
    expect(prompt.root).to_contain_text("Stops Autumn list while it is processing.")
    prompt.confirm(pin="1111")
    expect_refused(prompt.pin, "That is not your PIN. You have 4 more tries before it is locked.")
    expect(row.badges).to_have_text(["Processing"])
    prompt.confirm(pin=PIN)
    expect(row.badges).to_have_text(["Cancelled"])
    expect(row.button("Force-cancel")).to_have_count(0)


def test_without_a_pin_the_name_is_typed_before_an_organization_goes(
    workspace: WorkspacePage, person: Person, server: Server
) -> None:
    server.add_organization(person, "Northwind Wines")
    workspace.open()
    workspace.organization.button("Delete organization").click()
    prompt = workspace.prompt("Delete organization")
    prompt.confirm(typed="northwind")
    expect_refused(prompt.confirmation, "Type Northwind Wines to confirm.")
    prompt.confirm(typed="Northwind Wines")
    expect(workspace.organization.root).to_contain_text("You belong to no organization")


def test_2fa_required_closes_the_workspace_until_it_is_on(
    enter: Enter, seeds: Seeds, person: Person, second_page: Page, server: Server
) -> None:
    """Members without it are led through set-up at their next sign-in."""
    boss = seeds.person("Olga")
    house = server.add_organization(boss, "Northwind Wines")
    server.add_member(house, person, "admin")
    mine = WorkspacePage.on(enter(boss).page)
    mine.organization.button("Require it").click()
    expect(mine.notices).to_have_text(["Turn on two-factor authentication for yourself first."])
    protect_by_mail(server, boss)
    theirs = WorkspacePage.on(enter(person).page)
    expect(theirs.releases.root).to_be_visible()
    mine.organization.button("Require it").click()
    dialog = mine.require_dialog
    expect(dialog.root).to_contain_text(
        "1 of 2 members has no second factor. The workspace closes to them at once"
    )
    expect(dialog.people).to_have_text([f"{person.name}, {person.email}"])
    dialog.button("Cancel").click()
    expect(mine.organization.root).to_contain_text("Optional.")
    expect(mine.organization.button("Require it")).to_be_focused()
    mine.organization.button("Require it").click()
    dialog.button("Require it").click()
    expect(dialog.root).to_have_count(0)
    expect(mine.notices.last).to_have_text(
        "Two-factor authentication is required of every member now. We mailed 1 member."
    )
    expect(mine.organization.root).to_contain_text("Required: nobody gets in without")

    # At once on the open page of somebody without it.
    expect(theirs.organization.root).to_contain_text(
        "Northwind Wines requires two-factor authentication"
    )
    expect(theirs.releases.root).to_have_count(0)
    expect(theirs.requirement).to_contain_text("Set it up to use the workspace.")

    SignInPage(second_page).open("?next=/workspace").submit(person.email, person.password)
    security = SecurityPage(second_page).wait_until_ready()
    strip = WorkspacePage(second_page).requirement
    expect(strip).to_contain_text("Northwind Wines requires two-factor authentication.")
    turn_on(security.page, person)
    expect(strip).to_have_count(0)
    expect(theirs.releases.root).to_be_visible()
    expect(theirs.requirement).to_have_count(0)
    server.change(Organization, house, requires_2fa=False)


def test_before_2fa_is_optional_again_the_dialog_says_what_that_opens(
    enter: Enter, seeds: Seeds, person: Person, server: Server
) -> None:
    house = server.add_organization(person, "Northwind Wines")
    server.change(Organization, house, requires_2fa=True)
    protect_by_mail(server, person)
    lax = [seeds.person(f"Bea {number}") for number in range(6)]
    for each in lax[:-1]:
        server.add_member(house, each, "member")
    workspace = WorkspacePage.on(enter(person).page)
    workspace.organization.button("Make it optional").click()
    dialog = workspace.optional_dialog
    expect(dialog.root).to_contain_text(
        "5 of 6 members have no second factor. A password alone opens the workspace"
    )
    expect(dialog.people).to_have_count(5)
    dialog.button("Cancel").click()
    # Too many to be named.
    server.add_member(house, lax[-1], "member")
    workspace.organization.button("Make it optional").click()
    expect(dialog.root).to_contain_text("6 of 7 members have no second factor.")
    expect(dialog.people).to_have_count(0)
    theirs = WorkspacePage.on(enter(lax[0]).page)
    expect(theirs.releases.root).to_have_count(0)
    dialog.button("Make it optional").click()
    expect(workspace.notices).to_have_text(["Two-factor authentication is optional again."])
    expect(theirs.releases.root).to_be_visible()


def test_the_dialog_about_the_requirement_follows_who_has_a_second_factor(
    enter: Enter, seeds: Seeds, person: Person, server: Server
) -> None:
    bea = seeds.person("Bea")
    house = server.add_organization(person)
    server.add_member(house, bea, "member")
    protect_by_mail(server, person)
    workspace = WorkspacePage.on(enter(person).page)
    theirs = enter(bea).page
    workspace.organization.button("Require it").click()
    expect(workspace.require_dialog.people).to_have_text([f"Bea, {bea.email}"])
    turn_on(theirs, bea)
    expect(workspace.require_dialog.root).to_contain_text("Every member has a second factor")
    expect(workspace.require_dialog.people).to_have_count(0)


def test_a_release_moves_on_by_itself_on_an_open_page(
    workspace: WorkspacePage, person: Person, server: Server
) -> None:
    house = server.add_organization(person)
    server.add_release(house, "Soon", starts_in_s=4)
    workspace.open()
    row = workspace.release("Soon")
    expect(row.badges).to_have_text(re.compile("Scheduled|Processing"))
    expect(row.button("Force-cancel")).to_be_visible()
