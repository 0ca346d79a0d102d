"""The policy for scripts, the headers of every answer, what may be cached (S-80, S-81, B-6c)."""

import base64
import hashlib
from pathlib import Path

import pytest

from security_app.web import headers
from security_app.web.headers import cache_control, content_security_policy, security_headers
from tests.environment import SetEnvironment

HTTPS = {"PUBLIC_URL": "https://account.example.com"}


def directives(*, is_asset: bool = False) -> dict[str, list[str]]:
    policy = content_security_policy(is_asset=is_asset)
    parts = [part.split() for part in policy.split(";")]
    return {name: values for name, *values in parts}


def source(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: SetEnvironment) -> Path:
    """An empty built frontend."""
    monkeypatch.setenv("REFLEX_WEB_WORKDIR", str(tmp_path))
    folder = tmp_path / "build" / "client"
    folder.mkdir(parents=True)
    environment()
    assert headers.built_site() == folder
    return folder


def test_s80_scripts_are_ours_or_have_a_hash(site: Path) -> None:
    (site / "deep").mkdir()
    (site / "index.html").write_text("<script>first()</script><script type=module>\n2\n</script>")
    (site / "deep" / "page.html").write_text(
        "<script>first()</script><script src='/a.js'></script>"
    )
    policy = directives()
    assert policy["script-src"] == ["'self'", *sorted([source("first()"), source("\n2\n")])]


def test_s80_the_policy_without_a_build_allows_no_inline_script(site: Path) -> None:
    assert directives()["script-src"] == ["'self'"]


def test_s80_an_asset_has_the_same_policy_without_the_hashes(site: Path) -> None:
    (site / "index.html").write_text("<script>first()</script>")
    policy = directives()
    assert policy["script-src"] == ["'self'", source("first()")]
    assert directives(is_asset=True) == policy | {"script-src": ["'self'"]}


@pytest.mark.parametrize(
    ("path", "kind", "is_asset"),
    [
        ("/assets/entry-4f3a.js", "text/javascript", True),
        ("/assets/entry-4f3a.js", "", True),
        ("/assets/gone.js", "text/html; charset=utf-8", False),
        ("/sign-in", "text/html; charset=utf-8", False),
        ("/sign-in", "", False),
        ("/api/v1/me", "application/json", False),
    ],
)
def test_s80_whatever_may_be_a_page_has_the_hashes(
    site: Path, path: str, kind: str, *, is_asset: bool
) -> None:
    (site / "index.html").write_text("<script>first()</script>")
    found = dict(security_headers(path, kind))[b"content-security-policy"]
    assert found == content_security_policy(is_asset=is_asset).encode()


def test_s80_nothing_is_looser_than_it_must_be(site: Path) -> None:
    policy = directives()
    for name in ("object-src", "base-uri", "frame-ancestors"):
        assert policy[name] == ["'none'"]
    assert policy["default-src"] == policy["form-action"] == ["'self'"]
    text = content_security_policy()
    assert "unsafe-eval" not in text
    assert "*" not in text
    assert [name for name, values in policy.items() if "'unsafe-inline'" in values] == ["style-src"]


@pytest.mark.parametrize(
    ("url", "socket"),
    [
        ("http://localhost:3999", "ws://localhost:3999"),
        ("https://account.example.com", "wss://account.example.com"),
        ("https://http.example.com", "wss://http.example.com"),
    ],
)
def test_s80_the_page_talks_to_its_own_socket_only(
    site: Path, environment: SetEnvironment, url: str, socket: str
) -> None:
    environment(PUBLIC_URL=url)
    assert directives()["connect-src"] == ["'self'", socket]


def test_s81_every_answer_carries_these(site: Path, environment: SetEnvironment) -> None:
    found = dict(security_headers("/", "text/html"))
    assert found[b"x-content-type-options"] == b"nosniff"
    assert found[b"referrer-policy"] == b"no-referrer"
    assert found[b"cross-origin-opener-policy"] == b"same-origin"
    assert found[b"content-security-policy"] == content_security_policy().encode()
    assert b"strict-transport-security" not in found
    environment(**HTTPS)
    strict = dict(security_headers("/", "text/html"))[b"strict-transport-security"]
    assert strict == b"max-age=31536000; includeSubDomains"


@pytest.mark.parametrize(
    ("path", "status", "kind", "kept"),
    [
        ("/assets/entry-4f3a.js", 200, "text/javascript", "public, max-age=31536000, immutable"),
        ("/assets/entry-4f3a.js", 304, "", "public, max-age=31536000, immutable"),
        ("/assets/gone.js", 404, "text/plain", "no-store"),
        ("/assets/gone.js", 404, "text/html; charset=utf-8", "no-cache"),
        ("/", 200, "text/html; charset=utf-8", "no-cache"),
        ("/settings/personal/security", 200, "text/html", "no-cache"),
        ("/favicon.ico", 200, "image/x-icon", "public, max-age=86400"),
        ("/favicon.ico", 404, "text/plain", "no-store"),
        ("/api/me", 200, "application/json", "no-store"),
        ("/metrics", 200, "text/plain; version=0.0.4; charset=utf-8", "no-store"),
        ("/metrics", 404, "text/html; charset=utf-8", "no-cache"),
        ("/auth/session", 303, "", "no-store"),
        ("/auth/session", 403, "text/plain", "no-store"),
        ("/api/assets/x", 200, "application/json", "no-store"),
    ],
)
def test_s81_what_belongs_to_somebody_is_not_kept(
    path: str, status: int, kind: str, kept: str
) -> None:
    assert cache_control(path, status, kind) == kept
