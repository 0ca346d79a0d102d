"""The two cookies, and how they look on the way to the framework.

On the socket the raw values never pass: the handshake's ``Cookie`` header is
rewritten to their SHA-256, so no state, pickle or log can hold them.
"""

from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from security_app.accounts.tokens import digest, new_token
from security_app.settings import get_settings
from security_app.web.context import browser_cookie_name, read_cookies, session_cookie_name

#: A browser that comes back within a year keeps its own failure budget.
_BROWSER_COOKIE_S = 365 * 24 * 3600


def session_cookie(secret: str) -> str:
    """The Set-Cookie value that signs a browser in (S-37)."""
    max_age = int(get_settings().session_max.total_seconds())
    return _cookie(session_cookie_name(), secret, max_age)


def no_session_cookie() -> str:
    """The Set-Cookie value that forgets the session."""
    return _cookie(session_cookie_name(), "", 0)


def _browser_cookie(value: str) -> str:
    return _cookie(browser_cookie_name(), value, _BROWSER_COOKIE_S)


def _cookie(name: str, value: str, max_age_s: int) -> str:
    secure = "; Secure" if get_settings().is_https else ""
    return f"{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}"


def cookies_of(scope: Scope) -> dict[str, str]:
    """Our raw cookies in an HTTP request or handshake."""
    return read_cookies("; ".join(Headers(scope=scope).getlist("cookie")))


def digest_handshake(scope: Scope, receive: Receive, send: Send) -> tuple[Scope, Receive, Send]:
    """Swap the cookies of a handshake for their digests; give a new browser its cookie."""
    cookies = cookies_of(scope)
    browser = cookies.get(browser_cookie_name(), "")
    new_browser = "" if browser else new_token()
    digests = {browser_cookie_name(): digest(browser or new_browser)}
    if secret := cookies.get(session_cookie_name()):
        digests[session_cookie_name()] = digest(secret)
    header = "; ".join(f"{name}={value}" for name, value in digests.items())
    kept = [pair for pair in scope["headers"] if pair[0] not in (b"cookie", b"authorization")]
    headers = [*kept, (b"cookie", header.encode())]

    async def send_with_cookie(message: Message) -> None:
        if message["type"] == "websocket.accept" and new_browser:
            cookie = (b"set-cookie", _browser_cookie(new_browser).encode())
            message = {**message, "headers": [*message.get("headers", ()), cookie]}
        await send(message)

    query = _bound_query(scope.get("query_string", b""), header)
    return {**scope, "headers": headers, "query_string": query}, receive, send_with_cookie


def _bound_query(query: bytes, cookies: str) -> bytes:
    """Make a tab's label good for its own browser and session only.

    The framework sends a tab's updates to whoever presents its label last, also
    those still under way; under other cookies the same label names another tab.
    """
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    bound = [
        (name, digest(f"{value} {cookies}") if name == "token" else value) for name, value in pairs
    ]
    return urlencode(bound).encode()
