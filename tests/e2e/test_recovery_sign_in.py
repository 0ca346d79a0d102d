"""Signing in with a recovery code, and what to do without any."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pages.authenticator_card import AuthenticatorCard
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.phone import Protected, protect
from tests.e2e.two_factor import expect_code_refused, give_password, mail_saying
from tests.server import Person, Server


@pytest.fixture
def protected(server: Server, person: Person) -> Protected:
    return protect(server, person)


def test_a_recovery_code_by_its_button(page: Page, protected: Protected, server: Server) -> None:
    second = give_password(page, protected.person)
    second.use_recovery_code_button.click()
    expect(second.root).to_contain_text("Enter a recovery code.")
    expect(second.code).to_be_visible()
    second.submit("AAAA-AAAA-AAAA-AAAA")
    expect_code_refused(second.code)
    second.submit(protected.codes[2].lower().replace("-", " "))
    security = SecurityPage(page).wait_until_ready()
    card = AuthenticatorCard.on(page)
    expect(card.root).to_contain_text("9 of 10 recovery codes left")
    expect(card.root).to_contain_text("Set up your new phone")
    expect(security.sign_ins.rows.first).to_contain_text("recovery code")
    mail_saying(server, protected.person, "A recovery code of your")


def test_a_used_recovery_code_is_worth_nothing(page: Page, protected: Protected) -> None:
    second = give_password(page, protected.person)
    second.use_recovery_code_button.click()
    second.submit(protected.codes[0])
    SecurityPage(page).wait_until_ready().sign_out()
    SignInPage(page).wait_until_ready()
    second = give_password(page, protected.person)
    second.use_recovery_code_button.click()
    second.submit(protected.codes[0])
    expect_code_refused(second.code)
    second.use_app_button.click()
    expect(second.use_recovery_code_button).to_be_visible()
    second.submit(protected.app.code())
    SecurityPage(page).wait_until_ready()


@pytest.mark.parametrize("spelling", ["{}", " {} ", "lower"])
def test_the_box_for_the_app_takes_a_recovery_code(
    page: Page, protected: Protected, spelling: str
) -> None:
    code = protected.codes[0]
    typed = code.lower() if spelling == "lower" else spelling.format(code)
    give_password(page, protected.person).submit(typed)
    SecurityPage(page).wait_until_ready()
    expect(AuthenticatorCard.on(page).root).to_contain_text("9 of 10 recovery codes left")


def test_lost_device_and_codes(page: Page, protected: Protected) -> None:
    second = give_password(page, protected.person)
    second.lost_link.click()
    expect(page).to_have_url(re.compile("/recover"))
    main = page.get_by_role("main")
    expect(main).to_contain_text("Contact support.")
    expect(main).to_contain_text("recovery is never instant")
    main.get_by_role("link", name="Back to the code").click()
    second.wait_until_ready().submit(protected.app.code())
    SecurityPage(page).wait_until_ready()
