"""``/sign-in/verify``: the code after the password, and what to do without one."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, update
from sqlmodel import col, select

from security_app.clock import now
from security_app.db.tables import Challenge, Session
from tests.e2e.expectations import expect_no_horizontal_scroll, expect_refused
from tests.e2e.fixtures import NewContext
from tests.e2e.mail import text_of
from tests.e2e.pages.second_factor import SecondFactorPage
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.phone import Protected, let_code_expire, protect
from tests.e2e.seeding import Seeds
from tests.e2e.test_accessibility import expect_nothing_found
from tests.e2e.two_factor import expect_code_refused, give_password
from tests.server import Person, Server


@pytest.fixture
def protected(server: Server, person: Person) -> Protected:
    return protect(server, person)


def sessions_of(server: Server, person: Person) -> int:
    with server.rows() as rows:
        count = select(func.count(col(Session.id))).where(Session.account_id == person.id)
        return rows.exec(count).one()


def test_password_then_code(page: Page, protected: Protected, server: Server) -> None:
    second = give_password(page, protected.person)
    expect(second.code).to_be_focused()
    expect(second.code).to_have_attribute("autocomplete", "one-time-code")
    assert sessions_of(server, protected.person) == 0
    second.submit(protected.app.code())
    security = SecurityPage(page).wait_until_ready()
    assert sessions_of(server, protected.person) == 1
    expect(security.sign_ins.rows.first).to_contain_text("authenticator app")


def test_between_password_and_code_nothing_opens(page: Page, protected: Protected) -> None:
    """S-41."""
    give_password(page, protected.person)
    for path in ("/settings/personal/security", "/settings/personal/activity", "/"):
        page.goto(path)
        SignInPage(page).wait_until_ready()
        assert protected.person.name not in page.content()
    SecondFactorPage(page).open().submit(protected.app.code())
    SecurityPage(page).wait_until_ready()


def test_it_leads_to_where_one_wanted_to_go(page: Page, protected: Protected) -> None:
    second = give_password(page, protected.person, "?next=%2Fsettings%2Fpersonal%2Factivity")
    second.submit(protected.app.code())
    expect(page).to_have_url(re.compile("/settings/personal/activity"))


def test_a_code_typed_with_spaces(page: Page, protected: Protected) -> None:
    code = protected.app.code()
    give_password(page, protected.person).submit(f"{code[:3]} {code[3:]}")
    SecurityPage(page).wait_until_ready()


def test_by_keyboard_alone(page: Page, protected: Protected) -> None:
    second = give_password(page, protected.person)
    expect(second.code).to_be_focused()
    page.keyboard.type(protected.app.code_of_another())
    expect_code_refused(second.code)
    # The digits send themselves once all six are there; the field is ready again.
    expect(second.code).to_have_value("")
    page.keyboard.type(protected.app.code())
    SecurityPage(page).wait_until_ready()


def test_a_wrong_code_is_told_with_the_servers_time(
    page: Page, protected: Protected, server: Server
) -> None:
    second = give_password(page, protected.person)
    second.submit(protected.app.code_of_another())
    expect_code_refused(second.code)
    clock = second.root.locator("time")
    expect(clock).to_have_text(re.compile(r"\d{1,2}:\d{2}:\d{2}"))
    expect(second.root).to_contain_text("Turn on automatic time on the phone.")
    stated = clock.get_attribute("datetime") or ""
    assert stated[:14] == f"{now():%Y-%m-%dT%H:}" or stated.endswith("Z")
    # The owner hears of it: somebody knows the password.
    assert "wrong code" in text_of(server.mail_to(protected.person.email)).replace("\n", " ")


def test_wrong_used_and_too_old_codes_look_alike(
    page: Page, protected: Protected, server: Server
) -> None:
    """S-14: an answer never tells how near a guess was."""
    from tests.accounts.phone import code

    person, app = protected.person, protected.app
    used = app.code()
    give_password(page, person).submit(used)
    SecurityPage(page).wait_until_ready().sign_out()
    SignInPage(page).wait_until_ready()
    second = give_password(page, person)
    answers: list[str] = []
    for typed in (used, app.code_of_another(), code(app.secret, ahead_s=-120)):
        second.submit(typed)
        expect_code_refused(second.code)
        error = second.root.locator(".field-error")
        answers.append(error.inner_text())
    assert len(set(answers)) == 1


def test_five_wrong_tries_lead_back_to_the_password(page: Page, protected: Protected) -> None:
    second = give_password(page, protected.person)
    wrong = protected.app.code_of_another()
    for _ in range(5):
        expect(second.code).to_have_value("")
        second.submit(wrong)
        expect_code_refused(second.code)
    second.submit(protected.app.code())
    sign_in_page = SignInPage(page).wait_until_ready()
    expect(sign_in_page.root).to_contain_text("Please sign in again.")
    # The way in is open for who knows both.
    sign_in_page.submit(protected.person.email, protected.person.password)
    second.wait_until_ready().submit(protected.app.code())
    SecurityPage(page).wait_until_ready()


def test_ten_wrong_codes_over_two_sign_ins_have_to_wait(page: Page, protected: Protected) -> None:
    """S-49: one budget, whatever the attempt or the method."""
    person, wrong = protected.person, protected.app.code_of_another()
    for _ in range(2):
        second = give_password(page, person)
        for _ in range(5):
            second.submit(wrong)
            expect_code_refused(second.code)
    second = give_password(page, person)
    second.submit(protected.app.code())
    expect(second.alert.first).to_contain_text(re.compile(r"Too many attempts\. Try again in"))
    expect(second.countdown).to_be_visible()
    second.use_recovery_code_button.click()
    second.submit(protected.codes[0])
    expect(second.alert.first).to_contain_text("Too many attempts")


@pytest.mark.parametrize(
    "typed", ["１２３４５６", "-12345", "+123456", "1234567", "a" * 32, "🔑" * 6]
)
def test_what_is_no_code_gets_a_sentence(
    page: Page, protected: Protected, server: Server, typed: str
) -> None:
    second = give_password(page, protected.person)
    second.submit(typed)
    expect_code_refused(second.code)
    expect(second.root.locator(".field-error")).to_have_text(re.compile(r"\S"))
    assert typed not in server.log_text()


def test_an_empty_field(page: Page, protected: Protected) -> None:
    second = give_password(page, protected.person)
    second.verify_button.click()
    expect_refused(second.code, "Enter a code.")


def test_without_a_sign_in_to_finish_one_is_sent_back(page: Page) -> None:
    page.goto("/sign-in/verify")
    SignInPage(page).wait_until_ready()


def test_another_browser_cannot_finish_it(
    page: Page, second_page: Page, protected: Protected
) -> None:
    give_password(page, protected.person)
    second_page.goto("/sign-in/verify")
    SignInPage(second_page).wait_until_ready()


def test_a_reload_keeps_the_sign_in(page: Page, protected: Protected) -> None:
    second = give_password(page, protected.person)
    page.reload()
    second.wait_until_ready().submit(protected.app.code())
    SecurityPage(page).wait_until_ready()


def test_a_sign_in_too_old_is_told(page: Page, protected: Protected, server: Server) -> None:
    second = give_password(page, protected.person)
    with server.rows() as rows:
        rows.execute(
            update(Challenge)
            .where(col(Challenge.account_id) == protected.person.id)
            .values(expires_at=now())
        )
        rows.commit()
    second.submit(protected.app.code())
    sign_in_page = SignInPage(page).wait_until_ready()
    expect(sign_in_page.root).to_contain_text("That sign-in is used up or too old.")


def test_the_next_sign_in_needs_the_next_code(
    page: Page, protected: Protected, server: Server
) -> None:
    code = protected.app.code()
    give_password(page, protected.person).submit(code)
    SecurityPage(page).wait_until_ready().sign_out()
    SignInPage(page).wait_until_ready()
    second = give_password(page, protected.person)
    second.submit(code)
    expect_code_refused(second.code)
    let_code_expire(server, protected.person)
    expect(second.code).to_have_value("")
    second.submit(protected.app.code())
    SecurityPage(page).wait_until_ready()


def test_changing_the_password_asks_for_a_code(page: Page, protected: Protected) -> None:
    give_password(page, protected.person).submit(protected.codes[0])
    security = SecurityPage(page).wait_until_ready()
    dialog = security.password.open_dialog()
    code = dialog.root.get_by_label("Code", exact=True)
    expect(code).to_be_visible()
    dialog.save(current=protected.person.password, new="seven-otters-swim-8")
    expect_refused(code, "Enter a code.")
    # What was right may have to be typed again, so type all of it.
    code.fill(protected.app.code())
    dialog.save(current=protected.person.password, new="seven-otters-swim-8")
    expect(security.notices.filter(has_text="Your password was changed.")).to_have_count(1)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe(new_context: NewContext, seeds: Seeds, server: Server, theme: str, width: int) -> None:
    protected = protect(server, seeds.person())
    context = new_context(color_scheme=theme, viewport={"width": width, "height": 900})
    page = context.new_page()
    second = give_password(page, protected.person)
    expect_nothing_found(page, "code")
    expect_no_horizontal_scroll(page)
    second.submit(protected.app.code_of_another())
    expect_code_refused(second.code)
    expect_nothing_found(page, "code, refused")
    second.use_recovery_code_button.click()
    expect(second.use_app_button).to_be_visible()
    expect_nothing_found(page, "recovery code")
    page.goto("/recover")
    expect(page.locator('main[data-hydrated="true"]')).to_be_visible()
    expect_nothing_found(page, "recover")
    expect_no_horizontal_scroll(page)
