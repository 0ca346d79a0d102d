"""What the Content-Security-Policy forbids, tried in a browser (S-80)."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.fixtures import Enter
from tests.e2e.pages.sign_in_page import SignInPage
from tests.e2e.watch import Watch
from tests.server import Person, Server

REFUSED = "Content Security Policy"


@pytest.mark.parametrize("path", ["/sign-in", "/settings/personal/security", "/nowhere"])
def test_every_page_carries_a_strict_policy(page: Page, watch: Watch, path: str) -> None:
    watch.expect_complaint("404")
    answer = page.goto(path)
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "unsafe" not in scripts
    for directive in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert directive in policy


def test_an_injected_script_does_not_run(enter: Enter, person: Person, watch: Watch) -> None:
    watch.expect_complaint(REFUSED)
    page = enter(person).page
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.injected = 1";
            document.body.append(script);
            const image = document.createElement("div");
            image.innerHTML = '<img src="x:" onerror="window.injected = 2">';
            document.body.append(image);
        }"""
    )
    page.evaluate(
        """() => new Promise(resolve => {
            setTimeout("window.injected = 3", 0);
            setTimeout(resolve, 100);
        })"""
    )
    assert page.evaluate("() => window.injected") is None
    refused = [complaint for complaint in watch.complaints if REFUSED in complaint]
    assert len(refused) >= 3


def test_nothing_can_be_fetched_from_or_sent_to_another_site(
    enter: Enter, person: Person, watch: Watch
) -> None:
    watch.expect_complaint(f"{REFUSED}|Failed to fetch|third party")
    page = enter(person).page
    outcome = page.evaluate(
        """() => fetch("http://localhost:9/").then(() => "fetched", error => error.name)"""
    )
    assert outcome == "TypeError"
    assert any(REFUSED in complaint for complaint in watch.complaints)


def test_no_site_can_frame_a_page(page: Page, person: Person, server: Server, watch: Watch) -> None:
    watch.expect_complaint(f"{REFUSED}|third party|frame|ERR_BLOCKED")

    def other_site(route: Route) -> None:
        route.fulfill(
            content_type="text/html",
            body=f'<h1>Other site</h1><iframe src="{server.base_url}/sign-in"></iframe>',
        )

    page.route("http://other.example/", other_site)
    page.goto("http://other.example/")
    expect(page.get_by_role("heading", name="Other site")).to_be_visible()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Sign in")).to_have_count(0)
    expect(frame.locator("main")).to_have_count(0)


def test_a_full_tour_leaves_the_console_clean(enter: Enter, person: Person, watch: Watch) -> None:
    security = enter(person)
    security.colour_mode.choose("Dark")
    dialog = security.password.open_dialog()
    dialog.new_password.fill("seven-otters")
    dialog.cancel_button.click()
    security.sessions.current.rename("Desk")
    security.navigation.get_by_role("link", name="Activity").click()
    expect(security.page.get_by_role("heading", name="Security log")).to_be_visible()
    security.page.goto("/settings/account/security")
    security.wait_until_ready().sign_out()
    SignInPage(security.page).wait_until_ready().forgot_password.click()
    expect(security.page.get_by_role("heading", name="Forgot password?")).to_be_visible()
    assert watch.unexpected() == []
