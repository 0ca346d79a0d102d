"""The tests' own OpenID Provider does what the standards ask."""

import json
import time
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.oidc_client import (
    CALLBACK,
    VERIFIER,
    exchange,
    fresh_code,
    provider,
    published_keys,
    question,
)
from tests.oidc_keys import digest_text
from tests.oidc_provider import MISSING, Provider, RequestRefused

__all__ = ["provider"]


def test_discovery_leads_to_what_is_there(provider: Provider) -> None:
    document = httpx.get(f"{provider.issuer}/.well-known/openid-configuration").json()
    assert document["issuer"] == provider.issuer
    assert document["authorization_endpoint"] == f"{provider.issuer}/authorize"
    assert document["response_modes_supported"] == ["query", "fragment", "form_post"]
    assert document["id_token_signing_alg_values_supported"] == ["RS256"]
    assert "authorization_response_iss_parameter_supported" not in document
    assert httpx.get(document["jwks_uri"]).json()["keys"][0]["kty"] == "RSA"
    assert "d" not in httpx.get(document["jwks_uri"]).json()["keys"][0]
    provider.metadata = {"issuer": "http://other", "jwks_uri": MISSING}
    provider.response_iss = provider.issuer
    document = httpx.get(f"{provider.issuer}/.well-known/openid-configuration").json()
    assert document["issuer"] == "http://other"
    assert "jwks_uri" not in document
    assert document["authorization_response_iss_parameter_supported"] is True


def test_a_person_agrees_in_the_browser(provider: Provider) -> None:
    page = httpx.get(question(provider))
    assert "<h1>Sign in to Test provider</h1>" in page.text
    assert "Continue as ada@example.com" in page.text
    answer = httpx.post(question(provider), data={"sub": "ada-1"})
    assert answer.status_code == 303
    assert answer.headers["location"].partition("?")[0] == CALLBACK
    back = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert set(back) == {"code", "state"}
    assert back["state"] == "a-state"
    assert exchange(provider, back["code"]).status_code == 200
    assert provider.hits == {"authorize": 2, "token": 1}
    assert provider.token_requests[0]["code_verifier"] == VERIFIER


def test_a_person_cancels(provider: Provider) -> None:
    answer = httpx.post(question(provider), data={"cancel": "1"})
    back = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert back == {"error": "access_denied", "state": "a-state"}


def test_an_answer_by_form_names_the_person_once(provider: Provider) -> None:
    url = question(provider, response_mode="form_post")
    page = httpx.post(url, data={"sub": "ada-1"}).text
    assert f'action="{CALLBACK}"' in page
    assert 'name="user"' in page
    assert "<button>Continue</button>" in page
    assert "user" not in provider.authorize(url, "ada-1")
    provider.person("ada-1").has_consented = False
    user = json.loads(provider.authorize(url, "ada-1")["user"])
    assert user["email"] == "ada@example.com"
    assert user["name"] == {"firstName": "Ada", "lastName": "King Lovelace"}


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "other"},
        {"response_type": "token"},
        {"redirect_uri": None},
        {"redirect_uri": "/callback"},
        {"scope": "email"},
        {"state": None},
        {"nonce": None},
        {"code_challenge": None},
        {"code_challenge": "short"},
        {"code_challenge_method": "plain"},
        {"response_mode": "web_message"},
    ],
)
def test_a_careless_request_is_refused(provider: Provider, changes: dict[str, str | None]) -> None:
    url = question(provider, **changes)
    assert httpx.get(url).status_code == 400
    assert httpx.post(url, data={"sub": "ada-1"}).status_code == 400
    with pytest.raises(RequestRefused):
        provider.authorize(url, "ada-1")


def test_only_the_endpoint_itself_is_asked_with_each_parameter_once(provider: Provider) -> None:
    with pytest.raises(RequestRefused):
        provider.authorize(question(provider).replace("/authorize", "/elsewhere"), "ada-1")
    with pytest.raises(RequestRefused):
        provider.authorize(question(provider) + "&state=b-state", "ada-1")


def test_the_token_tells_who_and_when(provider: Provider) -> None:
    before = int(time.time())
    answer = exchange(provider, fresh_code(provider)).json()
    assert answer["token_type"] == "Bearer"
    claims = jwt.decode(answer["id_token"], published_keys(provider), ["RS256"]).claims
    issued_at = claims.pop("iat")
    assert before <= issued_at <= time.time()
    assert before <= claims.pop("auth_time") <= issued_at
    assert claims == {
        "iss": provider.issuer,
        "sub": "ada-1",
        "aud": provider.client_id,
        "exp": issued_at + 300,
        "nonce": "a-nonce",
        "email": "ada@example.com",
        "email_verified": True,
        "name": "Ada King Lovelace",
        "at_hash": digest_text(answer["access_token"], size_bytes=16),
    }


def test_userinfo_tells_who_to_whom_was_given_the_token(provider: Provider) -> None:
    token = exchange(provider, fresh_code(provider)).json()["access_token"]
    url = f"{provider.issuer}/userinfo"
    answer = httpx.get(url, headers={"Authorization": f"Bearer {token}"})
    assert answer.json() == {
        "sub": "ada-1",
        "email": "ada@example.com",
        "email_verified": True,
        "name": "Ada King Lovelace",
    }
    for header in (f"Basic {token}", "Bearer made-up", ""):
        assert httpx.get(url, headers={"Authorization": header}).status_code == 401


def test_a_code_works_once_for_whom_it_was_made(provider: Provider) -> None:
    code = fresh_code(provider)
    assert exchange(provider, code).status_code == 200
    for answer in (
        exchange(provider, code),
        exchange(provider, "made-up"),
        exchange(provider, fresh_code(provider), redirect_uri=CALLBACK + "/"),
        exchange(provider, fresh_code(provider), code_verifier=VERIFIER + "x"),
    ):
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    answer = exchange(provider, fresh_code(provider), client_secret="guess")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    answer = exchange(provider, fresh_code(provider), grant_type="password")
    assert answer.json()["error"] == "unsupported_grant_type"


def test_a_code_lives_a_minute(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    code = fresh_code(provider)
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    assert exchange(provider, code).json()["error_description"] == "the code has expired"


def test_a_client_may_use_basic_authentication(provider: Provider) -> None:
    form = {
        "grant_type": "authorization_code",
        "code": fresh_code(provider),
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    url = f"{provider.issuer}/token"
    wrong = httpx.post(url, data=form, auth=(provider.client_id, "guess"))
    assert wrong.status_code == 401
    assert wrong.headers["www-authenticate"] == "Basic"
    right = httpx.post(url, data=form, auth=(provider.client_id, provider.client_secret))
    assert right.status_code == 200


def test_apple_wants_a_signed_secret() -> None:
    key, stranger = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
    apple = Provider(apple_public_key=key.as_pem(private=False), apple_team_id="TEAM123456")
    now = int(time.time())

    def answer(changes: dict[str, str | int], by: ECKey = key) -> str:
        claims = {
            "iss": "TEAM123456",
            "sub": apple.client_id,
            "aud": apple.issuer,
            "iat": now,
            "exp": now + 300,
        } | changes
        secret = jwt.encode({"alg": "ES256", "kid": "KEY1234567"}, claims, by)
        return exchange(apple, fresh_code(apple), client_secret=secret).json().get("error", "")

    with apple:
        apple.add_person("ada-1")
        assert answer({}) == ""
        assert answer({}, by=stranger) == "invalid_client"
        wrong_claims: list[dict[str, str | int]] = [
            {"iss": "TEAM000000"},
            {"sub": "other"},
            {"aud": "https://appleid.apple.com"},
            {"exp": now - 60},
            {"exp": now + 16_000_000},
        ]
        for changes in wrong_claims:
            assert answer(changes) == "invalid_client"
        plain = exchange(apple, fresh_code(apple))
        assert plain.json()["error"] == "invalid_client"


def test_stopped_it_refuses_and_comes_back_the_same(provider: Provider) -> None:
    issuer, code = provider.issuer, fresh_code(provider)
    with httpx.Client(base_url=issuer) as client:
        assert client.get("/jwks").status_code == 200
        provider.stop()
        with pytest.raises(httpx.ConnectError):
            client.get("/jwks")
        provider.start()
        assert provider.issuer == issuer
        assert client.get("/jwks").status_code == 200
    assert exchange(provider, code).status_code == 200
