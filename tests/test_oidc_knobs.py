"""The tests' own OpenID Provider lies in just the way it is told to."""

import asyncio
import base64
import hmac
import time

import httpx
import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import RSAKey

from tests.oidc_client import (
    claims_of,
    exchange,
    fresh_code,
    header_of,
    id_token,
    provider,
    published_keys,
    question,
)
from tests.oidc_provider import MISSING, Provider, Signing

__all__ = ["provider"]


@pytest.mark.parametrize(
    "signing", ["ES256", "none", "HS256-with-public-key", "HS256-with-secret", "wrong-key"]
)
def test_a_token_of_another_signature_is_no_rs256_token(
    provider: Provider, signing: Signing
) -> None:
    provider.signing = signing
    token = id_token(provider)
    keys = published_keys(provider)
    with pytest.raises(JoseError) as refused:
        jwt.decode(token, keys, ["RS256"])
    assert (signing == "wrong-key") == isinstance(refused.value, BadSignatureError)


def test_each_other_signature_is_what_it_is_called(provider: Provider) -> None:
    rsa = httpx.get(f"{provider.issuer}/jwks").json()["keys"][0]
    provider.signing = "ES256"
    token = id_token(provider)
    assert jwt.decode(token, published_keys(provider), ["ES256"]).claims["sub"] == "ada-1"
    provider.signing = "none"
    token = id_token(provider)
    assert header_of(token) == {"alg": "none", "typ": "JWT"}
    assert token.endswith(".")
    pem = RSAKey.import_key(rsa).as_pem(private=False)
    secrets_by_signing: dict[Signing, bytes] = {
        "HS256-with-public-key": pem,
        "HS256-with-secret": provider.client_secret.encode(),
    }
    for signing, secret in secrets_by_signing.items():
        provider.signing = signing
        signed, _, mac = id_token(provider).rpartition(".")
        expected = hmac.digest(secret, signed.encode(), "sha256")
        assert base64.urlsafe_b64decode(mac + "=") == expected
        assert header_of(signed)["alg"] == "HS256"
    provider.signing = "wrong-key"
    assert header_of(id_token(provider))["kid"] == rsa["kid"]
    for signing in ("unknown-kid", "no-kid"):
        provider.signing = signing
        token = id_token(provider)
        kid = header_of(token).get("kid")
        assert kid is None if signing == "no-kid" else kid not in {None, rsa["kid"]}
        assert jwt.decode(token, RSAKey.import_key(rsa), ["RS256"]).claims["sub"] == "ada-1"


def test_rotated_keys_are_gone(provider: Provider) -> None:
    before, token = published_keys(provider), id_token(provider)
    provider.rotate_keys()
    with pytest.raises((JoseError, ValueError)):
        jwt.decode(token, published_keys(provider), ["RS256"])
    with pytest.raises((JoseError, ValueError)):
        jwt.decode(id_token(provider), before, ["RS256"])
    assert claims_of(provider)["sub"] == "ada-1"


def test_claims_are_overridden_and_left_out(provider: Provider) -> None:
    provider.person("ada-1").claims["email"] = "ada@new.example"
    provider.claims = {"aud": ["a", "b"], "nonce": MISSING, "email_verified": "false"}
    provider.auth_time = 12
    claims = claims_of(provider)
    assert claims["aud"] == ["a", "b"]
    assert "nonce" not in claims
    assert (claims["email"], claims["email_verified"]) == ("ada@new.example", "false")
    assert claims["auth_time"] == 12
    provider.drop_id_token = True
    assert "id_token" not in exchange(provider, fresh_code(provider)).json()
    provider.response_iss = "http://other"
    assert provider.authorize(question(provider), "ada-1")["iss"] == "http://other"


def test_endpoints_fail_as_told(provider: Provider) -> None:
    provider.status = {"jwks": 503}
    assert httpx.get(f"{provider.issuer}/jwks").status_code == 503
    provider.bodies = {"jwks": b"\x00garbage", "token": b"{" * 5_000_000}
    answer = httpx.get(f"{provider.issuer}/jwks")
    assert (answer.status_code, answer.content) == (503, b"\x00garbage")
    assert len(exchange(provider, "made-up").content) == 5_000_000
    provider.bodies, provider.status = {}, {}
    assert claims_of(provider)["sub"] == "ada-1"


async def test_a_slow_answer_holds_up_nobody_else(provider: Provider) -> None:
    provider.delay_s = {"jwks": 60}
    async with httpx.AsyncClient(base_url=provider.issuer) as client:
        slow = asyncio.create_task(client.get("/jwks"))
        while not provider.hits["jwks"]:
            await asyncio.sleep(0.01)
        assert (await client.get("/.well-known/openid-configuration")).status_code == 200
        assert not slow.done()
        with pytest.raises(httpx.ReadTimeout):
            await client.get("/jwks", timeout=0.2)
        started = time.monotonic()
        await asyncio.to_thread(provider.stop)
        assert time.monotonic() - started < 5
        assert (await slow).status_code == 500
