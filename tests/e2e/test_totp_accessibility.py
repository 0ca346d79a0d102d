"""The Authenticator app card by keyboard alone, and under axe-core."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.expectations import (
    expect_no_horizontal_scroll,
    expect_refused,
)
from tests.e2e.fixtures import Enter
from tests.e2e.pages.authenticator_card import AuthenticatorCard
from tests.e2e.pages.enable_authenticator import EnableAuthenticator
from tests.e2e.phone import App
from tests.e2e.test_accessibility import expect_nothing_found
from tests.e2e.test_totp import finish
from tests.e2e.two_factor import expect_code_refused
from tests.server import Person, Server


def test_by_keyboard_alone(enter: Enter, person: Person) -> None:
    page = enter(person).page
    card = AuthenticatorCard.on(page)
    keyboard = page.keyboard
    card.enable_button.focus()
    keyboard.press("Enter")
    wizard = card.wizard
    expect(wizard.step(1)).to_be_visible()
    expect(wizard.root.get_by_label("Password", exact=True)).to_be_focused()
    keyboard.press("Escape")
    expect(wizard.root).to_have_count(0)
    expect(card.enable_button).to_be_focused()

    keyboard.press("Enter")
    expect(wizard.root.get_by_label("Password", exact=True)).to_be_focused()
    keyboard.type(person.password)
    keyboard.press("Enter")
    expect(wizard.step(2)).to_be_visible()
    secret = wizard.read_secret()
    press_tab_until_focused(page, wizard, "Next")
    keyboard.press("Enter")
    expect(wizard.step(3)).to_be_visible()
    expect(wizard.code).to_be_focused()
    code = App("", "", secret).code()
    keyboard.type(f"{code[:3]} {code[3:]}")
    expect(wizard.step(4)).to_be_visible()
    # Escape does not lose codes nobody has kept.
    keyboard.press("Escape")
    expect(wizard.kit.items).to_have_count(10)
    press_tab_until_focused(page, wizard, "I've saved these codes", role="checkbox")
    keyboard.press("Space")
    expect(wizard.kit.done_button).to_be_enabled()
    press_tab_until_focused(page, wizard, "Done")
    keyboard.press("Enter")
    expect(wizard.root).to_have_count(0)
    expect(card.disable_button).to_be_visible()
    expect(page.locator("body:focus")).to_have_count(0)


def press_tab_until_focused(
    page: Page, wizard: EnableAuthenticator, name: str, *, role: str = "button"
) -> None:
    """Walk with Tab; the focus must not leave the dialog on its way."""
    wanted = wizard.root.get_by_role(role, name=name, exact=True)  # pyright: ignore[reportArgumentType]
    expect(
        wizard.root.locator(":focus").or_(wizard.root.and_(page.locator(":focus")))
    ).to_have_count(1)
    for _ in range(12):
        if wanted.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
        expect(wizard.root.locator(":focus")).to_have_count(1)
    expect(wanted).to_be_focused()


def test_refusals_of_the_first_step(enter: Enter, person: Person) -> None:
    step_up = AuthenticatorCard.on(enter(person).page).begin()
    expect(step_up.password).to_be_focused()
    step_up.submit(password="")
    expect_refused(step_up.password, "Enter your password.")
    step_up.submit(password="wrong-passphrase-1")
    expect_refused(step_up.password, "That is not your password.")
    expect(step_up.password).to_have_value("")
    step_up.cancel_button.click()
    expect(step_up.root).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_in_every_step(
    enter: Enter, person: Person, server: Server, theme: str, width: int
) -> None:
    security = enter(person, color_scheme=theme, viewport={"width": width, "height": 900})
    page = security.page
    card = AuthenticatorCard.on(page)
    expect_nothing_found(page, "off")
    step_up = card.begin()
    expect(step_up.password).to_be_focused()
    expect_nothing_found(page, "step 1")
    step_up.submit(password=person.password)
    wizard = card.wizard
    expect(wizard.qr).to_be_visible()
    expect_nothing_found(page, "step 2")
    expect_no_horizontal_scroll(page)
    app = App("", "", wizard.read_secret())
    wizard.enter(app.code_of_another())
    expect_code_refused(wizard.code)
    expect_nothing_found(page, "step 3, refused")
    wizard.type_code(app.code())
    expect(wizard.step(4)).to_be_visible()
    expect_nothing_found(page, "step 4")
    expect_no_horizontal_scroll(page)
    finish(wizard)
    expect_nothing_found(page, "on")
    dialog = card.disable()
    expect(dialog.password).to_be_focused()
    dialog.submit(password=person.password, code="", button="Disable")
    expect_refused(dialog.code, "Enter a code.")
    expect_nothing_found(page, "disable, refused")
