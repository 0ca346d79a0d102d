"""The two cookies: how they are set, and that the socket only ever carries digests (S-37)."""

from http.cookies import SimpleCookie

import pytest
from starlette.types import Message, Scope

from security_app.accounts.tokens import digest
from security_app.settings import get_settings
from security_app.web.context import browser_cookie_name, read_cookies, session_cookie_name
from security_app.web.cookies import (
    cookies_of,
    digest_handshake,
    no_session_cookie,
    session_cookie,
)
from tests.environment import SetEnvironment

SECRET = "the-raw-secret-of-the-session"
BROWSER = "the-raw-value-of-the-browser"
HTTPS = {"PUBLIC_URL": "https://account.example.com"}


def handshake(*cookies: str, **headers: str) -> Scope:
    raw = [(b"cookie", cookie.encode("latin-1")) for cookie in cookies]
    raw += [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": "websocket", "headers": raw}


async def after(scope: Scope) -> tuple[Scope, list[Message]]:
    """The scope the framework sees, and what is sent when it accepts."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    changed, _, changed_send = digest_handshake(scope, receive, send)
    await changed_send({"type": "websocket.accept", "headers": [(b"x-other", b"1")]})
    await changed_send({"type": "websocket.send", "text": "hello"})
    return changed, sent


def attributes(cookie: str) -> dict[str, str]:
    jar: SimpleCookie = SimpleCookie(cookie)
    (morsel,) = jar.values()
    return {"name": morsel.key, "value": morsel.value} | {k: str(v) for k, v in morsel.items() if v}


def test_s37_the_session_cookie_under_https(environment: SetEnvironment) -> None:
    environment(**HTTPS)
    cookie = attributes(session_cookie(SECRET))
    assert cookie == {
        "name": "__Host-session",
        "value": SECRET,
        "path": "/",
        "max-age": str(14 * 24 * 3600),
        "httponly": "True",
        "samesite": "Lax",
        "secure": "True",
    }


def test_s37_without_https_only_the_prefix_and_secure_are_missing() -> None:
    cookie = attributes(session_cookie(SECRET))
    assert cookie["name"] == "session"
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == ("True", "Lax", "/")
    assert "secure" not in cookie
    assert "domain" not in cookie


@pytest.mark.parametrize("variables", [{}, HTTPS])
def test_signing_out_takes_the_same_cookie_away(
    environment: SetEnvironment, variables: dict[str, str]
) -> None:
    environment(**variables)
    given, gone = session_cookie(SECRET), no_session_cookie()
    assert gone.partition("=")[0] == given.partition("=")[0]
    assert "Max-Age=0;" in gone
    assert SECRET not in gone
    assert ("Secure" in gone) is get_settings().is_https


async def test_the_framework_sees_digests_only() -> None:
    scope = handshake(f"session={SECRET}; browser={BROWSER}; theme=dark; other=1")
    seen, sent = await after(scope)
    (cookie,) = [value for name, value in seen["headers"] if name == b"cookie"]
    assert SECRET.encode() not in cookie
    assert BROWSER.encode() not in cookie
    assert read_cookies(cookie.decode()) == {
        "session": digest(SECRET),
        "browser": digest(BROWSER),
    }
    assert b"theme" not in cookie
    assert all(name != b"set-cookie" for m in sent for name, _ in m.get("headers", ()))


async def test_a_digest_sent_by_a_client_is_digested_again() -> None:
    seen, _ = await after(handshake(f"session={digest(SECRET)}; browser={BROWSER}"))
    (cookie,) = [value for name, value in seen["headers"] if name == b"cookie"]
    assert digest(SECRET).encode() not in cookie


async def test_a_bearer_token_never_reaches_the_framework() -> None:
    seen, _ = await after(handshake(authorization=f"Bearer {SECRET}", accept="*/*"))
    assert SECRET.encode() not in b"".join(value for _, value in seen["headers"])
    assert (b"accept", b"*/*") in seen["headers"]


async def test_a_new_browser_gets_its_own_cookie_once() -> None:
    seen, sent = await after(handshake())
    (cookie,) = [value for name, value in sent[0]["headers"] if name == b"set-cookie"]
    given = attributes(cookie.decode())
    assert (given["name"], given["httponly"], given["samesite"]) == ("browser", "True", "Lax")
    assert len(given["value"]) == 43
    header = dict(seen["headers"])[b"cookie"].decode()
    assert read_cookies(header) == {"browser": digest(given["value"])}
    assert (b"x-other", b"1") in sent[0]["headers"]
    assert "headers" not in sent[1]


async def test_two_new_browsers_get_different_cookies() -> None:
    first, second = await after(handshake()), await after(handshake())
    assert dict(first[0]["headers"])[b"cookie"] != dict(second[0]["headers"])[b"cookie"]


async def test_several_cookie_headers_are_read_as_one() -> None:
    seen, _ = await after(handshake(f"session={SECRET}", f"browser={BROWSER}"))
    header = dict(seen["headers"])[b"cookie"].decode()
    assert read_cookies(header) == {"session": digest(SECRET), "browser": digest(BROWSER)}


@pytest.mark.parametrize(
    "cookie",
    ["", ";", "=", "session", "session=", "\xff\xfe", "a b=c", "x" * 100_000, "session=\x00"],
)
async def test_a_broken_cookie_header_is_no_session_and_no_error(cookie: str) -> None:
    seen, _ = await after(handshake(cookie))
    header = dict(seen["headers"])[b"cookie"].decode()
    assert set(read_cookies(header)) == {"browser"}


def test_under_https_an_unprefixed_cookie_is_not_read(environment: SetEnvironment) -> None:
    environment(**HTTPS)
    assert (session_cookie_name(), browser_cookie_name()) == ("__Host-session", "__Host-browser")
    assert cookies_of(handshake(f"session={SECRET}; browser={BROWSER}")) == {}
    assert cookies_of(handshake(f"__Host-session={SECRET}")) == {"__Host-session": SECRET}
