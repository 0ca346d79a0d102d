"""The API keys page: a key's whole life, on every open page, and by the keyboard."""

import httpx
import pytest
from playwright.sync_api import expect

from security_app.accounts import hashing
from security_app.clock import now
from security_app.db.tables import Pin
from tests.e2e.expectations import (
    expect_no_horizontal_scroll,
    expect_nothing_of,
    expect_refused,
    shown_in_steps,
)
from tests.e2e.fixtures import Enter
from tests.e2e.pages.api_keys_page import ApiKeysPage
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.seeding import Seeds
from tests.e2e.test_accessibility import Theme, expect_nothing_found
from tests.e2e.two_factor import mail_saying, turn_on
from tests.server import Person, Server


@pytest.fixture
def page(enter: Enter, person: Person) -> ApiKeysPage:
    return ApiKeysPage(enter(person).page).open()


def status_of(server: Server, key: str) -> int:
    """What a program with the key is answered."""
    address = f"http://127.0.0.1:{server.port}/api/v1/me"
    return httpx.get(address, headers={"Authorization": f"Bearer {key}"}).status_code


def set_pin(server: Server, person: Person) -> None:
    """Give somebody the PIN 2580, straight in the database."""
    with server.rows() as rows:
        rows.add(Pin(account_id=person.id, pin_hash=hashing._hash("2580", "pin"), set_at=now()))
        rows.commit()


def test_a_key_is_made_shown_once_used_and_revoked(
    page: ApiKeysPage, enter: Enter, person: Person, server: Server
) -> None:
    elsewhere = ApiKeysPage(enter(person).page).open()
    expect(page.keys.root).to_contain_text('curl -H "Authorization: Bearer $API_KEY"')
    page.keys.create_button.click()
    dialog = page.keys.new_key
    expect(dialog.name).to_be_focused()
    expect(dialog.life("90 days")).to_be_checked()
    dialog.create("<b>Nightly</b> backup", person.password, scopes=("account:read",))
    shown = page.keys.shown_key
    key = shown.key.inner_text()
    # Neither Escape nor a press beside the dialog throws it away.
    page.page.keyboard.press("Escape")
    page.page.mouse.click(5, 5)
    expect(shown.key).to_have_text(key)
    shown.done_button.click()
    expect(shown.root).to_have_count(0)
    expect(page.keys.create_button).to_be_focused()
    expect_nothing_of(page.page, key)
    for each in (page, elsewhere):
        row = each.keys.row("<b>Nightly</b> backup")
        expect(row.root).to_contain_text(f"{key[:9]}…{key[-4:]}")
        expect(row.root).to_contain_text("Never used")
    expect(elsewhere.notices).to_have_text(["An API key was made on Chrome on Windows."])
    assert status_of(server, key) == 200
    page.open()
    expect(page.keys.row("Nightly").root).to_contain_text("Last used just now")
    expect_nothing_of(page.page, key)

    page.keys.row("Nightly").revoke_button.click()
    prompt = page.keys.revoking
    prompt.confirm(typed="nightly")
    expect_refused(prompt.confirmation, "Type <b>Nightly</b> backup to confirm.")
    prompt.confirm(typed="<b>Nightly</b> backup")
    expect(prompt.root).to_have_count(0)
    for each in (page, elsewhere):
        expect(each.keys.rows).to_have_count(0)
        expect(each.keys.root).to_contain_text("No API keys")
    assert status_of(server, key) == 401
    assert key[:9] in mail_saying(server, person, "was revoked")


def test_what_is_missing_is_said_beside_its_field_and_nothing_typed_is_lost(
    page: ApiKeysPage, person: Person
) -> None:
    page.keys.create_button.click()
    dialog = page.keys.new_key
    dialog.create_button.click()
    expect_refused(dialog.name, "Give the key a name.")
    dialog.name.fill("n" * 61)
    dialog.create_button.click()
    expect_refused(dialog.name, "A name has at most 60 characters.")
    dialog.name.fill("Backup")
    dialog.life("7 days").check()
    dialog.create_button.click()
    expect_refused(dialog.scope("account:read"), "Choose what the key may do.")
    dialog.scope("account:write").check()
    dialog.create_button.click()
    expect_refused(dialog.password, "Enter your password.")
    dialog.password.fill("not my password")
    dialog.create_button.click()
    expect_refused(dialog.password, "That is not your password.")
    expect(dialog.name).to_have_value("Backup")
    expect(dialog.scope("account:write")).to_be_checked()
    expect(dialog.life("7 days")).to_be_checked()
    expect(dialog.password).to_have_value("")
    page.page.keyboard.press("Escape")
    expect(dialog.root).to_have_count(0)
    expect(page.keys.create_button).to_be_focused()


def test_a_key_is_replaced_and_the_owner_chooses_how_the_old_one_ends(
    page: ApiKeysPage, person: Person, server: Server
) -> None:
    first = page.keys.make("Backup", person.password)
    page.keys.row("Backup").rotate_button.click()
    expect(page.keys.rotation.old_key("Works for 24 hours more")).to_be_checked()
    page.keys.rotation.rotate(person.password)
    second = page.keys.shown_key.take()
    replaced = page.keys.row("Replaced")
    expect(replaced.root).to_contain_text("Stops working in")
    expect(replaced.rotate_button).to_have_count(0)
    assert [status_of(server, key) for key in (first, second)] == [200, 200]

    page.keys.row(second[-4:]).rotate_button.click()
    page.keys.rotation.old_key("Stops working at once").check()
    page.keys.rotation.rotate(person.password)
    third = page.keys.shown_key.take()
    expect(page.keys.rows).to_have_count(2)
    assert [status_of(server, key) for key in (first, second, third)] == [200, 401, 200]

    page.keys.revoke_all_button.click()
    page.keys.revoking_all.confirm(typed="revoke all")
    expect(page.notices).to_have_text(["2 API keys are revoked. They work no more."])
    assert [status_of(server, key) for key in (first, third)] == [401, 401]


def test_with_a_pin_revoking_asks_for_it(page: ApiKeysPage, person: Person, server: Server) -> None:
    set_pin(server, person)
    key = page.keys.make("Backup", person.password)
    page.keys.row("Backup").revoke_button.click()
    prompt = page.keys.revoking
    expect(prompt.pin).to_be_focused()
    prompt.confirm(pin="2581")
    expect_refused(prompt.pin, "That is not your PIN. You have 4 more tries before it is locked.")
    assert status_of(server, key) == 200
    prompt.confirm(pin="2580")
    expect(prompt.root).to_have_count(0)
    expect(page.keys.rows).to_have_count(0)
    assert status_of(server, key) == 401


def test_many_keys_hide_none_that_works(page: ApiKeysPage, person: Person, seeds: Seeds) -> None:
    seeds.api_keys(person, working=1, expired=104)
    page.page.reload()
    page.wait_until_ready()
    steps = shown_in_steps(page.keys.rows, page.keys.show_more_button)
    assert steps == [20, 40, 60, 80, 100, 105]
    expect(page.keys.rows.last).to_contain_text("Working 1")


def test_keys_outlive_second_factor_and_password_and_the_owner_is_told(
    page: ApiKeysPage, person: Person, server: Server
) -> None:
    """S-72."""
    key = page.keys.make("Backup", person.password)
    security = SecurityPage(page.page).open()
    protected = turn_on(security.page, person)
    assert status_of(server, key) == 200
    assert "1 still works" in mail_saying(server, person, "The authenticator app was turned on")
    page.open()
    page.keys.create_button.click()
    expect(page.keys.new_key.code).to_be_visible()
    page.keys.new_key.create("Second", person.password, code=protected.codes[0])
    page.keys.shown_key.take()
    changing = security.open().password.open_dialog()
    changing.root.get_by_label("Code", exact=True).fill(protected.codes[1])
    changing.save(current=person.password, new="nine-loud-magpies-42")
    expect(security.notices).to_contain_text(["2 API keys still work."])
    security.notices.get_by_role("link", name="API keys").click()
    page.wait_until_ready()
    expect(page.keys.rows).to_have_count(2)
    assert status_of(server, key) == 200


def test_an_address_nobody_confirmed_is_confirmed_first(enter: Enter, seeds: Seeds) -> None:
    person = seeds.person(is_confirmed=False)
    page = ApiKeysPage(enter(person).page).open()
    expect(page.keys.confirm_again_button).to_be_visible()
    expect(page.keys.create_button).to_have_count(0)


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 320)])
def test_page_and_dialogs_are_accessible_and_fit(
    enter: Enter, person: Person, theme: Theme, width: int
) -> None:
    security = enter(person, color_scheme=theme, viewport={"width": width, "height": 800})
    page = ApiKeysPage(security.page).open()

    def check(what: str) -> None:
        expect_nothing_found(page.page, what)
        expect_no_horizontal_scroll(page.page)

    expect(page.keys.create_button).to_be_visible()
    check("no keys")
    page.keys.create_button.click()
    expect(page.keys.new_key.name).to_be_focused()
    check("create")
    page.keys.new_key.create_button.click()
    expect_refused(page.keys.new_key.name, "Give the key a name.")
    check("create, refused")
    every = ("account:read", "account:write", "organization:read", "organization:write")
    page.keys.new_key.create("W" * 60, person.password, scopes=every)
    expect(page.keys.shown_key.key).to_be_visible()
    check("the key")
    page.keys.shown_key.take()
    expect(page.keys.rows).to_have_count(1)
    check("a key")
    page.keys.row("WWW").rotate_button.click()
    expect(page.keys.rotation.password).to_be_visible()
    check("rotate")
    page.page.keyboard.press("Escape")
    page.keys.row("WWW").revoke_button.click()
    expect(page.keys.revoking.confirmation).to_be_focused()
    check("revoke")
