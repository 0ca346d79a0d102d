"""The Email code card, and both methods at once."""

import contextlib
import re
from collections.abc import Iterator

from playwright.sync_api import Page, expect

from security_app.db.tables import EmailMethod
from tests.e2e.expectations import expect_refused
from tests.e2e.fixtures import Enter, NewContext
from tests.e2e.journeys import sign_in
from tests.e2e.pages.authenticator_card import AuthenticatorCard, TwoFactorCard
from tests.e2e.pages.email_code_card import EmailCodeCard
from tests.e2e.pages.second_factor import SecondFactorPage
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.phone import App, protect
from tests.e2e.seeding import Seeds
from tests.e2e.two_factor import Mailbox, expect_code_refused, give_password, protect_by_mail
from tests.server import Person, Server


def is_on(server: Server, person: Person) -> bool:
    with server.rows() as rows:
        return rows.get(EmailMethod, person.id) is not None


@contextlib.contextmanager
def mail_broken(server: Server) -> Iterator[None]:
    """No mail can be written meanwhile: a file stands where its folder should be."""
    outbox, away = server.data_dir / "outbox", server.data_dir / "outbox-away"
    outbox.mkdir(exist_ok=True)
    outbox.rename(away)
    outbox.write_text("no folder")
    try:
        yield
    finally:
        outbox.unlink()
        away.rename(outbox)


def test_a_wrong_code_is_told_and_the_right_one_turns_it_on(
    enter: Enter, person: Person, server: Server
) -> None:
    page = enter(person).page
    mailbox = Mailbox(server, person)
    dialog = EmailCodeCard.on(page).begin_with(person.password)
    expect(dialog.code).to_be_focused()
    code = mailbox.next_code("Turn the e-mail code on")
    dialog.code.fill("000000" if code != "000000" else "111111")
    expect_code_refused(dialog.code)
    expect_refused(dialog.code, "That code is not right. Enter the newest one we sent.")
    assert not is_on(server, person)
    dialog.code.fill(code)
    expect(dialog.root).to_have_count(0)
    assert is_on(server, person)


def test_the_countdown_belongs_to_the_server(enter: Enter, person: Person, server: Server) -> None:
    """Neither closing nor loading anew nor a second tab gets another mail."""
    security = enter(person)
    mailbox = Mailbox(server, person)
    card = EmailCodeCard.on(security.page)
    dialog = card.begin_with(person.password)
    expect(dialog.mailed.sent).to_be_visible()
    expect(dialog.mailed.request_button).to_have_text(re.compile(r"^Request code \(\d\d s\)$"))
    expect(dialog.mailed.request_button).to_be_disabled()
    code = mailbox.next_code("Turn the e-mail code on")
    dialog.cancel_button.click()
    security.page.reload()
    security.wait_until_ready()
    dialog = card.begin_with(person.password)
    # The one that was sent still counts: nobody has to wait.
    expect(dialog.mailed.sent).to_be_visible()
    expect(dialog.mailed.request_button).to_be_disabled()
    dialog.code.fill(code)
    expect(card.disable_button).to_be_visible()


def test_request_code_sends_another_and_only_that_counts(
    enter: Enter, person: Person, server: Server
) -> None:
    security = enter(person)
    mailbox = Mailbox(server, person)
    card = EmailCodeCard.on(security.page)
    first = card.begin_with(person.password)
    old = mailbox.next_code("Turn the e-mail code on")
    first.cancel_button.click()
    mailbox.let_ask_again()
    dialog = card.begin_with(person.password)
    new = mailbox.next_code("Turn the e-mail code on")
    if new != old:
        dialog.code.fill(old)
        expect_code_refused(dialog.code)
    dialog.code.fill(new)
    expect(card.disable_button).to_be_visible()


def test_leaving_the_set_up_leaves_nothing_on(enter: Enter, person: Person, server: Server) -> None:
    security = enter(person)
    dialog = EmailCodeCard.on(security.page).begin_with(person.password)
    expect(dialog.mailed.sent).to_be_visible()
    security.page.keyboard.press("Escape")
    expect(dialog.root).to_have_count(0)
    assert not is_on(server, person)
    expect(TwoFactorCard.on(security.page).badge_off).to_be_visible()


def test_every_open_page_follows(enter: Enter, person: Person, server: Server) -> None:
    here, there = enter(person), enter(person)
    mailbox = Mailbox(server, person)
    dialog = EmailCodeCard.on(here.page).begin_with(person.password)
    dialog.code.fill(mailbox.next_code("Turn the e-mail code on"))
    expect(EmailCodeCard.on(there.page).disable_button).to_be_visible()
    expect(TwoFactorCard.on(there.page).badge_on).to_be_visible()
    notice = there.notices.filter(has_text="The e-mail code was turned on on Chrome on Windows.")
    expect(notice).to_have_count(1)


def test_an_unconfirmed_address_gets_no_codes(enter: Enter, seeds: Seeds) -> None:
    card = EmailCodeCard.on(enter(seeds.person(is_confirmed=False)).page)
    expect(card.root).to_contain_text("Confirm your e-mail address first")
    expect(card.enable_button).to_have_count(0)


def test_with_both_on_the_sign_in_lets_one_pick(page: Page, person: Person, server: Server) -> None:
    app = protect(server, person).app
    protect_by_mail(server, person)
    mailbox = Mailbox(server, person)
    second = give_password(page, person)
    # The app was used last, or nothing yet: no mail goes out unasked.
    expect(second.root).to_contain_text("Enter the code from your authenticator app.")
    expect(second.root).to_contain_text("works offline and is safer")
    second.use_email_button.click()
    expect(second.mailed.sent).to_be_visible()
    second.submit(mailbox.next_code("Sign-in"))
    security = SecurityPage(page).wait_until_ready()
    expect(security.sign_ins.rows.first).to_contain_text("e-mail code")
    security.sign_out()

    # The method used last is preselected, and its code is on its way already.
    mailbox.let_ask_again()
    second = give_password(page, person)
    expect(second.mailed.sent).to_be_visible()
    second.use_app_button.click()
    second.submit(app.code())
    SecurityPage(page).wait_until_ready()


def test_adding_the_other_method_needs_a_code_of_the_first(
    enter: Enter, person: Person, server: Server
) -> None:
    protect_by_mail(server, person)
    mailbox = Mailbox(server, person)
    page = enter(person).page
    step_up = AuthenticatorCard.on(page).begin()
    expect(step_up.password).to_have_count(0)
    expect(step_up.mailed.sent).to_be_visible()
    step_up.submit(code=mailbox.next_code("Turn the authenticator app on"))
    wizard = AuthenticatorCard.on(page).wizard
    wizard.enter(App("", "", wizard.read_secret()).code())
    expect(wizard.step(4)).to_be_visible()


def test_changing_the_password_takes_a_mailed_code(
    enter: Enter, person: Person, server: Server
) -> None:
    protect_by_mail(server, person)
    mailbox = Mailbox(server, person)
    security = enter(person)
    dialog = security.password.open_dialog()
    code = dialog.root.get_by_label("Code", exact=True)
    code.fill(mailbox.next_code("Change password"))
    dialog.save(current=person.password, new="nine herons land at 8")
    expect(security.notices.filter(has_text="Your password was changed.")).to_have_count(1)


def test_mail_that_cannot_be_sent_is_said_and_costs_nothing(
    new_context: NewContext, seeds: Seeds, server: Server
) -> None:
    """S-23: nothing half on, no wait, and the same dialog goes on once mail works again."""
    person = seeds.person()
    page = new_context().new_page()
    sign_in(page, person)
    with mail_broken(server):
        dialog = EmailCodeCard.on(page).begin_with(person.password)
        expect(dialog.code).to_have_accessible_description(re.compile("could not send the code"))
        expect(dialog.mailed.not_sent).to_be_visible()
        expect(dialog.mailed.request_button).to_be_enabled()
    mailbox = Mailbox(server, person)
    dialog.mailed.request_button.click()
    dialog.code.fill(mailbox.next_code("Turn the e-mail code on"))
    expect(EmailCodeCard.on(page).disable_button).to_be_visible()


def test_a_sign_in_whose_code_could_not_be_sent_can_ask_for_it(
    page: Page, person: Person, server: Server
) -> None:
    protect_by_mail(server, person)
    with mail_broken(server):
        SignInPage(page).open().submit(person.email, person.password)
        second = SecondFactorPage(page).wait_until_ready()
        expect(second.mailed.not_sent).to_be_visible()
    mailbox = Mailbox(server, person)
    second.mailed.request_button.click()
    second.submit(mailbox.next_code("Sign-in"))
    SecurityPage(page).wait_until_ready()
