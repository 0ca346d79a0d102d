"""Take the pictures of the docs anew: `make screenshots`.

Starts the product in demo mode with a database of its own and visits the pages
as the tests do. Window sizes, browser name, language, time zone and the
browser's clock are fixed, so that a picture changes when the product does.
"""

import datetime as dt
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from security_app.web.entry.demo_accounts import DEMO_PASSWORD  # noqa: E402
from tests.e2e.pages.activity_page import ActivityPage  # noqa: E402 - needs the path set above
from tests.e2e.pages.api_keys_page import ApiKeysPage  # noqa: E402
from tests.e2e.pages.email_code_card import EmailCodeCard  # noqa: E402
from tests.e2e.pages.profile_page import ProfilePage  # noqa: E402
from tests.e2e.pages.security_page import SecurityPage  # noqa: E402
from tests.e2e.pages.sign_in_page import SignInPage  # noqa: E402
from tests.e2e.pages.step_up_dialog import StepUpDialog  # noqa: E402
from tests.e2e.pages.workspace_page import WorkspacePage  # noqa: E402
from tests.e2e.seeding import DESKTOP  # noqa: E402
from tests.install_browser import REMEMBERED  # noqa: E402
from tests.server import Server  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
PERSON = "fresh@demo.test"
OWNER = "owner@demo.test"
DESK: ViewportSize = {"width": 1120, "height": 840}
PHONE: ViewportSize = {"width": 390, "height": 844}

Theme = Literal["light", "dark"]


@contextmanager
def window(
    browser: Browser, server: Server, *, theme: Theme = "light", viewport: ViewportSize = DESK
) -> Iterator[BrowserContext]:
    """Open a browser that looks the same everywhere.

    Args:
        browser: the running browser.
        server: the product.
        theme: what the system prefers.
        viewport: size in CSS pixels.

    Yields:
        A browser without cookies.
    """
    context = browser.new_context(
        base_url=server.base_url,
        viewport=viewport,
        color_scheme=theme,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="UTC",
        user_agent=DESKTOP,
    )
    context.clock.set_fixed_time(dt.datetime.now(dt.UTC))
    yield context
    context.close()


def take(page: Page, name: str) -> None:
    """Keep what is on screen as a PNG.

    Args:
        page: what to picture.
        name: file name without its ending.
    """
    path = FOLDER / f"{name}.png"
    page.mouse.move(0, 0)
    page.screenshot(path=path, animations="disabled", caret="hide")
    print(f"docs/screenshots/{name}.png {path.stat().st_size // 1024} KB")


def security_page(context: BrowserContext) -> SecurityPage:
    """Open the Security page and wait for its lists."""
    security = SecurityPage(context.new_page()).open()
    expect(security.sessions.current.root).to_be_visible()
    return security


def take_all(browser: Browser, server: Server) -> None:
    """Take every picture.

    Args:
        browser: the running browser.
        server: the product in demo mode.
    """
    with window(browser, server) as context:
        sign_in = SignInPage(context.new_page()).open()
        sign_in.fill_demo_account(PERSON)
        expect(sign_in.email).to_have_value(PERSON)
        take(sign_in.page, "sign-in")
        sign_in.submit_button.click()
        SecurityPage(sign_in.page).wait_until_ready()
        cookies = context.cookies()

    with window(browser, server) as context:
        sign_in = SignInPage(context.new_page()).open()
        sign_in.fill_demo_account(OWNER)
        expect(sign_in.email).to_have_value(OWNER)
        sign_in.submit_button.click()
        SecurityPage(sign_in.page).wait_until_ready()
        cookies_of_owner = context.cookies()

    def signed_in(
        name: str,
        act: Callable[[SecurityPage], object],
        *,
        theme: Theme = "light",
        viewport: ViewportSize = DESK,
        is_owner: bool = False,
    ) -> None:
        with window(browser, server, theme=theme, viewport=viewport) as context:
            context.add_cookies(cookies_of_owner if is_owner else cookies)  # pyright: ignore[reportArgumentType]
            security = security_page(context)
            act(security)
            take(security.page, name)

    signed_in("security-light", lambda security: security)
    signed_in("security-dark", lambda security: security, theme="dark")
    signed_in("security-phone", lambda security: security, viewport=PHONE)
    signed_in("change-password", type_new_password)
    signed_in("email-code", ask_for_a_code)
    signed_in("profile", lambda security: ProfilePage(security.page).open())
    signed_in("activity", lambda security: ActivityPage(security.page).open())
    signed_in("workspace", lambda security: WorkspacePage(security.page).open(), is_owner=True)
    signed_in("api-keys", lambda security: ApiKeysPage(security.page).open(), is_owner=True)
    signed_in("pin-prompt", ask_for_the_pin, is_owner=True)


def type_new_password(security: SecurityPage) -> None:
    """Open the dialog and type something the meter has an opinion about."""
    dialog = security.password.open_dialog()
    dialog.new_password.fill("seven otters swim at 8")
    expect(dialog.strength.words).to_be_visible()


def ask_for_a_code(security: SecurityPage) -> None:
    """Turn the e-mail code on, up to its code."""
    dialog = EmailCodeCard.on(security.page).begin_with(DEMO_PASSWORD)
    expect(dialog.mailed.sent).to_be_visible()


def ask_for_the_pin(security: SecurityPage) -> None:
    """Begin to stop a release: the PIN is asked first."""
    workspace = WorkspacePage(security.page).open()
    workspace.root.get_by_role("button", name="Force-cancel", exact=True).click()
    expect(StepUpDialog.titled(security.page, "Force-cancel release").pin).to_be_focused()


def main() -> None:
    """Start the product and a browser, take the pictures, stop both."""
    FOLDER.mkdir(exist_ok=True)
    executable = REMEMBERED.read_text(encoding="utf-8").strip()
    with Server({"DEMO": "1"}) as server, sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        )
        take_all(browser, server)
        browser.close()


if __name__ == "__main__":
    main()
