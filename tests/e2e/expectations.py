"""Expectations that many tests share."""

import re

from playwright.sync_api import Locator, Page, expect


def expect_refused(field: Locator, sentence: str) -> None:
    """A refusal stands beside its field, is tied to it for screen readers, and has the focus."""
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile(re.escape(sentence)))
    expect(field).to_be_focused()


def expect_no_horizontal_scroll(page: Page) -> None:
    """Nothing on the page is wider than the window."""
    widths = page.evaluate(
        "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert widths[0] <= widths[1], f"{page.url} is {widths[0]} px wide in {widths[1]} px"


def expect_nothing_of(page: Page, *texts: str) -> None:
    """Neither what is on screen nor the document behind it holds any of the texts."""
    document = page.content()
    for text in texts:
        assert text not in document


def shown_in_steps(rows: Locator, more: Locator) -> list[int]:
    """Press "Show more" until it is gone; returns how many rows there were at each step."""
    expect(rows).not_to_have_count(0)
    counts = [rows.count()]
    while more.count():
        more.click()
        expect(rows).not_to_have_count(counts[-1])
        counts.append(rows.count())
    return counts
