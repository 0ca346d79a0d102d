"""A real Chromium, and what is measured inside it."""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from tests.install_browser import REMEMBERED, on_path

_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

#: Runs in the page from its first moment: clicks as soon as that works, and
#: notes when the answer is on screen (milliseconds since navigation).
_FIRST_CLICK = """({ready, press, done}) => {
  const seen = { hydrated: 0, pressed: 0, done: 0 };
  window.__seen = seen;
  const look = () => {
    const now = performance.now();
    if (!seen.hydrated && document.querySelector(ready)) seen.hydrated = now;
    if (seen.hydrated && !seen.pressed) {
      const button = document.querySelector(press);
      if (button) { seen.pressed = now; button.click(); }
    }
    if (seen.pressed && !seen.done && document.querySelector(done)) seen.done = now;
  };
  const start = () => {
    look();
    new MutationObserver(look).observe(document, {
      subtree: true, childList: true, attributes: true, characterData: true });
  };
  start();
}"""

#: Clicks once and waits until a condition on the page changes.
_CLICK = """async ({press, submit, fill, shown, gone, text}) => {
  const isDone = () => {
    if (gone) return !document.querySelector(gone);
    const found = document.querySelector(shown);
    return Boolean(found) && (!text || found.textContent.includes(text));
  };
  if (fill) {
    const field = document.querySelector(fill);
    const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
    set.call(field, text);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no change on screen")), 10000);
    const start = performance.now();
    const observer = new MutationObserver(() => {
      if (!isDone()) return;
      observer.disconnect();
      clearTimeout(timer);
      resolve(performance.now() - start);
    });
    observer.observe(document, {
      subtree: true, childList: true, attributes: true, characterData: true });
    if (submit) document.querySelector(submit).requestSubmit();
    else document.querySelector(press).click();
  });
}"""


@dataclass(frozen=True)
class Visit:
    """One page load.

    Attributes:
        hydrated_ms: until the page said that its socket is live.
        working_ms: until a first click, made as soon as possible, had changed the screen.
        requests: that reached the server, the socket aside.
        received_kb: over the wire, headers and compression included.
    """

    hydrated_ms: float
    working_ms: float
    requests: int
    received_kb: float


@dataclass(frozen=True)
class FirstClick:
    """How to tell that a page works: CSS selectors."""

    ready: str
    press: str
    done: str


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser ``tests/install_browser.py`` found."""
    named = os.environ.get("CHROMIUM")
    if not named and REMEMBERED.exists():
        named = REMEMBERED.read_text(encoding="utf-8").strip()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=named or on_path(), args=_ARGUMENTS)
        yield browser
        browser.close()


@contextlib.contextmanager
def context_of(
    browser: Browser, base_url: str, cookies: Mapping[str, str] | None = None
) -> Iterator[BrowserContext]:
    """Open a separate browser: its own cookies and cache."""
    context = browser.new_context(base_url=base_url, reduced_motion="reduce", locale="en-GB")
    context.set_default_timeout(60_000)
    for name, value in (cookies or {}).items():
        context.add_cookies([{"name": name, "value": value, "url": base_url, "httpOnly": True}])
    with contextlib.closing(context):
        yield context


def click_ms(
    page: Page,
    *,
    press: str = "",
    submit: str = "",
    fill: str = "",
    shown: str = "",
    gone: str = "",
    text: str = "",
) -> float:
    """Click (or submit a form) and wait for the change, all inside the page.

    Args:
        press: what to click.
        submit: the form to send instead.
        fill: a field to fill with ``text`` first; not timed.
        shown: appears, with ``text`` in it when one is given.
        gone: disappears.
        text: see above.
    """
    arguments = {
        "press": press,
        "submit": submit,
        "fill": fill,
        "shown": shown,
        "gone": gone,
        "text": text,
    }
    return float(page.evaluate(_CLICK, arguments))


def visit(context: BrowserContext, path: str, first: FirstClick, *, is_slow: bool = False) -> Visit:
    """Load a page and click once as soon as that works.

    Args:
        is_slow: as a slow phone: processor four times slower, 1.6 Mbit/s, 150 ms.
    """
    page = context.new_page()
    session = context.new_cdp_session(page)
    network = _Network(session)
    if is_slow:
        _slow_down(session)
    selectors = {"ready": first.ready, "press": first.press, "done": first.done}
    page.add_init_script(f"({_FIRST_CLICK})({_as_script(selectors)})")
    page.goto(path, wait_until="commit")
    page.locator(first.done).first.wait_for(state="attached")
    seen = page.evaluate("() => window.__seen")
    page.wait_for_timeout(300)
    found = Visit(seen["hydrated"], seen["done"], network.requests, network.received / 1024)
    page.close()
    return found


class _Network:
    """Counts what goes over the wire."""

    def __init__(self, session: CDPSession) -> None:
        self.received = 0.0
        self._asked: set[str] = set()
        self._cached: set[str] = set()
        session.on("Network.requestWillBeSent", self._on_request)
        session.on("Network.requestServedFromCache", self._on_cached)
        session.on("Network.responseReceived", self._on_response)
        session.on("Network.loadingFinished", self._on_finished)
        session.send("Network.enable")

    @property
    def requests(self) -> int:
        """Requests the server saw."""
        return len(self._asked - self._cached)

    def _on_request(self, event: dict) -> None:
        if event["request"]["url"].startswith("http"):
            self._asked.add(event["requestId"])

    def _on_cached(self, event: dict) -> None:
        self._cached.add(event["requestId"])

    def _on_response(self, event: dict) -> None:
        if event["response"].get("fromDiskCache"):
            self._cached.add(event["requestId"])

    def _on_finished(self, event: dict) -> None:
        if event["requestId"] not in self._cached:
            self.received += event["encodedDataLength"]


def _slow_down(session: CDPSession) -> None:
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    bytes_per_s = 1.6e6 / 8
    session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": 150,
            "downloadThroughput": bytes_per_s,
            "uploadThroughput": bytes_per_s,
        },
    )


def _as_script(values: Mapping[str, str]) -> str:
    return json.dumps(dict(values))
