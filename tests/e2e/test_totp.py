"""The Authenticator app card: turning it on and off."""

import re

import pytest
from playwright.sync_api import expect
from sqlmodel import col, select

from security_app.db.tables import Totp, TotpSetUp
from tests.e2e.expectations import (
    expect_nothing_of,
    expect_refused,
)
from tests.e2e.fixtures import Enter
from tests.e2e.pages.authenticator_card import AuthenticatorCard, TwoFactorCard
from tests.e2e.pages.enable_authenticator import EnableAuthenticator
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.phone import App, Picture, let_code_expire, protect
from tests.e2e.two_factor import expect_code_refused
from tests.e2e.watch import Watch
from tests.server import Person, Server


def set_ups(server: Server, person: Person) -> int:
    """How many set-ups wait."""
    with server.rows() as rows:
        found = select(TotpSetUp).where(col(TotpSetUp.account_id) == person.id)
        return len(rows.exec(found).all())


def is_on(server: Server, person: Person) -> bool:
    with server.rows() as rows:
        return rows.get(Totp, person.id) is not None


def finish(wizard: EnableAuthenticator) -> None:
    """Save the codes and close."""
    wizard.kit.download()
    wizard.kit.done_button.click()
    expect(wizard.root).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_scans_the_screen(enter: Enter, person: Person, theme: str) -> None:
    security = enter(person, color_scheme=theme)
    wizard = AuthenticatorCard.on(security.page).begin_with(person.password)
    expect(wizard.qr).to_be_visible()
    box = wizard.qr.bounding_box()
    assert box is not None
    picture = Picture.of(security.page)
    # On white with a quiet zone, whatever the theme.
    for x in (0.02, 0.5, 0.98):
        assert picture.grey_at(box["x"] + x * box["width"], box["y"] + 5) == 255
    is_dark = picture.grey_at(box["x"] - 12, box["y"] + 20) < 100
    assert is_dark == (theme == "dark")

    app = App.scanning(security.page)
    assert app.account == person.email
    assert app.issuer == "Security Centre"
    assert re.fullmatch("[A-Z2-7]{32}", app.secret)
    assert wizard.read_secret() == app.secret
    expect(wizard.secret).to_have_text(re.compile(r"^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$"))

    wizard.enter(app.code())
    expect(wizard.step(4)).to_be_visible()
    finish(wizard)
    expect(TwoFactorCard.on(security.page).badge_on).to_be_visible()


def test_copy_puts_the_secret_on_the_clipboard(enter: Enter, person: Person) -> None:
    page = enter(person, permissions=["clipboard-read", "clipboard-write"]).page
    wizard = AuthenticatorCard.on(page).begin_with(person.password)
    secret = wizard.read_secret()
    wizard.copy_secret_button.click()
    expect(wizard.root.get_by_text("Copied")).to_be_visible()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied.replace(" ", "") == secret


def test_a_wrong_code_is_told_beside_the_field(
    enter: Enter, person: Person, server: Server
) -> None:
    security = enter(person)
    wizard = AuthenticatorCard.on(security.page).begin_with(person.password)
    app = App("", "", wizard.read_secret())
    wizard.enter(app.code_of_another())
    expect_code_refused(wizard.code)
    expect_refused(wizard.code, "That code is not right. Enter the one the app shows now.")
    for typed in ("12345", "１２３４５６", "-12345", "abcdef"):
        wizard.type_code(typed)
        expect_code_refused(wizard.code)
        expect_refused(wizard.code, "Enter the 6 digits the app shows.")
    assert not is_on(server, person)
    # Back and forth keeps the same secret.
    wizard.back_button.click()
    assert wizard.read_secret() == app.secret
    wizard.enter(app.code())
    expect(wizard.step(4)).to_be_visible()


def test_a_phone_with_a_wrong_clock_is_told_by_how_much(enter: Enter, person: Person) -> None:
    from tests.accounts.phone import code

    wizard = AuthenticatorCard.on(enter(person).page).begin_with(person.password)
    secret = wizard.read_secret()
    wizard.enter(code(secret, ahead_s=-180))
    expect(wizard.code).to_have_accessible_description(re.compile("about 3 minutes behind"))
    wizard.type_code(code(secret))
    expect(wizard.step(4)).to_be_visible()


@pytest.mark.parametrize("is_at_code", [False, True])
def test_a_reload_in_the_middle_leaves_nothing_on(
    enter: Enter, person: Person, server: Server, is_at_code: bool
) -> None:
    security = enter(person)
    wizard = AuthenticatorCard.on(security.page).begin_with(person.password)
    secret = wizard.read_secret()
    if is_at_code:
        wizard.next_button.click()
        expect(wizard.code).to_be_focused()
    security.page.reload()
    security.wait_until_ready()
    expect(TwoFactorCard.on(security.page).badge_off).to_be_visible()
    expect(wizard.root).to_have_count(0)
    expect_nothing_of(security.page, secret)
    assert not is_on(server, person)
    # Nothing to clean up by hand: it begins anew, with another secret.
    wizard = AuthenticatorCard.on(security.page).begin_with(person.password)
    assert wizard.read_secret() != secret


@pytest.mark.parametrize("way", ["Escape", "Cancel"])
def test_leaving_the_set_up_drops_it(
    enter: Enter, person: Person, server: Server, way: str
) -> None:
    security = enter(person)
    wizard = AuthenticatorCard.on(security.page).begin_with(person.password)
    secret = wizard.read_secret()
    assert set_ups(server, person) == 1
    if way == "Escape":
        security.page.keyboard.press("Escape")
    else:
        wizard.cancel_button.click()
    expect(wizard.root).to_have_count(0)
    expect_nothing_of(security.page, secret)
    assert set_ups(server, person) == 0
    assert not is_on(server, person)


def test_every_open_page_follows_at_once(enter: Enter, person: Person, server: Server) -> None:
    here, there = enter(person), enter(person)
    badge = TwoFactorCard.on(there.page)
    expect(badge.badge_off).to_be_visible()
    card = AuthenticatorCard.on(here.page)
    wizard = card.begin_with(person.password)
    app = App("", "", wizard.read_secret())
    wizard.enter(app.code())
    expect(badge.badge_on).to_be_visible()
    elsewhere = AuthenticatorCard.on(there.page)
    expect(elsewhere.disable_button).to_be_visible()
    expect(elsewhere.root).to_contain_text("10 of 10 recovery codes left")
    expect(there.notices.filter(has_text="The authenticator app was turned on")).to_have_count(1)
    finish(wizard)
    expect(TwoFactorCard.on(here.page).badge_on).to_be_visible()

    let_code_expire(server, person)
    card.disable().submit(password=person.password, code=app.code(), button="Disable")
    for page in (here.page, there.page):
        expect(TwoFactorCard.on(page).badge_off).to_be_visible()
        expect(AuthenticatorCard.on(page).enable_button).to_be_visible()
    expect(here.notices.filter(has_text="Only your password protects this account")).to_have_count(
        1
    )
    expect(there.notices.filter(has_text="The authenticator app was turned off")).to_have_count(1)


def test_the_button_that_turns_it_off_is_red_and_asks_for_both(
    enter: Enter, person: Person, server: Server
) -> None:
    protected = protect(server, person)
    security = enter(person)
    card = AuthenticatorCard.on(security.page)
    expect(card.disable_button).to_have_attribute("data-accent-color", "red")
    dialog = card.disable()
    expect(dialog.root).to_contain_text("password alone")
    expect(dialog.password).to_be_focused()
    dialog.submit(password="", code=protected.app.code(), button="Disable")
    expect_refused(dialog.password, "Enter your password.")
    dialog.submit(password=person.password, code="", button="Disable")
    expect_refused(dialog.code, "Enter a code.")
    dialog.submit(password="wrong-passphrase-1", code=protected.app.code(), button="Disable")
    expect_refused(dialog.password, "That is not your password.")
    wrong = protected.app.code_of_another()
    dialog.submit(password=person.password, code=wrong, button="Disable")
    expect_code_refused(dialog.code)
    assert is_on(server, person)
    # A recovery code serves too.
    dialog.submit(password=person.password, code=protected.codes[4], button="Disable")
    expect(TwoFactorCard.on(security.page).badge_off).to_be_visible()
    assert not is_on(server, person)


def test_a_code_with_spaces_serves_in_the_dialog(
    enter: Enter, person: Person, server: Server
) -> None:
    protected = protect(server, person)
    security = enter(person)
    code = protected.app.code()
    AuthenticatorCard.on(security.page).disable().submit(
        password=person.password, code=f" {code[:3]} {code[3:]} ", button="Disable"
    )
    expect(TwoFactorCard.on(security.page).badge_off).to_be_visible()


def test_the_secret_is_never_sent_again(
    enter: Enter, person: Person, server: Server, watch: Watch
) -> None:
    """S-16: no frame after the set-up holds it."""
    security = enter(person)
    wizard = AuthenticatorCard.on(security.page).begin_with(person.password)
    app = App("", "", wizard.read_secret())
    wizard.enter(app.code())
    codes = wizard.kit.codes()
    finish(wizard)
    expect_nothing_of(security.page, app.secret, *codes)
    seen = len(watch.frames)
    security.page.reload()
    security.wait_until_ready()
    expect(AuthenticatorCard.on(security.page).disable_button).to_be_visible()
    later = "".join(watch.frames[seen:])
    for text in (app.secret, " ".join(re.findall("....", app.secret)), *codes):
        assert text not in later
        assert text not in server.log_text()


def test_the_pages_after_a_press_of_back(enter: Enter, person: Person) -> None:
    security = enter(person)
    wizard = AuthenticatorCard.on(security.page).begin_with(person.password)
    app = App("", "", wizard.read_secret())
    wizard.enter(app.code())
    codes = wizard.kit.codes()
    finish(wizard)
    security.page.goto("/settings/personal/activity")
    security.page.go_back()
    SecurityPage(security.page).wait_until_ready()
    expect(AuthenticatorCard.on(security.page).disable_button).to_be_visible()
    expect_nothing_of(security.page, app.secret, *codes)
