"""Where the session's value must not be: anywhere a script, a log or a neighbour could read it."""

import hashlib

from playwright.sync_api import Page, expect

from tests.e2e.expectations import expect_refused
from tests.e2e.journeys import sign_in
from tests.e2e.pages.activity_page import ActivityPage
from tests.e2e.watch import Watch
from tests.server import Person, Server

NEW_PASSWORD = "seven-otters-swim-8"
_STORAGE = "storage => JSON.stringify(Object.entries(window[storage]))"


def cookie_values(page: Page) -> dict[str, str]:
    cookies = page.context.cookies()
    return {str(cookie.get("name")): str(cookie.get("value")) for cookie in cookies}


def test_the_cookies_are_out_of_reach_for_scripts(page: Page, person: Person) -> None:
    """S-37."""
    sign_in(page, person)
    cookies = {cookie.get("name"): cookie for cookie in page.context.cookies()}
    assert set(cookies) == {"session", "browser"}
    for cookie in cookies.values():
        assert cookie.get("httpOnly") is True
        assert cookie.get("sameSite") == "Lax"
        assert cookie.get("path") == "/"
    assert page.evaluate("() => document.cookie") == ""


def test_no_value_leaves_the_cookie_jar(
    page: Page, person: Person, watch: Watch, server: Server
) -> None:
    """S-37, over a tour that signs in, changes the password and signs out."""
    security = sign_in(page, person)
    values = cookie_values(page)
    security.sessions.current.rename("Desk")
    expect(security.sessions.row("Desk").root).to_be_visible()
    security.password.open_dialog().save(current=person.password, new=NEW_PASSWORD)
    expect(security.notices).to_have_count(1)
    renewed = cookie_values(page)
    assert renewed["session"] != values["session"]
    ActivityPage(page).open()
    storages = [page.evaluate(_STORAGE, name) for name in ("localStorage", "sessionStorage")]
    documents = [page.content()]
    security.open().sign_out()

    assert watch.frames
    everywhere = "\n".join([*watch.frames, *watch.urls, *storages, *documents, server.log_text()])
    for value in {*values.values(), *renewed.values()}:
        assert value not in everywhere
        assert hashlib.sha256(value.encode()).hexdigest() not in everywhere


def test_no_password_comes_back_and_no_ticket_is_in_a_url(
    page: Page, person: Person, watch: Watch, server: Server
) -> None:
    """S-36, S-37: a password goes out once, with its form."""
    security = sign_in(page, person)
    dialog = security.password.open_dialog()
    dialog.save(current="wrong-passphrase-1", new=NEW_PASSWORD)
    expect_refused(dialog.current_password, "That is not your")
    dialog.save(current=person.password, new=NEW_PASSWORD)
    expect(security.notices).to_have_count(1)
    for text in (person.password, NEW_PASSWORD, "wrong-passphrase-1"):
        assert text not in "\n".join(watch.urls)
        assert text not in server.log_text()
        assert text not in page.content()
        storages = [page.evaluate(_STORAGE, name) for name in ("localStorage", "sessionStorage")]
        assert text not in "\n".join(storages)
    assert not [url for url in watch.urls if "ticket=" in url]
    received = [frame for frame in watch.frames if '"delta"' in frame]
    assert received
    assert not [frame for frame in received if NEW_PASSWORD in frame or person.password in frame]
