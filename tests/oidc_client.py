"""A careful client of the tests' OpenID Provider, to prove the provider with."""

import base64
import json
from collections.abc import Iterator
from urllib.parse import urlencode

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.oidc_keys import digest_text
from tests.oidc_provider import Provider

CALLBACK = "http://localhost:3999/callback"
VERIFIER = "a-verifier-of-at-least-forty-three-characters"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider(form_post=True) as running:
        running.add_person("ada-1", email="ada@example.com", name="Ada King Lovelace")
        yield running


def question(provider: Provider, **changes: str | None) -> str:
    """An authorization URL as a careful client writes it; None leaves a parameter out."""
    asked = {
        "client_id": provider.client_id,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "openid email profile",
        "state": "a-state",
        "nonce": "a-nonce",
        "code_challenge": digest_text(VERIFIER),
        "code_challenge_method": "S256",
    } | changes
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    return f"{provider.issuer}/authorize?{query}"


def exchange(provider: Provider, code: str, **changes: str) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        "client_id": provider.client_id,
        "client_secret": provider.client_secret,
    } | changes
    return httpx.post(f"{provider.issuer}/token", data=form)


def fresh_code(provider: Provider) -> str:
    return provider.authorize(question(provider), "ada-1")["code"]


def id_token(provider: Provider) -> str:
    answer = exchange(provider, fresh_code(provider))
    assert answer.status_code == 200, answer.text
    return answer.json()["id_token"]


def published_keys(provider: Provider) -> KeySet:
    return KeySet.import_key_set(httpx.get(f"{provider.issuer}/jwks").json())


def claims_of(provider: Provider) -> dict[str, object]:
    return jwt.decode(id_token(provider), published_keys(provider), ["RS256"]).claims


def header_of(token: str) -> dict[str, object]:
    part = token.partition(".")[0]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
