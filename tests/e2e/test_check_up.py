"""The check-up strip, the badge and the advice for roles."""

import pytest
from playwright.sync_api import Locator, Page, expect

from security_app.policy import STEP_UP
from tests.e2e.fixtures import Enter
from tests.e2e.pages.authenticator_card import AuthenticatorCard, TwoFactorCard
from tests.e2e.phone import App, let_code_expire, protect
from tests.e2e.seeding import Seeds
from tests.server import Person, Server


def strip(page: Page) -> Locator:
    return page.get_by_role("region", name="Security check-up")


def advice(page: Page) -> Locator:
    return strip(page).get_by_role("listitem")


def test_an_account_that_is_well_protected(enter: Enter, person: Person, server: Server) -> None:
    protect(server, person)
    page = enter(person).page
    expect(strip(page)).to_contain_text("Your account is well protected")
    expect(advice(page)).to_have_count(0)


def test_what_would_make_it_safer(enter: Enter, seeds: Seeds) -> None:
    page = enter(seeds.person(password_age_days=213, is_confirmed=False)).page
    expect(strip(page)).to_contain_text("3 things would make your account safer")
    expect(advice(page)).to_have_text(
        [
            "Turn on two-factor authentication",
            "Change your password: it is older than six months",
            "Confirm your e-mail address",
        ]
    )


def test_each_advice_leads_to_its_card(enter: Enter, seeds: Seeds) -> None:
    page = enter(seeds.person(password_age_days=213)).page
    for text, card in (("Turn on", "Authenticator app"), ("Change your", "Password")):
        link = advice(page).filter(has_text=text).get_by_role("link")
        link.focus()
        page.keyboard.press("Enter")
        region = page.get_by_role("region", name=card)
        expect(region).to_be_in_viewport()
        expect(region).to_be_focused()


def test_one_thing_is_said_in_the_singular(enter: Enter, person: Person) -> None:
    expect(strip(enter(person).page)).to_contain_text("1 thing would make your account safer")


@pytest.mark.parametrize(
    ("used", "sentence"),
    [
        (6, None),
        (7, "Only 3 recovery codes are left: make new ones"),
        (9, "Only 1 recovery code is left: make new ones"),
        (10, "Only 0 recovery codes are left: make new ones"),
    ],
)
def test_few_codes_are_pointed_out(
    enter: Enter, person: Person, server: Server, used: int, sentence: str | None
) -> None:
    protect(server, person, used_codes=used)
    page = enter(person).page
    card = AuthenticatorCard.on(page).root
    expect(card).to_contain_text(f"{10 - used} of 10 recovery codes left")
    expect(card.get_by_text("Make new ones soon")).to_have_count(1 if sentence else 0)
    expect(advice(page)).to_have_text([sentence] if sentence else [])


@pytest.mark.parametrize("role", ["owner", "super_admin", "admin", "finance", "member"])
def test_roles_for_which_it_is_strongly_recommended(
    enter: Enter, person: Person, server: Server, role: str
) -> None:
    server.add_member(server.add_organization(server.add_account()), person, role)
    page = enter(person).page
    expect(TwoFactorCard.on(page).badge_off).to_be_visible()
    is_advised = role != "member"
    words = TwoFactorCard.on(page).root.get_by_text("Strongly recommended for your role")
    expect(words).to_have_count(1 if is_advised else 0)
    expect(advice(page)).to_have_text(
        ["Turn on two-factor authentication" + ": strongly recommended for your role" * is_advised]
    )


def test_the_strip_and_the_badge_follow_another_device(
    enter: Enter, person: Person, server: Server
) -> None:
    here, there = enter(person), enter(person)
    expect(strip(there.page)).to_contain_text("1 thing")
    wizard = AuthenticatorCard.on(here.page).begin_with(person.password)
    app = App("", "", wizard.read_secret())
    wizard.enter(app.code())
    expect(strip(there.page)).to_contain_text("Your account is well protected")
    expect(TwoFactorCard.on(there.page).badge_on).to_be_visible()
    wizard.kit.saved_checkbox.click()
    wizard.kit.done_button.click()
    let_code_expire(server, person)
    AuthenticatorCard.on(here.page).disable().submit(
        password=person.password, code=app.code(), button="Disable"
    )
    for page in (here.page, there.page):
        expect(strip(page)).to_contain_text("1 thing")
        expect(TwoFactorCard.on(page).badge_off).to_be_visible()


def test_what_2fa_covers_is_the_step_up_table(enter: Enter, person: Person) -> None:
    region = enter(person).page.get_by_role("region", name="What 2FA covers")
    rows = region.get_by_role("row")
    expect(rows).to_have_count(len(STEP_UP) + 2)
    for row in STEP_UP.values():
        expect(region.get_by_role("rowheader", name=row.title, exact=True)).to_have_count(1)
