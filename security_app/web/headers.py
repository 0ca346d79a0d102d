"""Security and cache headers of every answer, and the Content-Security-Policy (S-80, S-81)."""

import base64
import functools
import hashlib
import os
import re
import time
from pathlib import Path

from security_app.settings import get_settings

_INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
#: Where the build puts its scripts and style sheets.
_ASSETS = "/assets/"
_DAY_S = 24 * 3600
_YEAR_S = 365 * _DAY_S


def built_site() -> Path:
    """Where the compiled frontend is."""
    return Path(os.environ.get("REFLEX_WEB_WORKDIR", ".web")) / "build" / "client"


def built_pages() -> dict[str, str]:
    """The pages of the build that is there now; see :func:`_pages_of`."""
    return _pages_of(_build_stamp())


def warm() -> None:
    """Read the built pages before the first request has to wait for it."""
    built_pages()
    _policies_of(_build_stamp())


def _build_stamp() -> int:
    """Changes when the frontend is built anew under a running server; a second later at most."""
    return _stamp_of(int(time.monotonic()))


@functools.lru_cache(maxsize=1)
def _stamp_of(_second: int) -> int:
    try:
        return (built_site() / "index.html").stat().st_mtime_ns
    except OSError:
        return 0


@functools.lru_cache(maxsize=2)
def _pages_of(_stamp: int) -> dict[str, str]:
    """The address of every built page, without and with a last slash, to its file."""
    site = built_site()
    pages: dict[str, str] = {}
    for file in site.rglob("*.html"):
        name = "/" + file.relative_to(site).as_posix()
        if file.name not in {"index.html", "404.html", "__spa-fallback.html"}:
            address = name.removesuffix(".html")
            pages |= {address: name, f"{address}/": name}
    return pages


def content_security_policy(*, is_asset: bool = False) -> str:
    """The policy: no ``unsafe-eval``, inline scripts of the build that is there now by hash.

    Inline styles stay allowed: the style library of the framework writes them
    and offers no nonce.

    Args:
        is_asset: for a script or a style sheet, which has no inline scripts: the hashes
            would be two kilobytes with every file.
    """
    of_pages, of_assets = _policies_of(_build_stamp())
    return of_assets if is_asset else of_pages


@functools.lru_cache(maxsize=2)
def _policies_of(_stamp: int) -> tuple[str, str]:
    """The policies of a build, for pages and for assets."""
    hashes = sorted(
        {
            "'sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() + "'"
            for page in built_site().rglob("*.html")
            for script in _INLINE_SCRIPT.findall(page.read_text())
        }
    )
    return _policy(hashes), _policy([])


def _policy(hashes: list[str]) -> str:
    socket = get_settings().public_url.replace("http", "ws", 1)
    directives = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", *hashes]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data:",
        "font-src": "'self' data:",
        "connect-src": f"'self' {socket}",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def security_headers(path: str, content_type: str) -> tuple[tuple[bytes, bytes], ...]:
    """The headers every answer carries.

    The path tells an asset: an answer that nothing has changed has no content
    type, and its headers take the place of those the browser has kept.
    """
    is_asset = path.startswith(_ASSETS) and not content_type.startswith("text/html")
    return _headers_of(content_security_policy(is_asset=is_asset))


@functools.lru_cache(maxsize=4)
def _headers_of(policy: str) -> tuple[tuple[bytes, bytes], ...]:
    headers = {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "x-frame-options": "DENY",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
    }
    if get_settings().is_https:
        headers["strict-transport-security"] = f"max-age={_YEAR_S}; includeSubDomains"
    return tuple((name.encode(), value.encode()) for name, value in headers.items())


def cache_control(path: str, status: int, content_type: str) -> str:
    """How long an answer may be kept (B-6c).

    Built assets carry a hash in their name and never change; pages are asked
    for again each time, so a new build is seen at once; the icon may be a day
    old; all else is not kept.
    """
    if status in {200, 304} and path.startswith(_ASSETS):
        return f"public, max-age={_YEAR_S}, immutable"
    if status in {200, 304} and path.startswith("/favicon."):
        return f"public, max-age={_DAY_S}"
    if content_type.startswith("text/html") or path.startswith("/external/"):
        return "no-cache"
    return "no-store"
