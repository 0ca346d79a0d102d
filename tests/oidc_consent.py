"""The people of the tests' OpenID Provider, and the page where they say yes or no."""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.responses import HTMLResponse, RedirectResponse, Response

ResponseMode = Literal["query", "fragment", "form_post"]


class RequestRefused(Exception):
    """An authorization request a provider must not show to anybody; says what is wrong."""


@dataclass
class Person:
    """Somebody with an account at the provider; change what you like.

    Attributes:
        sub: the subject identifier.
        claims: what the ID token tells of them.
        has_consented: whether they let this client in before.
    """

    sub: str
    claims: dict[str, object] = field(default_factory=dict)
    has_consented: bool = False

    def as_user(self) -> str:
        """The ``user`` parameter as Apple sends it with a first consent: JSON text."""
        first, _, last = str(self.claims.get("name", "")).partition(" ")
        name = {"firstName": first, "lastName": last}
        return json.dumps({"name": name, "email": self.claims.get("email")})


@dataclass(frozen=True)
class AuthorizationRequest:
    """A checked request: code flow with PKCE S256, state and nonce."""

    redirect_uri: str
    state: str
    nonce: str
    challenge: str
    response_mode: ResponseMode

    @classmethod
    def parse(
        cls, query: str, *, client_id: str, response_modes: Collection[str]
    ) -> "AuthorizationRequest":
        """Check the query of an authorization URL.

        Raises:
            RequestRefused: something is missing, repeated or not as it has to be.
        """
        pairs = parse_qsl(query, keep_blank_values=True)
        values = dict(pairs)
        _require(len(values) == len(pairs), "a parameter is repeated (RFC 6749 §3.1)")
        _require(values.get("client_id") == client_id, "client_id is unknown")
        target = urlsplit(values.get("redirect_uri", ""))
        is_absolute = target.scheme in {"http", "https"} and bool(target.hostname)
        _require(is_absolute and not target.fragment, "redirect_uri is not an absolute URL")
        _require(values.get("response_type") == "code", "response_type is not code")
        _require("openid" in values.get("scope", "").split(), "scope lacks openid")
        _require(values.get("code_challenge_method") == "S256", "PKCE is not S256")
        challenge = values.get("code_challenge", "")
        _require(bool(re.fullmatch(r"[\w-]{43}", challenge, re.ASCII)), "code_challenge is wrong")
        _require(bool(values.get("state")), "state is missing")
        _require(bool(values.get("nonce")), "nonce is missing")
        mode = values.get("response_mode", "query")
        _require(mode in response_modes, "response_mode is not supported")
        return cls(
            redirect_uri=values["redirect_uri"],
            state=values["state"],
            nonce=values["nonce"],
            challenge=challenge,
            response_mode=mode,  # pyright: ignore[reportArgumentType]
        )


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise RequestRefused(otherwise)


def consent_page(provider_name: str, people: Iterable[Person]) -> Response:
    """One button per person, and one to leave; it posts to the URL it was asked at."""
    title = f"Sign in to {escape(provider_name)}"
    buttons = "".join(
        f'<p><button name="sub" value="{escape(person.sub)}">'
        f"Continue as {escape(str(person.claims.get('email', person.sub)))}</button></p>"
        for person in people
    )
    cancel = '<p><button name="cancel" value="1">Cancel</button></p>'
    return _page(title, f'<h1>{title}</h1><form method="post">{buttons}{cancel}</form>')


def deliver(request: AuthorizationRequest, answer: Mapping[str, str]) -> Response:
    """Send the browser back with an answer, in the mode that was asked for."""
    if request.response_mode == "form_post":
        return _self_submitting(request.redirect_uri, answer)
    if request.response_mode == "fragment":
        separator = "#"
    else:
        separator = "&" if urlsplit(request.redirect_uri).query else "?"
    return RedirectResponse(request.redirect_uri + separator + urlencode(answer), 303)


def _self_submitting(target: str, answer: Mapping[str, str]) -> Response:
    """OAuth 2.0 Form Post Response Mode; the button is for browsers without scripts."""
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in answer.items()
    )
    form = f'<form method="post" action="{escape(target)}">{fields}<button>Continue</button></form>'
    return _page("Continue", f"{form}<script>document.forms[0].submit()</script>")


def _page(title: str, body: str) -> Response:
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,">'
        f"<title>{title}</title></head>"
        f"<body><main>{body}</main></body></html>",
        headers={"Cache-Control": "no-store"},
    )
