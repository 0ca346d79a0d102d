"""Asking a provider over HTTP: bounded in time and size, without following anybody elsewhere.

An organization's issuer is chosen by people: it may name any host there is, also
one inside our own network (server-side request forgery). Such a host is asked
only when it is a public one.
"""

import asyncio
import functools
import json
import ssl
from typing import Any, cast
from urllib.parse import urlsplit

import httpx

from security_app.accounts.errors import FieldRefused
from security_app.accounts.public_transport import PublicTransport
from security_app.settings import get_settings

#: One whole request, connection and answer.
_WITHIN_S = 8.0
#: A discovery document has a few kilobytes, a set of keys not many more.
_MAX_BYTES = 256 * 1024


class NoAnswer(Exception):
    """The provider is down, slow, or answers what cannot be read; says which in a word."""


class Refusal(Exception):
    """The provider answered with an error; says the HTTP status."""


def require_usable(url: str) -> None:
    """Refuse what cannot be the address of a provider that people choose.

    Raises:
        FieldRefused: field "issuer".
    """
    try:
        parts = urlsplit(url)
        is_usable = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        is_usable = False
        parts = urlsplit("")
    schemes = {"https", "http"} if _may_be_private() else {"https"}
    is_plain = url.isascii() and url.isprintable() and not set(url) & set(" ?#\\")
    if not (is_usable and is_plain and parts.scheme in schemes):
        msg = "Enter the issuer as your provider shows it: an address that begins with https://."
        raise FieldRefused(msg, field="issuer")


async def get_json(url: str, *, bearer: str = "", is_public_only: bool = False) -> dict[str, Any]:
    """Fetch a JSON object.

    Args:
        bearer: an access token that opens it (RFC 6750 §2.1), "" when none does.
        is_public_only: whether the host must not be one of our own network.

    Raises:
        NoAnswer: there is none that can be used.
    """
    try:
        return await _ask("GET", url, None, bearer=bearer, is_public_only=is_public_only)
    except Refusal as error:
        raise NoAnswer(str(error)) from None


async def post_form(
    url: str,
    form: dict[str, str],
    *,
    basic: tuple[str, str] | None = None,
    is_public_only: bool = False,
) -> dict[str, Any]:
    """Post a form and read the JSON object of the answer.

    Args:
        basic: name and secret of HTTP Basic (RFC 7617), None for none.
        is_public_only: whether the host must not be one of our own network.

    Raises:
        NoAnswer: there is none that can be used.
        Refusal: the provider refused the form: a status from 400 to 499.
    """
    return await _ask("POST", url, form, basic=basic, is_public_only=is_public_only)


async def _ask(
    method: str,
    url: str,
    form: dict[str, str] | None,
    *,
    bearer: str = "",
    basic: tuple[str, str] | None = None,
    is_public_only: bool,
) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
    try:
        async with asyncio.timeout(_WITHIN_S):
            # Reading the certificates of all authorities takes tens of milliseconds, once.
            trust = await asyncio.to_thread(_trust)
            async with (
                _client(trust, is_public_only=is_public_only) as client,
                client.stream(method, url, data=form, headers=headers, auth=basic) as answer,
            ):
                body = await _bounded(answer)
    except TimeoutError:
        raise NoAnswer("timeout") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        raise NoAnswer(type(error).__name__) from None
    if 400 <= answer.status_code < 500:
        raise Refusal(f"status {answer.status_code}")
    if not answer.is_success:
        raise NoAnswer(f"status {answer.status_code}")
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        raise NoAnswer("not JSON") from None
    if not isinstance(found, dict):
        raise NoAnswer("not an object")
    return cast("dict[str, Any]", found)


@functools.cache
def _trust() -> ssl.SSLContext:
    """Whose certificates prove a host."""
    return httpx.create_ssl_context(trust_env=False)


def _client(trust: ssl.SSLContext, *, is_public_only: bool) -> httpx.AsyncClient:
    must_be_public = is_public_only and not _may_be_private()
    transport = PublicTransport if must_be_public else httpx.AsyncHTTPTransport
    # What a redirect names, nobody has checked; and a form carries our secret.
    return httpx.AsyncClient(
        transport=transport(verify=trust),
        timeout=_WITHIN_S,
        trust_env=False,
        follow_redirects=False,
        # A few compressed bytes may stand for a gigabyte.
        headers={"accept": "application/json", "accept-encoding": "identity"},
    )


async def _bounded(answer: httpx.Response) -> bytes:
    body = b""
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > _MAX_BYTES:
            raise NoAnswer("too large")
    return body


def _may_be_private() -> bool:
    """Whether an organization's provider may stand in our own network."""
    settings = get_settings()
    return settings.demo or settings.sso_private_issuers
