"""The PIN card and the PIN prompt: set, change, remove, wrong, locked, disabled."""

import re

import pytest
from playwright.sync_api import expect

from security_app.clock import now
from security_app.db.tables import Account, Pin
from tests.accounts.keypad import PIN, stored_pin
from tests.e2e.expectations import expect_no_horizontal_scroll, expect_nothing_of, expect_refused
from tests.e2e.fixtures import Enter
from tests.e2e.pages.pin_card import PinCard
from tests.e2e.pages.profile_page import ProfilePage
from tests.e2e.phone import protect
from tests.e2e.test_accessibility import expect_nothing_found
from tests.e2e.two_factor import Mailbox, mail_saying, protect_by_mail
from tests.server import Person, Server

NEW_PIN = "961738"


def give_pin(server: Server, person: Person, *, failures: int = 0) -> None:
    """Let somebody have the PIN, straight in the database."""
    with server.rows() as rows:
        rows.add(
            Pin(
                account_id=person.id,
                pin_hash=stored_pin(PIN),
                set_at=now(),
                failures=failures,
            )
        )
        rows.commit()


def test_set_changed_and_removed_and_every_page_follows(
    enter: Enter, person: Person, server: Server
) -> None:
    security, elsewhere = enter(person), enter(person)
    card, other = PinCard.on(security.page), PinCard.on(elsewhere.page)
    expect(card.root).to_contain_text("No PIN. Irreversible actions ask you to type")
    expect(card.root).to_contain_text("no second factor")
    dialog = card.begin()
    expect(dialog.new_pin).to_be_focused()
    dialog.save(PIN, person.password)
    expect(dialog.root).to_have_count(0)
    expect(card.change_button).to_be_focused()
    for each in (card, other):
        expect(each.root).to_contain_text("Set just now")
    mail_saying(server, person, "PIN")

    card.change().save(NEW_PIN, person.password)
    expect(security.notices.filter(has_text="Your PIN is changed")).to_have_count(1)
    expect(elsewhere.notices.filter(has_text="Your PIN was changed")).to_have_count(1)
    step_up = card.remove()
    expect(step_up.root).to_contain_text("typed confirmation")
    step_up.submit(password=person.password, button="Remove PIN")
    for each in (card, other):
        expect(each.set_button).to_be_visible()
        expect(each.remove_button).to_have_count(0)
    expect(card.root).to_be_focused()
    expect_nothing_of(security.page, PIN, NEW_PIN)


def test_refusals_stand_beside_their_field(enter: Enter, person: Person) -> None:
    card = PinCard.on(enter(person).page)
    dialog = card.begin()
    dialog.save("123", person.password)
    expect_refused(dialog.new_pin, "A PIN has 4 to 6 digits.")
    dialog.save("1234", person.password)
    expect_refused(dialog.new_pin, "The digits stand in a row. Choose a PIN that is harder")
    dialog.save("1987", person.password)
    expect_refused(dialog.new_pin, "It looks like a year.")
    # Both PINs are typed anew, the password is not.
    expect(dialog.repeat_pin).to_have_value("")
    expect(dialog.current_password).to_have_value(person.password)
    dialog.save(PIN, person.password, repeat=NEW_PIN)
    expect_refused(dialog.repeat_pin, "The two PINs are not the same.")
    dialog.save(PIN, "wrong-passphrase-1")
    expect_refused(dialog.current_password, "That is not your password.")
    card.root.page.keyboard.press("Escape")
    expect(card.set_button).to_be_focused()
    expect(card.remove_button).to_have_count(0)


def test_with_a_second_factor_its_code_is_asked_too(
    enter: Enter, person: Person, server: Server
) -> None:
    protected = protect(server, person)
    card = PinCard.on(enter(person).page)
    dialog = card.begin()
    dialog.save(PIN, person.password)
    expect_refused(dialog.code, "Enter a code.")
    dialog.save(PIN, person.password, code=protected.app.code())
    expect(card.change_button).to_be_visible()


def test_a_code_by_mail_is_sent_as_the_dialog_opens(
    enter: Enter, person: Person, server: Server
) -> None:
    protect_by_mail(server, person)
    mailbox = Mailbox(server, person)
    card = PinCard.on(enter(person).page)
    dialog = card.begin()
    dialog.save(PIN, person.password, code=mailbox.next_code("Set or change the PIN"))
    expect(card.change_button).to_be_visible()


def test_wrong_pins_lock_it_on_every_open_page(
    enter: Enter, person: Person, server: Server
) -> None:
    give_pin(server, person, failures=3)
    profile = ProfilePage.on(enter(person).page)
    elsewhere = enter(person)
    profile.deletion.delete_button.click()
    prompt = profile.deletion.step_up
    expect(prompt.root).to_contain_text("Enter your password and your PIN.")
    prompt.submit(password=person.password, pin="7391")
    expect_refused(prompt.pin, "That is not your PIN. You have 1 more try")
    expect(prompt.pin).to_have_value("")
    # By Enter alone: the password is still there.
    prompt.pin.press_sequentially("7392")
    prompt.pin.press("Enter")
    expect_refused(prompt.pin, "Too many wrong PINs in a row.")
    running = re.compile(r"again in (15 min|14 min \d+ s)\.")
    expect(prompt.countdown).to_have_text(running)
    card = PinCard.on(elsewhere.page)
    expect(card.countdown).to_have_text(running)
    expect(elsewhere.notices.filter(has_text="Your PIN was locked")).to_have_count(1)
    prompt.submit(pin=PIN)
    expect_refused(prompt.pin, "Too many wrong PINs in a row.")

    # The server's clock counts: a reload begins no new quarter of an hour.
    server.change(Pin, person.id, locked_until=now())
    profile.open().deletion.delete_button.click()
    expect(prompt.pin).to_be_visible()
    expect(prompt.countdown).to_have_count(0)
    prompt.submit(password=person.password, pin=PIN)
    expect(profile.page.get_by_label("Your e-mail address")).to_be_focused()


def test_a_disabled_pin_says_what_helps(enter: Enter, person: Person, server: Server) -> None:
    give_pin(server, person, failures=10)
    profile = ProfilePage.on(enter(person).page)
    profile.deletion.delete_button.click()
    prompt = profile.deletion.step_up
    expect(prompt.root).to_contain_text("Your PIN is disabled after ten wrong ones")
    expect(prompt.button("Continue")).to_have_count(0)
    prompt.root.get_by_role("link", name="Set a new one").click()
    card = PinCard.on(profile.page)
    expect(card.root).to_contain_text("Disabled after ten wrong PINs")
    card.change().save(NEW_PIN, person.password)
    expect(card.root).to_contain_text("Set just now")


def test_deleting_the_account_asks_for_the_pin(
    enter: Enter, person: Person, server: Server
) -> None:
    give_pin(server, person)
    profile = ProfilePage.on(enter(person).page)
    profile.deletion.delete_button.click()
    profile.deletion.step_up.submit(password=person.password, pin="")
    expect_refused(profile.deletion.step_up.pin, "Enter your PIN.")
    profile.deletion.step_up.submit(pin=PIN)
    confirmation = profile.page.get_by_label("Your e-mail address")
    confirmation.fill(person.email)
    confirmation.press("Enter")
    profile.page.wait_for_url("**/sign-in?notice=account_deleted")
    with server.rows() as rows:
        assert rows.get(Account, person.id) is None
        assert rows.get(Pin, person.id) is None


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_axe_in_every_state(
    enter: Enter, person: Person, server: Server, theme: str, width: int
) -> None:
    security = enter(person, color_scheme=theme, viewport={"width": width, "height": 900})
    page = security.page
    card = PinCard.on(page)
    dialog = card.begin()
    dialog.save("1234", person.password)
    expect_refused(dialog.new_pin, "in a row")
    expect_nothing_found(page, "set, refused")
    expect_no_horizontal_scroll(page)
    page.keyboard.press("Escape")
    give_pin(server, person, failures=4)
    profile = ProfilePage.on(page)
    profile.deletion.delete_button.click()
    prompt = profile.deletion.step_up
    prompt.submit(password=person.password, pin="7391")
    expect(prompt.countdown).to_be_visible()
    expect_nothing_found(page, "prompt, locked")
    expect_no_horizontal_scroll(page)
    security.open()
    expect(card.countdown).to_be_visible()
    expect_nothing_found(page, "card, locked")
    server.change(Pin, person.id, failures=10)
    security.open()
    expect(card.root).to_contain_text("Disabled")
    expect_nothing_found(page, "card, disabled")
