"""B-5: from the click to the screen, in a real browser."""

from collections.abc import Callable

from playwright.sync_api import Page

from benchmarks import bare_app, product
from benchmarks.browser import chromium, click_ms, context_of
from benchmarks.figures import Line, Scale, against_at_most, in_turn, median
from benchmarks.wire import SECURITY

_OTHERS = 200
_ROW = '[data-testid="session-row"]'
_FORM = f"{_ROW} form"


def sessions_card(scale: Scale) -> list[Line]:
    """B-5: three things a person does on the Sessions card, against a bare counter."""
    count = scale.pick(15, 40)
    with product.serving(behind_proxy=False) as server, bare_app.serving() as bare:
        person = product.add_people(server, 1)[0]
        browser_cookies = server.add_session(person).cookies
        product.add_sessions(server, person, _OTHERS)
        commit = median(product.commit_ms(server.folder))
        with (
            chromium() as browser,
            context_of(browser, server.base_url, browser_cookies) as ours,
            context_of(browser, bare.base_url) as floor,
        ):
            card, counter = ours.new_page(), floor.new_page()
            card.goto(SECURITY)
            card.locator(_ROW).first.wait_for()
            counter.goto("/")
            counter.locator('main[data-hydrated="true"]').wait_for()
            _count(counter, 5)
            _open_and_close(card, 5)
            counted, opened, saved, ended = in_turn(
                scale.rounds,
                lambda: _count(counter, count),
                lambda: _open_and_close(card, count),
                lambda: _save_names(card, count),
                lambda: _sign_out(card, count),
            )
    line = _line_maker(commit)
    return [
        line("open and close the name field (writes nothing)", opened, counted, False),
        line("save a session's name", saved, counted, True),
        line("sign out one session", ended, counted, True),
    ]


def _line_maker(commit: float) -> Callable[..., Line]:
    def line(what: str, ours: list, floor: list, writes: bool) -> Line:
        return against_at_most(
            "B-5",
            what,
            ours,
            floor,
            floor_name="bare counter",
            factor=1.3,
            extra=commit if writes else 0.0,
            extra_name=f"a commit ({commit:.1f} ms)" if writes else "",
        )

    return line


def _count(page: Page, times: int) -> list[float]:
    found: list[float] = []
    for _ in range(times):
        value = int(page.locator("#value").get_attribute("data-count") or "0")
        found.append(click_ms(page, press="#count", shown=f'[data-count="{value + 1}"]'))
    return found


def _open_and_close(page: Page, times: int) -> list[float]:
    found: list[float] = []
    for _ in range(times):
        found.append(click_ms(page, press=f'{_ROW} [aria-label="Rename"]', shown=_FORM))
        page.wait_for_timeout(30)
        found.append(click_ms(page, press=f"{_FORM} [data-cancel]", gone=_FORM))
        page.wait_for_timeout(30)
    return found


def _save_names(page: Page, times: int) -> list[float]:
    found: list[float] = []
    for number in range(times):
        click_ms(page, press=f'{_ROW} [aria-label="Rename"]', shown=_FORM)
        page.wait_for_timeout(30)
        name = f"Name {number} of {id(found) % 9973}"
        found.append(
            click_ms(
                page,
                submit=_FORM,
                fill=f'{_FORM} input[name="name"]',
                shown=f"{_ROW} .row-title",
                text=name,
            )
        )
        page.wait_for_timeout(60)
    return found


def _sign_out(page: Page, times: int) -> list[float]:
    found: list[float] = []
    for _ in range(times):
        # The title's id is the session's own.
        row = page.locator(f"{_ROW} .row-title").last.get_attribute("id") or ""
        button = f'{_ROW} .row-action button[aria-describedby="{row}"]:not([aria-label])'
        found.append(click_ms(page, press=button, gone=f'[id="{row}"]'))
        page.wait_for_timeout(60)
    return found
