"""The Wevion guide, step by step: authenticator app, backup codes, disable, re-enable.

It runs under what that guide says: codes are shown once and kept as hashes only.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.expectations import expect_nothing_of
from tests.e2e.fixtures import Enter
from tests.e2e.journeys import sign_in
from tests.e2e.pages.activity_page import ActivityPage
from tests.e2e.pages.api_keys_page import ApiKeysPage
from tests.e2e.pages.authenticator_card import AuthenticatorCard, TwoFactorCard
from tests.e2e.pages.email_code_card import EmailCodeCard
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.phone import App, let_code_expire, protect
from tests.e2e.two_factor import (
    Mailbox,
    expect_code_refused,
    give_password,
    mail_saying,
    turn_on,
)
from tests.server import Person, Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A product with the choices of this guide."""
    with Server({"POLICY": "wevion"}) as running:
        yield running


def test_how_to_set_up(page: Page, person: Person, server: Server, tmp_path: Path) -> None:
    """How to set up 2FA, steps 1 to 6."""
    # Step 1: "Navigate to Settings → Personal → Security (URL: /settings/personal/security)".
    sign_in(page, person)
    page.goto("/settings/personal/security")
    security = SecurityPage(page).wait_until_ready()

    # Step 2: "The page shows your current security status. Click the Enable 2FA button."
    expect(TwoFactorCard.on(page).badge_off).to_be_visible()
    wizard = AuthenticatorCard.on(page).begin_with(person.password)

    # Step 3: "Point the camera at the QR code displayed […]. The app adds a "Wevion" entry
    # showing a rotating 6-digit code."
    expect(wizard.qr).to_be_visible()
    app = App.scanning(page)
    assert app.issuer == "Security Centre"
    assert re.fullmatch(r"\d{6}", app.code())
    # "If you can't scan: copy the secret text from below the QR."
    assert wizard.read_secret() == app.secret
    expect(wizard.copy_secret_button).to_be_visible()

    # Step 4: "Back in Wevion, enter the current 6-digit code from your app. Click Verify.
    # […] On success, 2FA is enabled."
    wizard.enter(app.code())
    kit = wizard.kit

    # Step 5: "You'll see a list of 10 backup codes."
    codes = kit.codes()
    assert len(set(codes)) == 10
    # "Download as text file (button on the page)"
    kit.download().save_as(tmp_path / "codes.txt")
    assert all(code in (tmp_path / "codes.txt").read_text() for code in codes)
    # "Print and store in a safe place"
    expect(kit.print_button).to_be_visible()
    # "Email to yourself (less secure but better than nothing)"
    expect(wizard.root).to_contain_text("E-mail is less safe")
    kit.mail_button.click()
    mail = mail_saying(server, person, codes[0])
    assert all(code in mail for code in codes)
    # "Click I've saved them to finish."
    expect(kit.saved_checkbox).to_be_checked()
    kit.done_button.click()
    # "You will not see these codes again."
    expect(wizard.root).to_have_count(0)
    expect_nothing_of(page, *codes)
    expect(AuthenticatorCard.on(page).view_codes_button).to_have_count(0)

    # Step 6: "Log out and log back in. After password, you'll see the 2FA prompt — enter
    # the current 6-digit code from your app."
    security.sign_out()
    SignInPage(page).wait_until_ready()
    let_code_expire(server, person)
    give_password(page, person).submit(app.code())
    SecurityPage(page).wait_until_ready()


def test_stored_as_hashes(page: Page, person: Person, server: Server) -> None:
    """Stores hashed versions; we cannot retrieve them if you lose them."""
    sign_in(page, person)
    protected = turn_on(page, person)
    stored = "\n".join(row for rows in server.dump().values() for row in rows)
    for code in protected.codes:
        assert code not in stored
        assert code.replace("-", "") not in stored
    with server.engine.connect() as connection:
        sealed = connection.exec_driver_sql(
            "SELECT count(*) FROM recovery_code WHERE sealed_code IS NOT NULL"
        )
        assert sealed.scalar_one() == 0


@pytest.mark.parametrize("role", ["admin", "owner", "super_admin", "finance"])
def test_who_is_this_for(enter: Enter, person: Person, server: Server, role: str) -> None:
    """Strongly recommended for admin and owner roles; finance and super admins too."""
    server.add_member(server.add_organization(server.add_account()), person, role)
    card = TwoFactorCard.on(enter(person).page)
    expect(card.root).to_contain_text("Strongly recommended for your role")


def test_using_backup_codes(page: Page, person: Person, server: Server) -> None:
    """Using backup codes, if you lose your authenticator."""
    security = sign_in(page, person)
    protected = turn_on(page, person)
    security.sign_out()
    SignInPage(page).wait_until_ready()

    # "At login, click Use a backup code below the 2FA prompt. Enter one of your saved backup
    # codes. You're logged in."
    second = give_password(page, person)
    second.use_recovery_code_button.click()
    second.submit(protected.codes[0])
    security.wait_until_ready()
    # "Each code works once — Wevion marks it used."
    card = AuthenticatorCard.on(page)
    expect(card.root).to_contain_text("9 of 10 recovery codes left")
    # "Re-set up 2FA immediately on a new device."
    expect(card.root).to_contain_text("Set up your new phone")
    security.sign_out()
    SignInPage(page).wait_until_ready()
    second = give_password(page, person)
    second.use_recovery_code_button.click()
    second.submit(protected.codes[0])
    expect_code_refused(second.code)


def test_email_based_otp_alternative(page: Page, person: Person, server: Server) -> None:
    """Email-based OTP alternative."""
    security = sign_in(page, person)
    mailbox = Mailbox(server, person)
    # "TOTP: Offline, fast, more secure | Requires app + setup. Email OTP: No app needed |
    # Slower, less secure (email account = single point of failure). We strongly recommend TOTP."
    choice = TwoFactorCard.on(page).root
    for words in ("Offline, fast, more secure", "No app needed", "Slower, less secure"):
        expect(choice).to_contain_text(words)
    expect(choice).to_contain_text("We strongly recommend the authenticator app.")
    # "Settings → Personal → Security → Enable email OTP instead of TOTP."
    card = EmailCodeCard.on(page)
    card.begin_with(person.password).code.fill(mailbox.next_code("Turn the e-mail code on"))
    expect(card.disable_button).to_be_visible()
    security.sign_out()
    SignInPage(page).wait_until_ready()
    # "On each login, after password, Wevion emails a 6-digit code (valid 5 minutes)."
    for _ in range(2):
        mailbox.let_ask_again()
        second = give_password(page, person)
        expect(second.root).to_contain_text("5 minutes")
        second.submit(mailbox.next_code("Sign-in"))
        security.wait_until_ready()
        security.sign_out()
        SignInPage(page).wait_until_ready()


def test_one_method_instead_of_the_other(enter: Enter, person: Person, server: Server) -> None:
    """Enable email OTP instead of TOTP: one takes the other's place."""
    app = protect(server, person).app
    mailbox = Mailbox(server, person)
    card = EmailCodeCard.on(enter(person).page)
    step_up = card.begin()
    expect(step_up.root).to_contain_text("takes the place of the method that is on now")
    step_up.submit(code=app.code())
    card.set_up.code.fill(mailbox.next_code("Turn the e-mail code on"))
    expect(card.disable_button).to_be_visible()
    expect(AuthenticatorCard.on(card.root.page).enable_button).to_be_visible()


def test_disable(page: Page, person: Person, server: Server) -> None:
    """Disable 2FA: confirm with current password and current 2FA code."""
    security = sign_in(page, person)
    protected = turn_on(page, person)
    let_code_expire(server, person)
    # "Settings → Personal → Security → Disable 2FA. Confirm with current password + current
    # 2FA code."
    dialog = AuthenticatorCard.on(page).disable()
    expect(dialog.password).to_be_visible()
    expect(dialog.code).to_be_visible()
    # "Important: disabling drops your account back to password-only."
    expect(dialog.root).to_contain_text("password alone")
    dialog.submit(password=person.password, code=protected.app.code(), button="Disable")
    # "2FA is disabled."
    expect(TwoFactorCard.on(page).badge_off).to_be_visible()
    security.sign_out()
    SignInPage(page).wait_until_ready().submit(person.email, person.password)
    security.wait_until_ready()


def test_reenable_after_device_change(page: Page, person: Person, server: Server) -> None:
    """Re-enable after device change, and backup codes lost."""
    sign_in(page, person)
    old = turn_on(page, person)
    # "Disable 2FA on your account using the current device (or a backup code)."
    AuthenticatorCard.on(page).disable().submit(
        password=person.password, code=old.codes[3], button="Disable"
    )
    expect(TwoFactorCard.on(page).badge_off).to_be_visible()
    # "Enable 2FA on the new device (Step 1-5 above). You get fresh backup codes — save them."
    new = turn_on(page, person)
    assert new.app.secret != old.app.secret
    assert not set(new.codes) & set(old.codes)
    expect(AuthenticatorCard.on(page).root).to_contain_text("Kit 2, made")
    # "Backup codes lost: regenerate by disabling + re-enabling 2FA": there is no other way.
    expect(page.get_by_role("button", name="Regenerate")).to_have_count(0)


def test_what_you_see_after_it_is_on(page: Page, person: Person, server: Server) -> None:
    """What you'll see in the UI."""
    security = sign_in(page, person)
    protected = turn_on(page, person)
    security.sign_out()
    SignInPage(page).wait_until_ready()
    let_code_expire(server, person)
    # "At login: extra step prompting for code."
    give_password(page, person).submit(protected.app.code())
    security.wait_until_ready()
    # "Shows green badge "2FA enabled"."
    badge = TwoFactorCard.on(page).badge_on
    expect(badge).to_be_visible()
    red, green, blue = (
        int(part)
        for part in re.findall(
            r"\d+",
            badge.evaluate(
                "node => { const c = document.createElement('canvas').getContext('2d');"
                "c.fillStyle = getComputedStyle(node).color; c.fillRect(0, 0, 1, 1);"
                "return c.getImageData(0, 0, 1, 1).data.slice(0, 3).join(' '); }"
            ),
        )
    )
    assert green > red
    assert green > blue
    # "Active sessions section shows current authenticated sessions."
    expect(security.sessions.current.root).to_contain_text("authenticator app")
    # "Login history entries show 2fa_verified: true for successful logins after enabling."
    row = ActivityPage(page).open().sign_in_history.root.get_by_test_id("sign-in-row").first
    expect(row).to_contain_text("2FA")


def _call(server: Server, key: str) -> int:
    """``curl -H "Authorization: Bearer <key>"``; returns the status."""
    address = f"http://127.0.0.1:{server.port}/api/v1/me"
    return httpx.get(address, headers={"Authorization": f"Bearer {key}"}).status_code


def test_what_happens_to_api_keys(page: Page, person: Person, server: Server) -> None:
    """What happens to API keys."""
    sign_in(page, person)
    # "API keys protect M2M access via the Authorization: Bearer <key> header."
    key = ApiKeysPage(page).open().keys.make("Machine", person.password)
    assert _call(server, key) == 200
    # "API keys are separate from 2FA. Your API keys continue to work regardless."
    SecurityPage(page).open()
    protected = turn_on(page, person)
    assert _call(server, key) == 200
    # "2FA protects interactive login (browser, app)": the key is asked for no code, a person is.
    let_code_expire(server, person)
    dialog = AuthenticatorCard.on(page).disable()
    dialog.submit(password=person.password, code=protected.app.code(), button="Disable")
    expect(TwoFactorCard.on(page).badge_off).to_be_visible()
    assert _call(server, key) == 200


def test_code_rejected_because_of_the_clock(page: Page, person: Person) -> None:
    """Code rejected as "invalid": clock skew. Enable auto-time-sync on the phone."""
    security = sign_in(page, person)
    protected = turn_on(page, person)
    security.sign_out()
    SignInPage(page).wait_until_ready()
    second = give_password(page, person)
    second.submit(protected.app.code_of_another())
    expect_code_refused(second.code)
    expect(second.root).to_contain_text("Is the phone's clock right? Here it is")
    expect(second.root).to_contain_text("automatic time")


def test_no_access_to_anything(page: Page, person: Person) -> None:
    """All backup codes used + no authenticator: contact support."""
    security = sign_in(page, person)
    turn_on(page, person)
    security.sign_out()
    SignInPage(page).wait_until_ready()
    give_password(page, person).lost_link.click()
    expect(page.get_by_role("main")).to_contain_text("Contact support.")
