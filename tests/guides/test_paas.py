"""The guide of the PaaS dashboard, step by step: enable, recovery codes, disable.

It runs under what that guide says: the password confirms, and codes are the only way back.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.expectations import expect_refused
from tests.e2e.fixtures import Enter
from tests.e2e.journeys import sign_in
from tests.e2e.pages.api_keys_page import ApiKeysPage
from tests.e2e.pages.authenticator_card import AuthenticatorCard, TwoFactorCard
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.phone import App, let_code_expire, protect
from tests.e2e.two_factor import expect_code_refused, give_password
from tests.server import Person, Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A product with the choices of this guide."""
    with Server({"POLICY": "paas"}) as running:
        yield running


def test_enable(page: Page, person: Person, server: Server, tmp_path: Path) -> None:
    """Enable Two-Factor Authentication, steps 1 to 5."""
    # 1 and 2: "Go to the Settings section […] and click Set Up Two-Factor Authentication."
    security = sign_in(page, person)
    step_up = AuthenticatorCard.on(page).begin()
    # "You need to confirm your password via the appeared pop-up to proceed."
    expect(step_up.code).to_have_count(0)
    step_up.submit(password="wrong-passphrase-1")
    expect_refused(step_up.password, "That is not your password.")
    step_up.submit(password=person.password)

    # 3: "Open the app on your device and add the account by either scanning the displayed QR
    # code or manually typing the provided data."
    wizard = AuthenticatorCard.on(page).wizard
    expect(wizard.qr).to_be_visible()
    app = App.scanning(page)
    assert wizard.read_secret() == app.secret
    # "You'll see the six-digit code […], type it into the dashboard frame and click Next to
    # verify."
    wizard.enter(app.code())

    # 4: "In the second step, you'll see the recovery codes, which can be used as a one-time
    # alternative to the generated authentication codes."
    kit = wizard.kit
    codes = kit.codes()
    expect(wizard.root).to_contain_text("Each works once.")
    # "You need to tick the I've saved the data checkbox […] to be able to close this window by
    # clicking Done."
    expect(kit.saved_checkbox).not_to_be_checked()
    expect(kit.done_button).to_be_disabled()
    # "(automatically checked after using the Download or Copy buttons)"
    kit.download().save_as(tmp_path / "codes.txt")
    expect(kit.saved_checkbox).to_be_checked()
    assert all(code in (tmp_path / "codes.txt").read_text() for code in codes)
    kit.done_button.click()
    expect(wizard.root).to_have_count(0)

    # 5: "To login into account, you'll need to provide the login/password credentials (as
    # usual) and enter a code from the authentication application on your device (or the
    # recovery code)."
    for typed in ("app", codes[0]):
        security.sign_out()
        SignInPage(page).wait_until_ready()
        let_code_expire(server, person)
        give_password(page, person).submit(app.code() if typed == "app" else typed)
        SecurityPage(page).wait_until_ready()


def test_copy_ticks_the_box_too(enter: Enter, person: Person) -> None:
    """Automatically checked after using the Download or Copy buttons."""
    page = enter(person, permissions=["clipboard-read", "clipboard-write"]).page
    wizard = AuthenticatorCard.on(page).begin_with(person.password)
    wizard.enter(App("", "", wizard.read_secret()).code())
    wizard.kit.copy_button.click()
    expect(wizard.kit.saved_checkbox).to_be_checked()
    expect(wizard.kit.done_button).to_be_enabled()


def test_manage_recovery_codes(
    enter: Enter, person: Person, server: Server, tmp_path: Path
) -> None:
    """Manage Recovery Codes, steps 1 to 3."""
    protected = protect(server, person, used_codes=1)
    page = enter(person, permissions=["clipboard-read", "clipboard-write"]).page
    card = AuthenticatorCard.on(page)
    # 1: "Click the View Recovery Codes button. Confirm the password for your account to
    # continue."
    step_up = card.view_codes()
    expect(step_up.password).to_be_focused()
    expect(step_up.code).to_have_count(0)
    step_up.submit(password=person.password)
    # 2: "Here, you can see your current recovery codes and, if necessary, Download/Copy them."
    dialog = card.recovery_codes
    assert dialog.codes() == list(protected.codes)
    # "Each one can be used just once": the used one says so.
    expect(dialog.used).to_have_count(1)
    dialog.download().save_as(tmp_path / "codes.txt")
    assert protected.codes[1] in (tmp_path / "codes.txt").read_text()
    dialog.copy_button.click()
    expect(dialog.root.get_by_text("Copied")).to_be_visible()
    assert protected.codes[1] in page.evaluate("() => navigator.clipboard.readText()")
    # "If you ran out of the recovery codes […] or if you consider them compromised, click the
    # link at the bottom of the frame to generate new ones."
    dialog.regenerate_button.click()
    # 3: "In the appeared pop-up, confirm the operation and, in a moment, you'll get new codes."
    dialog.confirm_button.click()
    dialog.step_up.submit(password=person.password, button="Regenerate codes")
    expect(dialog.heading).to_have_text(re.compile("Kit 2"))
    fresh = dialog.codes()
    assert not set(fresh) & set(protected.codes)
    # "Don't forget to save the displayed recovery codes with the Download/Copy buttons, as the
    # old ones won't work anymore."
    expect(dialog.root).to_contain_text("the old ones no longer work")
    expect(dialog.done_button).to_be_disabled()
    dialog.download()
    dialog.done_button.click()
    expect(dialog.root).to_have_count(0)

    second = give_password(page.context.browser.new_page(base_url=server.base_url), person)  # pyright: ignore[reportOptionalMemberAccess]
    second.submit(protected.codes[5])
    expect_code_refused(second.code)
    second.submit(fresh[5])
    SecurityPage(second.page).wait_until_ready()


def test_the_dialogs_say_what_they_ask(enter: Enter, person: Person, server: Server) -> None:
    """Where the password is asked, no sentence asks for a code."""
    protect(server, person)
    card = AuthenticatorCard.on(enter(person).page)
    step_up = card.view_codes()
    expect(step_up.password).to_be_visible()
    expect(step_up.root).not_to_contain_text("Enter a code")
    step_up.cancel_button.click()
    step_up = card.disable()
    expect(step_up.password).to_be_visible()
    expect(step_up.root).not_to_contain_text("and a current code")


def test_the_codes_are_the_only_way_back(page: Page, person: Person, server: Server) -> None:
    """They are the only option to restore access upon device loss."""
    protect(server, person)
    give_password(page, person).lost_link.click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("Recovery codes are the only way back in without your device.")
    expect(main).not_to_contain_text("support")


def test_disable(page: Page, person: Person, server: Server) -> None:
    """Disable Two-Factor Authentication, steps 1 and 2, with the device lost."""
    protected = protect(server, person)
    # "In case you want to disable/rebind two-factor authentication due to device loss, use
    # one of the recovery codes to log into the dashboard."
    give_password(page, person).submit(protected.codes[0])
    security = SecurityPage(page).wait_until_ready()
    # 1: "Click the Disable Two-Factor Authentication button."
    dialog = AuthenticatorCard.on(page).disable()
    # 2: "Confirm your decision through the appropriate pop-up and provide a password in the
    # next one."
    expect(dialog.code).to_have_count(0)
    dialog.submit(password=person.password, button="Disable")
    expect(TwoFactorCard.on(page).badge_off).to_be_visible()
    # "Your account is now accessible with just the login/password credentials."
    security.sign_out()
    SignInPage(page).wait_until_ready().submit(person.email, person.password)
    security.wait_until_ready()


def test_using_the_api(page: Page, person: Person, server: Server) -> None:
    """Using API with Two-Factor Authentication."""
    protected = protect(server, person)
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}/api/v1") as api:
        # "In order to get a valid session for the API requests on accounts with enabled 2FA, you
        # need to call an additional Verify2FACode method after the SignIn one."
        credentials = {"email": person.email, "password": person.password}
        first = api.post("/auth/sign-in", json=credentials).json()
        assert first["status"] == "2fa_required"
        assert "token" not in first
        # "You'll be able to provide a six-digit authentication code from the application."
        proof = {"challenge": first["challenge"], "method": "totp", "code": protected.app.code()}
        token = api.post("/auth/verify-2fa-code", json=proof).json()["token"]
        assert _status(api, token) == 200

        # "To avoid such complexity, it is recommended generating and using personal access
        # tokens in your API requests and custom automation scripts."
        let_code_expire(server, person)
        give_password(page, person).submit(protected.app.code())
        SecurityPage(page).wait_until_ready()
        keys = ApiKeysPage(page).open().keys
        key = keys.make("Automation", person.password, code=protected.codes[0])
        assert _status(api, key) == 200


def _status(api: httpx.Client, bearer: str) -> int:
    """What a request with a token or key is answered."""
    return api.get("/me", headers={"Authorization": f"Bearer {bearer}"}).status_code
