"""Where a sign-in may lead: paths on this site, whatever a browser makes of the text (S-68)."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from security_app.accounts.tickets import safe_path

SITE = "https://account.example.org"
#: What attackers build with, so that random texts come near the edge.
_PIECES = st.sampled_from(
    [
        *(
            "/",
            "\\",
            "//",
            ":",
            "@",
            "?",
            "#",
            "%2f",
            "%5c",
            ".",
            "..",
            " ",
            "\t",
            "\n",
            "\r",
            "\x00",
        ),
        *("\u2028", "\u200b", "\u3002", "\uff0f", "evil.test", "javascript:", "https:", "a", "é"),
    ]
)
PATHS = st.one_of(
    st.text(max_size=250),
    st.lists(_PIECES, max_size=12).map("".join),
    st.lists(_PIECES, max_size=12).map(lambda parts: "/" + "".join(parts)),
)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/settings/personal/security",
        "/a?next=https://example.org/#top",
        "/a/../b",
        "/name with spaces",
        "/é",
        "/" + "a" * 199,
    ],
)
def test_paths_on_this_site_stay(path: str) -> None:
    assert safe_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "settings",
        "//evil.test",
        "///evil.test",
        "/\\evil.test",
        "\\/evil.test",
        "\\\\evil.test",
        "/a\\..\\evil",
        "/\t/evil.test",
        "/\n/evil.test",
        "/\r/evil.test",
        "\t//evil.test",
        " //evil.test",
        " /settings",
        "/\x00/evil.test",
        "/a\x7f",
        "/a\u2028b",
        "/a\u202eb",
        "/\ud800",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "https://evil.test",
        "https:evil.test",
        "http:/evil.test",
        "@evil.test",
        "/a\r\nset-cookie: session=x",
        "/" + "a" * 200,
        "/" * 100_000,
    ],
)
def test_everything_else_is_dropped(path: str) -> None:
    assert safe_path(path) == ""


@given(PATHS)
@example("/%09/evil.test")
@example("/.//evil.test")
@example("/..//evil.test")
@example("/;@evil.test")
def test_what_is_kept_stays_on_this_site(path: str) -> None:
    kept = safe_path(path)
    assert kept in {"", path}
    if not kept:
        return
    assert urlsplit(kept).netloc == ""
    assert urlsplit(kept).scheme == ""
    assert urlsplit(urljoin(SITE, kept)).netloc == urlsplit(SITE).netloc
    assert is_path_on_the_same_host(kept)
    assert not any(ord(letter) < 0x20 for letter in kept)


def is_path_on_the_same_host(reference: str) -> bool:
    """How a browser reads a reference (WHATWG URL §4.4, base of a special scheme)."""
    trimmed = reference.strip("".join(map(chr, range(0x21))))
    read = trimmed.replace("\t", "").replace("\n", "").replace("\r", "").replace("\\", "/")
    return read.startswith("/") and not read.startswith("//")


@pytest.mark.parametrize(
    ("reference", "is_own"),
    [
        ("/a", True),
        ("//a", False),
        ("/\\a", False),
        ("/\t/a", False),
        (" \x01/a", True),
        ("a:", False),
    ],
)
def test_the_reading_of_browsers_itself(reference: str, is_own: bool) -> None:
    assert is_path_on_the_same_host(reference) is is_own
