"""From 320 pixels to 1920, at twice the size, with no motion."""

import pytest
from playwright.sync_api import Page, expect

from security_app.db.tables import Organization
from tests.e2e.expectations import expect_no_horizontal_scroll
from tests.e2e.fixtures import Enter
from tests.e2e.pages.activity_page import ActivityPage
from tests.e2e.pages.profile_page import ProfilePage
from tests.e2e.pages.settings_page import SettingsPage
from tests.e2e.pages.workspace_page import WorkspacePage
from tests.e2e.seeding import Seeds
from tests.e2e.watch import Watch
from tests.server import Person, Server

PUBLIC_PATHS = (
    "/sign-in",
    "/sign-up",
    "/forgot-password",
    "/reset-password?token=any",
    "/confirm-email?token=any",
    "/confirm-new-email?token=any",
    "/not-me?token=any",
    "/nowhere",
)
#: A phone, a tablet, a large screen, and 1280 px seen at 200 % and at 400 %.
WIDTHS = (320, 390, 640, 768, 1920)


@pytest.fixture
def lived_in(seeds: Seeds) -> Person:
    """Somebody with long names and a history."""
    person = seeds.person("Ada " + "Wolfeschlegelsteinhausen" * 3, password_age_days=213)
    seeds.sessions(person, 12)
    seeds.sign_ins(person, 25)
    seeds.events(person, 3)
    return person


def fits(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    expect_no_horizontal_scroll(page)


def test_no_public_page_scrolls_sideways(page: Page, watch: Watch) -> None:
    watch.expect_complaint("404")
    for path in PUBLIC_PATHS:
        page.goto(path)
        expect(page.locator('main[data-hydrated="true"]')).to_be_visible()
        for width in WIDTHS:
            fits(page, width)


def test_no_signed_in_page_scrolls_sideways(enter: Enter, lived_in: Person) -> None:
    security = enter(lived_in)
    page = security.page
    security.sessions.current.rename("n" * 60)
    expect(security.sessions.row("nnnn").root).to_be_visible()
    for width in WIDTHS:
        fits(page, width)
    security.account_button.click()
    expect(security.account_menu).to_be_visible()
    fits(page, 320)
    page.keyboard.press("Escape")
    security.sessions.current.rename_button.click()
    expect(security.sessions.current.name).to_be_visible()
    fits(page, 320)
    activity = ActivityPage(page).open()
    expect(activity.sign_in_history.rows).to_have_count(20)
    for width in WIDTHS:
        fits(page, width)


def test_the_profile_page_with_a_long_address_does_not_either(
    enter: Enter, lived_in: Person
) -> None:
    profile = ProfilePage.on(enter(lived_in).page)
    profile.email.ask_for(f"{'a' * 60}@{'b' * 60}.example.com", lived_in.password)
    expect(profile.email.cancel_button).to_be_visible()
    for width in WIDTHS:
        fits(profile.page, width)


def test_the_workspace_with_long_names_does_not_either(
    enter: Enter, lived_in: Person, seeds: Seeds, server: Server
) -> None:
    house = server.add_organization(lived_in, "N" * 100)
    server.add_member(house, seeds.person("B" * 100), "super_admin")
    server.add_invitation(house, lived_in, f"{'a' * 60}@{'b' * 60}.example.com")
    server.add_release(house, "R" * 100, starts_in_s=-60)
    workspace = WorkspacePage.on(enter(lived_in).page)
    expect(workspace.releases.button("Force-cancel")).to_be_visible()
    for width in WIDTHS:
        fits(workspace.page, width)
    server.change(Organization, house, requires_2fa=True)
    workspace.open()
    expect(workspace.requirement).to_be_visible()
    for width in WIDTHS:
        fits(workspace.page, width)


def test_the_password_dialog_fits_a_small_phone(enter: Enter, person: Person) -> None:
    security = enter(person, viewport={"width": 320, "height": 568})
    dialog = security.password.open_dialog()
    dialog.save(current="", new="abc")
    expect(dialog.strength.words).to_be_visible()
    expect_no_horizontal_scroll(security.page)
    dialog.cancel_button.scroll_into_view_if_needed()
    expect(dialog.cancel_button).to_be_in_viewport(ratio=1)
    expect(dialog.save_button).to_be_in_viewport(ratio=1)
    box = dialog.root.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320


def test_text_at_twice_the_size_is_not_cut_off(enter: Enter, lived_in: Person) -> None:
    security = enter(lived_in)
    page = security.page
    page.add_style_tag(content="html { font-size: 200% }")
    expect_no_horizontal_scroll(page)
    for button in page.get_by_role("main").get_by_role("button").all():
        if button.is_visible():
            is_cut = button.evaluate("node => node.scrollWidth > node.clientWidth + 1")
            assert not is_cut, button.inner_text()


def test_nothing_moves_for_who_asks_for_no_motion(enter: Enter, person: Person) -> None:
    security = enter(person, reduced_motion="reduce")
    dialog = security.password.open_dialog()
    expect(dialog.current_password).to_be_focused()
    moving = security.page.evaluate(
        """() => document.getAnimations()
            .map(animation => animation.effect.getComputedTiming().duration)
            .filter(duration => duration > 10)"""
    )
    assert moving == []


def test_touch_targets_are_large_enough(enter: Enter, person: Person) -> None:
    """WCAG 2.2, 2.5.8: 24 by 24 CSS pixels."""
    security: SettingsPage = enter(person, viewport={"width": 390, "height": 844})
    for button in security.page.get_by_role("button").all():
        box = button.bounding_box()
        if box is not None and button.is_visible():
            name = button.get_attribute("aria-label") or button.inner_text()
            assert box["width"] >= 24, name
            assert box["height"] >= 24, name
