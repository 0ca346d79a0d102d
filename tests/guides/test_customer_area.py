"""The customer-area guide, step by step."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.fixtures import Enter
from tests.e2e.journeys import sign_in
from tests.e2e.pages.authenticator_card import AuthenticatorCard, TwoFactorCard
from tests.e2e.pages.email_code_card import EmailCodeCard
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.phone import App, let_code_expire, protect
from tests.e2e.seeding import Seeds
from tests.e2e.two_factor import Mailbox, give_password, protect_by_mail
from tests.server import Person, Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A product with the choices of this guide."""
    with Server({"POLICY": "customer_area"}) as running:
        yield running


def test_where_to_find_it(page: Page, person: Person) -> None:
    """Settings → Security."""
    sign_in(page, person)
    page.goto("/settings/security")
    SecurityPage(page).wait_until_ready()


def test_the_six_month_cadence(enter: Enter, seeds: Seeds) -> None:
    """Every six months is recommended; the date of the last change is shown."""
    card = enter(seeds.person(password_age_days=213)).password
    expect(card.root).to_contain_text(re.compile("Last changed [67] months ago"))
    expect(card.root.locator("time")).to_have_attribute("title", re.compile(r"\d{4}"))
    expect(card.root).to_contain_text("Over six months old")
    # Advice only: nothing forces a change.
    expect(card.root.page.get_by_role("dialog")).to_have_count(0)


def test_change_password(page: Page, second_page: Page, person: Person) -> None:
    """Current, new and repeated password; Save; every other device is signed out."""
    security = sign_in(page, person)
    sign_in(second_page, person)
    dialog = security.password.open_dialog()
    for field in (dialog.current_password, dialog.new_password, dialog.repeat_password):
        expect(field).to_be_visible()

    # "A minimum of 12 characters combining letters, digits and special characters is
    # recommended": the meter advises, the rule is less.
    dialog.new_password.fill("herons88")
    expect(dialog.strength.words).to_be_visible()
    weak = dialog.strength.words.inner_text()
    dialog.new_password.fill("herons, 88 of them!")
    expect(dialog.strength.words).not_to_have_text(weak)

    # The guide: "Confirmation — must match New Password."
    dialog.save(current=person.password, new="herons, 88 of them!", repeat="herons, 89 of them!")
    expect(dialog.repeat_password).to_have_attribute("aria-invalid", "true")

    # "Press Save to commit the change. … you will be signed out from every other device."
    dialog.save(current=person.password, new="herons, 88 of them!")
    expect(security.notices).to_have_count(1)
    SignInPage(second_page).wait_until_ready()
    expect(security.sessions.rows).to_have_count(1)


def test_enabling_email_code(page: Page, person: Person, server: Server) -> None:
    """Enabling Email code."""
    sign_in(page, person)
    mailbox = Mailbox(server, person)
    card = EmailCodeCard.on(page)
    # "Pressing Enable next to Email Code opens a dialog that first asks you to confirm your
    # identity. If no other MFA method is active yet, the prompt is for your password."
    step_up = card.begin()
    expect(step_up.code).to_have_count(0)
    step_up.submit(password=person.password)
    # "Press Continue and the system sends a one-time code to your registered email address —
    # the dialog then shows a 6-digit input."
    dialog = card.set_up
    expect(dialog.mailed.sent).to_be_visible()
    # "If it does not arrive within a minute or two, press Request Code (unlocked after a
    # 60-second countdown) to resend."
    expect(dialog.root).to_contain_text("does not arrive within a minute or two")
    expect(dialog.mailed.request_button).to_be_disabled()
    # "Enter the code from the email."
    dialog.code.fill(mailbox.next_code("Turn the e-mail code on"))
    # "Once activated, the Security section shows the activation date and the email address
    # codes are sent to. The Enable button is replaced with a red Disable."
    expect(card.disable_button).to_have_attribute("data-accent-color", "red")
    expect(card.root).to_contain_text("On since")
    expect(card.root).to_contain_text(f"codes go to {person.email}")
    expect(card.enable_button).to_have_count(0)


def test_email_code_beside_the_app_asks_for_its_code(
    enter: Enter, person: Person, server: Server
) -> None:
    """If the app is already active, the prompt is for a one-time code from the app instead."""
    app = protect(server, person).app
    mailbox = Mailbox(server, person)
    card = EmailCodeCard.on(enter(person).page)
    step_up = card.begin()
    expect(step_up.password).to_have_count(0)
    expect(step_up.root).to_contain_text("from your authenticator app")
    step_up.submit(code=app.code())
    card.set_up.code.fill(mailbox.next_code("Turn the e-mail code on"))
    expect(card.disable_button).to_be_visible()
    expect(AuthenticatorCard.on(card.root.page).disable_button).to_be_visible()


def test_the_app_beside_email_code_asks_for_a_mailed_code(
    enter: Enter, person: Person, server: Server
) -> None:
    """If you already have Email Code active, the first step uses an email code."""
    protect_by_mail(server, person)
    mailbox = Mailbox(server, person)
    card = AuthenticatorCard.on(enter(person).page)
    step_up = card.begin()
    expect(step_up.password).to_have_count(0)
    step_up.submit(code=mailbox.next_code("Turn the authenticator app on"))
    expect(card.wizard.step(2)).to_be_visible()


def test_both_methods_enabled(page: Page, person: Person, server: Server) -> None:
    """Both methods enabled: one code, from whichever method one picks."""
    app = protect(server, person).app
    protect_by_mail(server, person)
    mailbox = Mailbox(server, person)
    # "At sign-in the system asks for one code — from whichever method you pick."
    second = give_password(page, person)
    second.use_email_button.click()
    second.submit(mailbox.next_code("Sign-in"))
    security = SecurityPage(page).wait_until_ready()
    # "With both methods enabled at once the Security section looks like this."
    expect(AuthenticatorCard.on(page).disable_button).to_be_visible()
    expect(EmailCodeCard.on(page).disable_button).to_be_visible()
    security.sign_out()
    mailbox.let_ask_again()
    second = give_password(page, person)
    second.use_app_button.click()
    second.submit(app.code())
    SecurityPage(page).wait_until_ready()


def test_disabling_email_code(page: Page, person: Person, server: Server) -> None:
    """Disabling a method: the code is sent as the dialog opens; the other one stays."""
    protect(server, person)
    protect_by_mail(server, person)
    mailbox = Mailbox(server, person)
    second = give_password(page, person)
    second.use_email_button.click()
    second.submit(mailbox.next_code("Sign-in"))
    security = SecurityPage(page).wait_until_ready()
    # "A dialog that requires a one-time code (sent automatically when the dialog opens for the
    # email method)."
    dialog = EmailCodeCard.on(page).disable()
    expect(dialog.mailed.sent).to_be_visible()
    expect(dialog.password).to_have_count(0)
    # "Enter the code and press Disable to turn the method off. Afterwards access to the account
    # is still protected by the remaining active MFA methods."
    dialog.submit(code=mailbox.next_code("Turn the e-mail code off"), button="Disable")
    told = security.notices.filter(has_text="still asks for a code from your authenticator app")
    expect(told).to_have_count(1)
    expect(EmailCodeCard.on(page).enable_button).to_be_visible()
    expect(TwoFactorCard.on(page).badge_on).to_be_visible()


def test_enabling_authenticator_app_code(
    page: Page, person: Person, server: Server, tmp_path: Path
) -> None:
    """Enabling Authenticator app code goes through four steps."""
    sign_in(page, person)
    card = AuthenticatorCard.on(page)
    # "Step 1 — Identity confirmation": without another method "it asks for your password".
    step_up = card.begin()
    expect(step_up.root).to_contain_text("Step 1 of 4")
    step_up.submit(password=person.password)

    # "Step 2 — Scan the QR code. […] If your app does not support scanning, copy the
    # alphanumeric code shown below the QR and add it manually."
    wizard = card.wizard
    expect(wizard.step(2)).to_be_visible()
    expect(wizard.qr).to_be_visible()
    app = App.scanning(page)
    picture, text = wizard.qr.bounding_box(), wizard.secret.bounding_box()
    assert picture is not None
    assert text is not None
    assert text["y"] > picture["y"] + picture["height"]
    assert wizard.read_secret() == app.secret

    # "Step 3 — Enter a generated code: […] 6-digit codes every 30 seconds. Enter the current
    # one."
    wizard.next_button.click()
    expect(wizard.step(3)).to_be_visible()
    wizard.type_code(app.code())

    # "Step 4 — Recovery codes: On success the dialog shows 10 one-time recovery codes."
    expect(wizard.step(4)).to_be_visible()
    codes = wizard.kit.codes()
    assert len(set(codes)) == 10
    # "The Download as Text File button saves them as a .txt file."
    download = wizard.kit.download()
    assert download.suggested_filename.endswith(".txt")
    download.save_as(tmp_path / "codes.txt")
    assert all(code in (tmp_path / "codes.txt").read_text() for code in codes)
    wizard.kit.done_button.click()
    # On: the activation date and, in place of Enable, a red Disable.
    expect(card.root).to_contain_text("On since")
    expect(card.enable_button).to_have_count(0)
    expect(card.disable_button).to_have_attribute("data-accent-color", "red")


def test_reviewing_and_regenerating_recovery_codes(
    enter: Enter, person: Person, server: Server
) -> None:
    """Reviewing and regenerating recovery codes."""
    protected = protect(server, person)
    card = AuthenticatorCard.on(enter(person).page)
    # "The dialog first asks for a one-time code from the authenticator app."
    step_up = card.view_codes()
    expect(step_up.password).to_have_count(0)
    # "Once the dialog is closed they are not shown again without a fresh authenticator code."
    for _ in range(2):
        step_up.submit(code=protected.app.code())
        # "After confirming, the currently valid codes are displayed."
        dialog = card.recovery_codes
        assert dialog.codes() == list(protected.codes)
        dialog.done_button.click()
        expect(dialog.root).to_have_count(0)
        let_code_expire(server, person)
        step_up = card.view_codes()
    step_up.submit(code=protected.app.code())
    # "The Regenerate button invalidates all existing codes and issues a fresh set of 10."
    dialog = card.recovery_codes
    expect(dialog.items).to_have_count(10)
    let_code_expire(server, person)
    dialog.regenerate().submit(code=protected.app.code(), button="Regenerate codes")
    expect(dialog.heading).to_have_text(re.compile("Kit 2"))
    assert not set(dialog.codes()) & set(protected.codes)


def test_disabling_a_method(page: Page, person: Person, server: Server) -> None:
    """Disabling a method: a one-time code confirms the request."""
    protected = protect(server, person)
    give_password(page, person).submit(protected.app.code())
    security = SecurityPage(page).wait_until_ready()
    # "Clicking it opens a dialog that requires a one-time code (… taken from the authenticator
    # app for the app method) to confirm the request."
    let_code_expire(server, person)
    dialog = AuthenticatorCard.on(page).disable()
    expect(dialog.password).to_have_count(0)
    # "Disabling all MFA methods leaves the account protected by the password alone."
    expect(dialog.root).to_contain_text("password alone")
    expect(dialog.root).not_to_contain_text("Enter your password")
    # "Enter the code and press Disable to turn the method off."
    dialog.submit(code=protected.app.code(), button="Disable")
    expect(TwoFactorCard.on(page).badge_off).to_be_visible()
    expect(security.notices.filter(has_text="Only your password")).to_have_count(1)
    # "If you disable the last one, sign-in falls back to password only."
    security.sign_out()
    SignInPage(page).wait_until_ready().submit(person.email, person.password)
    security.wait_until_ready()
