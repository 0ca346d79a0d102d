"""The last step of set-up: recovery codes are kept, in one way or another, before Done."""

import re
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Dialog, Page, expect

from tests.e2e.fixtures import Enter
from tests.e2e.pages.authenticator_card import AuthenticatorCard
from tests.e2e.pages.enable_authenticator import EnableAuthenticator
from tests.e2e.pages.security_page import SecurityPage
from tests.e2e.phone import App
from tests.e2e.two_factor import mail_saying
from tests.e2e.watch import Watch
from tests.server import Person, Server

_CODE = re.compile(r"([A-Z2-7]{4}-){3}[A-Z2-7]{4}")


def last_step(page: Page, person: Person) -> EnableAuthenticator:
    """Turn the app on up to where the codes are shown."""
    wizard = AuthenticatorCard.on(page).begin_with(person.password)
    wizard.enter(App("", "", wizard.read_secret()).code())
    expect(wizard.step(4)).to_be_visible()
    return wizard


def today() -> datetime:
    return datetime.now(UTC)


def test_done_waits_until_the_codes_are_saved(enter: Enter, person: Person) -> None:
    wizard = last_step(enter(person).page, person)
    kit = wizard.kit
    codes = kit.codes()
    assert len(set(codes)) == 10
    assert all(_CODE.fullmatch(code) for code in codes)
    expect(kit.saved_checkbox).not_to_be_checked()
    expect(kit.done_button).to_be_disabled()
    kit.saved_checkbox.click()
    expect(kit.done_button).to_be_enabled()
    kit.saved_checkbox.click()
    expect(kit.done_button).to_be_disabled()
    # The label is part of the target.
    wizard.root.get_by_text("I've saved these codes").click()
    expect(kit.saved_checkbox).to_be_checked()
    kit.done_button.click()
    expect(wizard.root).to_have_count(0)


def test_the_file_says_what_the_screen_says(enter: Enter, person: Person, tmp_path: Path) -> None:
    wizard = last_step(enter(person).page, person)
    codes = wizard.kit.codes()
    heading = wizard.kit.heading.inner_text()
    download = wizard.kit.download()
    assert download.suggested_filename == (
        f"Security-Centre-{person.email}-{today():%Y-%m-%d}-recovery-codes.txt"
    )
    download.save_as(tmp_path / "codes.txt")
    text = (tmp_path / "codes.txt").read_text(encoding="utf-8")
    assert _CODE.sub("", text).count("-" * 3) == 0
    assert [found.group() for found in _CODE.finditer(text)] == codes
    assert heading == f"Kit 1, made {today().day} {today():%B %Y}"
    assert heading in text
    assert person.email in text
    assert "Security Centre" in text
    for advice in ("works once", "password manager", "paper", "Never share"):
        assert advice in text
    # The box ticks itself.
    expect(wizard.kit.saved_checkbox).to_be_checked()
    expect(wizard.kit.done_button).to_be_enabled()


def test_copy_fills_the_clipboard_and_ticks_the_box(enter: Enter, person: Person) -> None:
    page = enter(person, permissions=["clipboard-read", "clipboard-write"]).page
    wizard = last_step(page, person)
    codes = wizard.kit.codes()
    expect(wizard.kit.done_button).to_be_disabled()
    wizard.kit.copy_button.click()
    expect(wizard.root.get_by_text("Copied")).to_be_visible()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert [found.group() for found in _CODE.finditer(copied)] == codes
    expect(wizard.kit.saved_checkbox).to_be_checked()
    expect(wizard.kit.done_button).to_be_enabled()


def test_a_refused_clipboard_does_not_count_as_saved(
    enter: Enter, person: Person, watch: Watch
) -> None:
    watch.expect_complaint("lipboard")
    page = enter(person).page
    wizard = last_step(page, person)
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    wizard.kit.copy_button.click()
    expect(wizard.root.get_by_text("Select and copy by hand")).to_be_visible()
    expect(wizard.kit.saved_checkbox).not_to_be_checked()
    expect(wizard.kit.done_button).to_be_disabled()


def test_email_to_me_sends_the_codes(enter: Enter, person: Person, server: Server) -> None:
    wizard = last_step(enter(person).page, person)
    expect(wizard.root).to_contain_text("E-mail is less safe")
    codes = wizard.kit.codes()
    wizard.kit.mail_button.click()
    expect(wizard.kit.saved_checkbox).to_be_checked()
    text = mail_saying(server, person, codes[0])
    assert [found.group() for found in _CODE.finditer(text)] == codes
    assert "kit 1" in text


def test_leaving_before_they_are_saved_warns(enter: Enter, person: Person) -> None:
    page = enter(person).page
    wizard = last_step(page, person)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.evaluate("() => setTimeout(() => location.reload())")
    expect(wizard.kit.items).to_have_count(10)
    page.wait_for_function("() => true")
    expect_asked(page, asked)
    expect(wizard.kit.items).to_have_count(10)
    page.remove_listener("dialog", stay)

    wizard.kit.download()
    expect(wizard.kit.done_button).to_be_enabled()
    asked.clear()
    page.on("dialog", stay)
    page.reload()
    SecurityPage(page).wait_until_ready()
    assert asked == []


def expect_asked(page: Page, asked: list[str]) -> None:
    """Give the browser its turn until it has asked."""
    for _ in range(50):
        if asked:
            break
        page.wait_for_timeout(100)
    assert asked == ["beforeunload"]
