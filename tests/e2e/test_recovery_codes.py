"""Recovery codes: kept in set-up, viewed, replaced; and no trace of them afterwards."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.expectations import expect_no_horizontal_scroll, expect_nothing_of, expect_refused
from tests.e2e.fixtures import Enter
from tests.e2e.pages.authenticator_card import AuthenticatorCard, TwoFactorCard
from tests.e2e.phone import let_code_expire, protect
from tests.e2e.test_accessibility import expect_nothing_found
from tests.e2e.two_factor import expect_code_refused
from tests.e2e.watch import Watch
from tests.server import Person, Server

_CODE = re.compile(r"([A-Z2-7]{4}-){3}[A-Z2-7]{4}")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_print_shows_the_kit_alone_on_one_page(
    enter: Enter, person: Person, server: Server, theme: str
) -> None:
    protected = protect(server, person)
    security = enter(person, color_scheme=theme)
    page = security.page
    dialog = AuthenticatorCard.on(page).view_codes_with(protected.app.code())
    page.evaluate("() => { window.print = () => { window.printed = true; }; }")
    dialog.print_button.click()
    assert page.evaluate("() => window.printed") is True

    paper = page.pdf(format="A4", print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
    sheet = page.locator(".print-kit")
    others = [page.locator("h1").first, dialog.print_button, dialog.done_button]
    hidden = [other.element_handle() for other in others]
    page.emulate_media(media="print")
    for code in sheet.locator("code").all():
        expect(code).to_be_visible()
        expect(code).to_have_css("color", "rgb(0, 0, 0)")
    for other in hidden:
        assert not other.is_visible()
    expect(sheet).to_have_css("background-color", "rgb(255, 255, 255)")
    box = sheet.bounding_box()
    assert box is not None
    assert box["x"] <= 1
    assert box["y"] <= 1
    # What is printed says what it is for.
    expect(sheet).to_contain_text(re.compile("Kit 1, made"))


def test_used_codes_are_struck_out_with_the_time(
    enter: Enter, person: Person, server: Server, tmp_path: Path
) -> None:
    protected = protect(server, person, used_codes=3)
    card = AuthenticatorCard.on(enter(person).page)
    expect(card.root).to_contain_text("7 of 10 recovery codes left")
    expect(card.root).to_contain_text("Kit 1, made")
    dialog = card.view_codes_with(protected.app.code())
    assert dialog.codes() == list(protected.codes)
    expect(dialog.used).to_have_count(3)
    for row in dialog.used.all():
        expect(row).to_contain_text(re.compile(r"used (just now|\d+ \w+ ago)"))
        expect(row.locator("time")).to_have_attribute("title", re.compile(r"\d{4}"))
    # Only what still works goes into the file.
    dialog.download().save_as(tmp_path / "codes.txt")
    kept = _CODE.finditer((tmp_path / "codes.txt").read_text(encoding="utf-8"))
    assert [found.group() for found in kept] == list(protected.codes[3:])


def test_viewing_asks_for_an_authenticator_code_and_nothing_else(
    enter: Enter, person: Person, server: Server
) -> None:
    """S-27."""
    protected = protect(server, person)
    page = enter(person).page
    step_up = AuthenticatorCard.on(page).view_codes()
    expect(step_up.code).to_be_focused()
    expect(step_up.password).to_have_count(0)
    step_up.submit(code="")
    expect_refused(step_up.code, "Enter a code.")
    step_up.submit(code=protected.app.code_of_another())
    expect_code_refused(step_up.code)
    step_up.submit(code=protected.codes[0])
    expect_code_refused(step_up.code)
    expect(AuthenticatorCard.on(page).recovery_codes.root).to_have_count(0)
    step_up.submit(code=protected.app.code())
    expect(AuthenticatorCard.on(page).recovery_codes.items).to_have_count(10)


def test_after_closing_no_code_is_left(
    enter: Enter, person: Person, server: Server, watch: Watch
) -> None:
    """S-28: neither in the document, nor by the back button, nor in storage."""
    protected = protect(server, person)
    security = enter(person)
    page = security.page
    dialog = AuthenticatorCard.on(page).view_codes_with(protected.app.code())
    expect(dialog.items).to_have_count(10)
    dialog.done_button.click()
    expect(dialog.root).to_have_count(0)
    expect_nothing_of(page, *protected.codes)
    stores = "() => JSON.stringify([{...localStorage}, {...sessionStorage}])"
    assert not _CODE.search(page.evaluate(stores))

    seen = len(watch.frames)
    page.goto("/settings/personal/activity")
    page.go_back()
    security.wait_until_ready()
    expect(AuthenticatorCard.on(page).view_codes_button).to_be_visible()
    expect_nothing_of(page, *protected.codes)
    assert not _CODE.search("".join(watch.frames[seen:]))
    assert not _CODE.search(server.log_text())


def test_the_back_button_shows_none_while_they_were_open(
    enter: Enter, person: Person, server: Server
) -> None:
    protected = protect(server, person)
    security = enter(person)
    page = security.page
    dialog = AuthenticatorCard.on(page).view_codes_with(protected.app.code())
    expect(dialog.items).to_have_count(10)
    page.goto("/settings/personal/activity")
    page.go_back()
    security.wait_until_ready()
    expect(AuthenticatorCard.on(page).view_codes_button).to_be_visible()
    expect_nothing_of(page, *protected.codes)


def test_new_codes_replace_the_old_ones(enter: Enter, person: Person, server: Server) -> None:
    protected = protect(server, person, used_codes=8)
    security, other = enter(person), enter(person)
    card = AuthenticatorCard.on(security.page)
    expect(card.root).to_contain_text("2 of 10 recovery codes left")
    expect(card.root).to_contain_text("Make new ones soon")
    dialog = card.view_codes_with(protected.app.code())
    dialog.regenerate_button.click()
    expect(dialog.root).to_contain_text("All codes you have now stop working at once.")
    dialog.keep_button.click()
    expect(dialog.confirm_button).to_have_count(0)
    assert dialog.codes() == list(protected.codes)

    let_code_expire(server, person)
    step_up = dialog.regenerate()
    expect(step_up.code).to_be_focused()
    step_up.submit(code=protected.app.code(), button="Regenerate codes")
    expect(dialog.heading).to_have_text(re.compile("^Kit 2, made"))
    fresh = dialog.codes()
    assert not set(fresh) & set(protected.codes)
    expect(dialog.used).to_have_count(0)

    # Fresh codes have to be saved like the first ones.
    expect(dialog.done_button).to_be_disabled()
    security.page.keyboard.press("Escape")
    expect(dialog.items).to_have_count(10)
    dialog.download()
    dialog.done_button.click()
    expect(dialog.root).to_have_count(0)
    for page in (security.page, other.page):
        root = AuthenticatorCard.on(page).root
        expect(root).to_contain_text("10 of 10 recovery codes left")
        expect(root).to_contain_text("Kit 2, made")

    # An old one is worth nothing, a new one something.
    step_up = card.disable()
    step_up.submit(password=person.password, code=protected.codes[9], button="Disable")
    expect_code_refused(step_up.code)
    step_up.submit(password=person.password, code=fresh[0], button="Disable")
    expect(TwoFactorCard.on(security.page).badge_off).to_be_visible()


def test_the_code_that_showed_the_codes_does_not_replace_them(
    enter: Enter, person: Person, server: Server
) -> None:
    """S-13, S-27: a fresh code every time."""
    protected = protect(server, person)
    card = AuthenticatorCard.on(enter(person).page)
    code = protected.app.code()
    dialog = card.view_codes_with(code)
    step_up = dialog.regenerate()
    step_up.submit(code=code, button="Regenerate codes")
    expect_code_refused(step_up.code)
    step_up.cancel_button.click()
    expect(step_up.root).to_have_count(0)
    assert dialog.codes() == list(protected.codes)


def test_by_keyboard_alone(enter: Enter, person: Person, server: Server) -> None:
    protected = protect(server, person)
    page = enter(person).page
    card = AuthenticatorCard.on(page)
    card.view_codes_button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(card.view_codes_button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code", exact=True)).to_be_focused()
    page.keyboard.type(protected.app.code())
    page.keyboard.press("Enter")
    expect(card.recovery_codes.items).to_have_count(10)
    for _ in range(10):
        page.keyboard.press("Tab")
        expect(card.recovery_codes.root.locator(":focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(card.recovery_codes.root).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe(enter: Enter, person: Person, server: Server, theme: str, width: int) -> None:
    protected = protect(server, person, used_codes=8)
    page = enter(person, color_scheme=theme, viewport={"width": width, "height": 900}).page
    card = AuthenticatorCard.on(page)
    expect_nothing_found(page, "card")
    step_up = card.view_codes()
    expect(step_up.code).to_be_focused()
    expect_nothing_found(page, "view, asked")
    step_up.submit(code=protected.app.code())
    dialog = card.recovery_codes
    expect(dialog.items).to_have_count(10)
    expect_nothing_found(page, "codes")
    expect_no_horizontal_scroll(page)
    dialog.regenerate_button.click()
    expect(dialog.confirm_button).to_be_visible()
    expect_nothing_found(page, "regenerate?")
    dialog.confirm_button.click()
    step_up = AuthenticatorCard.on(page).recovery_codes.step_up
    expect(step_up.code).to_be_focused()
    expect_nothing_found(page, "regenerate, asked")
    let_code_expire(server, person)
    step_up.submit(code=protected.app.code(), button="Regenerate codes")
    expect(dialog.heading).to_have_text(re.compile("Kit 2"))
    expect_nothing_found(page, "fresh codes")
