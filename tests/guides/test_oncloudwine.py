"""The OnCloudWine guide, step by step, as far as it is built."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.expectations import expect_refused
from tests.e2e.fixtures import NewContext
from tests.e2e.journeys import sign_in
from tests.e2e.pages.api_keys_page import ApiKeysPage
from tests.e2e.pages.authenticator_card import AuthenticatorCard, TwoFactorCard
from tests.e2e.pages.pin_card import PinCard
from tests.e2e.pages.profile_page import ProfilePage
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.pages.workspace_page import WorkspacePage
from tests.e2e.phone import App, let_code_expire, protect
from tests.e2e.seeding import DESKTOP, PHONE
from tests.e2e.two_factor import expect_code_refused, give_password, turn_on
from tests.server import Person, Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A product with the choices of this guide."""
    with Server({"POLICY": "oncloudwine"}) as running:
        yield running


def test_where_to_find_it(page: Page, person: Person) -> None:
    """Settings → Account → Security."""
    sign_in(page, person)
    page.goto("/settings/account/security")
    security = SecurityPage(page).wait_until_ready()
    expect(security.heading).to_have_text("Security")


def test_change_password(page: Page, second_page: Page, person: Person) -> None:
    """Change password: three fields, at least 8 characters with a number, others signed out."""
    security = sign_in(page, person)
    sign_in(second_page, person)

    # The guide: "Form opens with three fields: current password, new password, confirm."
    dialog = security.password.open_dialog()
    expect(dialog.root.get_by_role("textbox")).to_have_count(3)

    # "Minimum 8 characters with at least one number."
    dialog.save(current=person.password, new="vineya1")
    expect_refused(dialog.new_password, "8 characters")
    dialog.save(current=person.password, new="vineyards")
    expect_refused(dialog.new_password, "digit")

    # "Longer passphrases are stronger — try a memorable sentence."
    expect(dialog.root).to_contain_text("a memorable sentence")
    dialog.new_password.fill("four bottles stood on 1 wall")
    expect(dialog.strength.words).to_be_visible()
    dialog.save(current=person.password, new="four bottles stood on 1 wall")

    # "All other sessions are signed out. You stay signed in on the device you used."
    SignInPage(second_page).wait_until_ready()
    expect(security.notices).to_have_text(
        ["Your password was changed. 1 other session was signed out."]
    )
    expect(security.sessions.current.root).to_be_visible()


def test_sessions(new_context: NewContext, person: Person) -> None:
    """The Sessions list shows every active session, with four facts each."""
    desktop = sign_in(new_context(user_agent=DESKTOP).new_page(), person)
    sign_in(new_context(user_agent=PHONE).new_page(), person)
    expect(desktop.sessions.rows).to_have_count(2)
    row = desktop.sessions.row("Safari on").root
    # "Device and browser", "Approximate location (from IP)", "Last activity time".
    expect(row).to_contain_text(re.compile("Safari on (iPhone|iOS)"))
    expect(row).to_contain_text("Local network")
    expect(row).to_contain_text(re.compile("Last active (just now|.* ago)"))
    # "'Current session' tag on the one you're using now".
    expect(row).not_to_contain_text("Current session")
    expect(desktop.sessions.current.root).to_contain_text("Chrome on Windows")


def test_signing_out_other_sessions(new_context: NewContext, person: Person) -> None:
    """Sign out on any row; all others with one button, useful after a lost laptop."""
    desktop = sign_in(new_context(user_agent=DESKTOP).new_page(), person)
    phone = sign_in(new_context(user_agent=PHONE).new_page(), person)

    # "Click Sign out on any row to revoke that session. The device using it will need to
    # sign in again."
    desktop.sessions.row("Safari on").sign_out_button.click()
    SignInPage(phone.page).wait_until_ready().submit(person.email, person.password)
    phone.wait_until_ready()
    laptop = sign_in(new_context().new_page(), person)
    expect(desktop.sessions.rows).to_have_count(3)

    # "Use the Sign out all other sessions button to revoke everything except your current
    # device".
    desktop.sessions.sign_out_others_button.click()
    for other in (phone, laptop):
        SignInPage(other.page).wait_until_ready()
    expect(desktop.sessions.rows).to_have_count(1)
    expect(desktop.sessions.current.root).to_be_visible()


def test_enable(page: Page, person: Person, server: Server) -> None:
    """Two-factor authentication: Enable."""
    sign_in(page, person)
    # "Click Enable 2FA. A QR code and 16-character backup secret appear."
    wizard = AuthenticatorCard.on(page).begin_with(person.password)
    expect(wizard.qr).to_be_visible()
    assert len(wizard.read_secret()) == 16
    assert "totp_secret_below_rfc_4226" in server.log_text()
    # "Scan the QR code. Open your authenticator app and scan. The app starts generating codes."
    app = App.scanning(page)
    assert app.secret == wizard.read_secret()
    # "Confirm with a code. Enter the current 6-digit code to verify the setup worked."
    wizard.enter(app.code_of_another())
    expect_code_refused(wizard.code)
    wizard.type_code(app.code())
    # "Save your recovery codes. A list of one-time recovery codes is shown. Copy them somewhere
    # safe — they're your only path back in if you lose your phone."
    assert len(wizard.kit.codes()) == 10
    expect(wizard.kit.copy_button).to_be_visible()
    expect(wizard.root).to_contain_text("your way back in")


def test_what_2fa_covers(page: Page, person: Person, server: Server) -> None:
    """What 2FA covers: the table, and that it holds."""
    protected = protect(server, person)
    # "Sign-in: Yes — every sign-in once 2FA is enabled."
    give_password(page, person).submit(protected.app.code())
    security = SecurityPage(page).wait_until_ready()
    table = page.get_by_role("region", name="What 2FA covers")
    for action, answer in (
        ("Sign-in", "Yes — every sign-in once 2FA is enabled."),
        ("Change email", "Yes."),
        ("Change password", "Yes."),
        ("Delete account", "Yes."),
        ("Day-to-day work", "No — once you"),
    ):
        row = table.get_by_role("row").filter(
            has=page.get_by_role("rowheader", name=action, exact=True)
        )
        expect(row.get_by_role("cell")).to_contain_text(answer)

    # "Change password: Yes."
    dialog = security.password.open_dialog()
    code = dialog.root.get_by_label("Code", exact=True)
    dialog.save(current=person.password, new="four bottles stood on 1 wall")
    expect(code).to_have_attribute("aria-invalid", "true")
    let_code_expire(server, person)
    code.fill(protected.app.code())
    dialog.save(current=person.password, new="four bottles stood on 1 wall")
    expect(security.notices.filter(has_text="Your password was changed.")).to_have_count(1)

    # "Day-to-day work: No — once you're signed in, 2FA is not re-prompted for normal actions."
    security.sessions.current.rename("Cellar")
    expect(security.sessions.row("Cellar").root).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_recovering_if_you_lose_your_device(page: Page, person: Person, server: Server) -> None:
    """Recovering if you lose your device."""
    security = sign_in(page, person)
    lost = turn_on(page, person)
    security.sign_out()
    SignInPage(page).wait_until_ready()

    # "On the 2FA prompt, click Use recovery code and enter one of the codes you saved at setup.
    # Each is single-use."
    second = give_password(page, person)
    second.use_recovery_code_button.click()
    second.submit(lost.codes[0])
    security.wait_until_ready()

    # "Once signed in, go to Security and disable 2FA so you can re-enroll on your new phone."
    card = AuthenticatorCard.on(page)
    expect(card.root).to_contain_text("Set up your new phone")
    dialog = card.disable()
    dialog.submit(password=person.password, code=lost.codes[0], button="Disable")
    expect_code_refused(dialog.code)
    dialog.submit(password=person.password, code=lost.codes[1], button="Disable")
    expect(TwoFactorCard.on(page).badge_off).to_be_visible()

    # "Run through the enable flow again. You'll get a new set of recovery codes — save these
    # too."
    new = turn_on(page, person)
    assert not set(new.codes) & set(lost.codes)
    expect(card.root.get_by_text("Set up your new phone")).to_have_count(0)

    # "If you've lost both your device and recovery codes, contact support. Recovery requires
    # identity verification and isn't instant."
    security.sign_out()
    SignInPage(page).wait_until_ready()
    give_password(page, person).lost_link.click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("Contact support.")
    expect(main).to_contain_text("never instant")


def test_pin(page: Page, person: Person, server: Server) -> None:
    """PIN: set it, confirm with the current password, use it."""
    protected = protect(server, person)
    give_password(page, person).submit(protected.app.code())
    security = SecurityPage(page).wait_until_ready()
    card = PinCard.on(page)
    # "From the Security tab, Set PIN. Enter and confirm a 4-6 digit PIN."
    dialog = card.begin()
    for pin in ("258", "2580258"):
        dialog.save(pin, person.password)
        expect_refused(dialog.new_pin, "A PIN has 4 to 6 digits.")
    dialog.save("2580", person.password, repeat="2581")
    expect_refused(dialog.repeat_pin, "not the same")
    # "Confirm with current password. Required to set or change the PIN."
    expect(dialog.code).to_have_count(0)
    dialog.save("2580", "")
    expect_refused(dialog.current_password, "Enter your password.")
    dialog.save("2580", person.password)
    expect(card.change_button).to_be_visible()
    change = card.change()
    change.save("961738", "wrong-passphrase-1")
    expect_refused(change.current_password, "That is not your password.")
    change.save("961738", person.password)
    expect(security.notices.filter(has_text="Your PIN is changed")).to_have_count(1)

    # "The PIN is not a 2FA replacement. It's a friction layer for irreversible actions, designed
    # to make accidents harder."
    expect(card.root).to_contain_text("A brake against accidents")
    expect(card.root).to_contain_text("no second factor")

    # "Use it. Sensitive actions now show a PIN prompt before executing."
    profile = ProfilePage.on(page)
    profile.deletion.delete_button.click()
    prompt = profile.deletion.step_up
    let_code_expire(server, person)
    prompt.submit(password=person.password, code=protected.app.code(), pin="2580")
    expect_refused(prompt.pin, "That is not your PIN.")
    prompt.submit(password=person.password, code=protected.app.code(), pin="961738")
    expect(page.get_by_label("Your e-mail address")).to_be_focused()


def test_sensitive_actions(page: Page, person: Person, server: Server) -> None:
    """Deleting an organization, revoking API keys, force-cancelling a release."""
    house = server.add_organization(person, "Côtes du Rhône")
    server.add_release(house, "Autumn list", starts_in_s=-1)
    sign_in(page, person)
    PinCard.on(page).begin().save("2580", person.password)
    expect(PinCard.on(page).change_button).to_be_visible()
    keys = ApiKeysPage(page).open().keys
    keys.make("Nightly backup", person.password)

    # "A PIN is a separate, short numeric code OnCloudWine prompts for on sensitive in-dashboard
    # actions: deleting an organization, revoking API keys, force-cancelling a release."
    keys.row("Nightly backup").revoke_button.click()
    keys.revoking.confirm(pin="2581")
    expect_refused(keys.revoking.pin, "That is not your PIN.")
    keys.revoking.confirm(pin="2580")
    expect(keys.rows).to_have_count(0)

    workspace = WorkspacePage.on(page)
    release = workspace.release("Autumn list")
    release.button("Force-cancel").click()
    workspace.prompt("Force-cancel release").confirm(pin="2580")
    expect(release.badges).to_have_text(["Cancelled"])

    workspace.organization.button("Delete organization").click()
    workspace.prompt("Delete organization").confirm(pin="2580")
    expect(workspace.organization.root).to_contain_text("You belong to no organization")
