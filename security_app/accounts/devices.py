"""What a ``User-Agent`` says in words: "Chrome on Windows".

The header is a claim by the client: good for recognising one's own devices in
a list, never for a decision. Parsing runs on the event loop, so its cost is
bounded: the patterns of ua-parser need up to 20 ms for a hostile header of 512
characters, but stay under 5 ms for the first 256.
"""

import functools
import re
from dataclasses import dataclass
from typing import Literal

from ua_parser import BasicResolver, Domain, load_builtins

Kind = Literal["desktop", "phone", "tablet", "api", "unknown"]

#: Nobody's header is longer; what follows is dropped.
MAX_HEADER_CHARS = 512
#: Browser and system stand in the first 200 characters of every header seen in the wild.
_PARSED_CHARS = 256
#: Real headers have fewer; the patterns take quadratic time in these two.
_MAX_SEMICOLONS = 16
_MAX_BRACKETS = 8
_MAX_WORD_CHARS = 40

#: C0, DEL, C1, line and paragraph separators, bidirectional and invisible marks (S-83).
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)

#: First word of the header (before "/") of clients that are programs.
_API_CLIENTS = {
    "aiohttp": "aiohttp",
    "apache-httpclient": "Apache HttpClient",
    "axios": "axios",
    "curl": "curl",
    "dart": "Dart",
    "faraday": "Faraday",
    "go-http-client": "Go",
    "got": "got",
    "guzzlehttp": "Guzzle",
    "httpie": "HTTPie",
    "insomnia": "Insomnia",
    "java": "Java",
    "java-http-client": "Java",
    "libwww-perl": "Perl",
    "node": "Node.js",
    "node-fetch": "Node.js",
    "okhttp": "OkHttp",
    "postmanruntime": "Postman",
    "powershell": "PowerShell",
    "python": "Python",
    "python-httpx": "Python httpx",
    "python-requests": "Python Requests",
    "python-urllib": "Python",
    "python-urllib3": "Python",
    "reqwest": "reqwest",
    "ruby": "Ruby",
    "undici": "Node.js",
    "wget": "Wget",
}

_BROWSER_NAMES = {
    "Chrome Mobile": "Chrome",
    "Chrome Mobile WebView": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Edge Mobile": "Edge",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "HeadlessChrome": "Chrome",
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "Safari",
    "Opera Mobile": "Opera",
    "Opera Touch": "Opera",
}
_SYSTEM_NAMES = {"Mac OS X": "macOS", "Chrome OS": "ChromeOS", "iPadOS": "iOS"}
_DESKTOPS = frozenset(
    {"Windows", "macOS", "Linux", "ChromeOS", "Ubuntu", "Debian", "Fedora", "FreeBSD", "OpenBSD"}
)


@dataclass(frozen=True, slots=True)
class Device:
    """What a client says it is.

    Attributes:
        title: for people, "Chrome on Windows" or "Unknown device".
        browser: "Chrome", "curl", or "" when unknown.
        system: "Windows", "iOS", or "" when unknown.
        kind: what to draw.
    """

    title: str
    browser: str
    system: str
    kind: Kind


UNKNOWN = Device("Unknown device", "", "", "unknown")


def clean_header(user_agent: str) -> str:
    """Make a header safe to store, log and show (S-83).

    Args:
        user_agent: as sent by the client.

    Returns:
        At most 512 characters without control, bidirectional or invisible characters.
    """
    return _UNPRINTABLE.sub("", user_agent[:MAX_HEADER_CHARS]).strip()


def describe(user_agent: str) -> Device:
    """Say in words what a client is.

    Args:
        user_agent: the ``User-Agent`` header, any text; the first 512 characters count.

    Returns:
        The device; :data:`UNKNOWN` when nothing is recognised. Never raises.
    """
    return _describe(clean_header(user_agent))


def warm() -> None:
    """Load the patterns (about 0.2 s, 7 MB); call it at start-up, off the event loop."""
    _resolver()


@functools.cache
def _resolver() -> BasicResolver:
    browsers, systems, _devices = load_builtins()
    # Device models would double the time of each parse, and the list does not show them.
    return BasicResolver((browsers, systems, []))


@functools.lru_cache(maxsize=4096)
def _describe(header: str) -> Device:
    product = re.split(r"[/ ;(]", header, maxsplit=1)[0].lower()
    if client := _API_CLIENTS.get(product):
        return Device(client, client, "", "api")
    header = header[:_PARSED_CHARS]
    if header.count(";") > _MAX_SEMICOLONS or header.count("(") > _MAX_BRACKETS:
        return UNKNOWN
    try:
        found = _resolver()(header, Domain.USER_AGENT | Domain.OS)
    except ValueError:
        # The builtin patterns raise for a few texts they half match.
        return UNKNOWN
    browser = _word(found.user_agent.family, _BROWSER_NAMES) if found.user_agent else ""
    system = _word(found.os.family, _SYSTEM_NAMES) if found.os else ""
    if not browser and not system:
        return UNKNOWN
    return Device(_title(header, browser, system), browser, system, _kind(header, system))


def _word(family: str, names: dict[str, str]) -> str:
    # Some patterns copy the family out of the header, so it can be anything.
    return names.get(family, family)[:_MAX_WORD_CHARS].strip()


def _title(header: str, browser: str, system: str) -> str:
    place = next((name for name in ("iPhone", "iPad") if name in header), system)
    if browser and place:
        return f"{browser} on {place}"
    return browser or place


def _kind(header: str, system: str) -> Kind:
    if system in _DESKTOPS:
        return "desktop"
    if "iPad" in header or "Tablet" in header:
        return "tablet"
    if system == "Android":
        # Chrome's own convention: phones say "Mobile", tablets do not.
        return "phone" if "Mobile" in header else "tablet"
    if "iPhone" in header or "Mobile" in header:
        return "phone"
    return "unknown"
