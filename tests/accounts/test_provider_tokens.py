"""What a provider answers, honest or not: S-61, S-62, S-67. A real process over HTTP."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from security_app.accounts import oidc_issuers, provider_sign_in
from security_app.accounts.errors import Refused
from security_app.accounts.provider_errors import (
    AddressUnproven,
    ProviderRefused,
    ProviderUnavailable,
)
from security_app.accounts.provider_http import NoAnswer, get_json
from security_app.db.engine import reading
from security_app.db.tables import Account
from tests.accounts.cast import OWNER, outcome_of
from tests.accounts.identities import (
    ADA_AT_GOOGLE,
    ADAS_ADDRESS,
    come_back,
    google,
    sign_in_with,
    url_of,
)
from tests.oidc_provider import MISSING, Provider, Signing

__all__ = ["google"]

pytestmark = pytest.mark.usefixtures("database", "clock")
#: An hour off the time the clock stands at.
_LATER, _EARLIER = (int(datetime(2026, 5, 4, hour, tzinfo=UTC).timestamp()) for hour in (11, 9))


async def _nobody_came_in() -> bool:
    async with reading() as db:
        return (await db.exec(select(Account.id))).first() is None


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("nonce", "another"),
        ("nonce", MISSING),
        ("nonce", ""),
        ("iss", "https://accounts.google.com.evil.example"),
        ("iss", MISSING),
        ("iss", ["a"]),
        ("aud", "another-client"),
        ("aud", MISSING),
        ("aud", []),
        ("aud", ["another-client", "third"]),
        ("aud", ["client", "another-client"]),
        ("azp", "another-client"),
        ("exp", 1),
        ("exp", MISSING),
        ("exp", "tomorrow"),
        ("exp", True),
        ("iat", MISSING),
        ("iat", "now"),
        ("iat", _LATER),
        ("iat", _EARLIER),
        ("nbf", _LATER),
        ("sub", MISSING),
        ("sub", ""),
        ("sub", 7),
        ("sub", None),
        ("sub", "x" * 256),
        ("sub", "ädä"),
        ("sub", "a\0da"),
        ("sub", "a\nda"),
        ("at_hash", "b3RoZXI"),
    ],
)
async def test_s62_a_claim_that_is_wrong_lets_nobody_in(
    google: Provider, claim: str, value: object
) -> None:
    google.claims[claim] = value
    arrived = await sign_in_with(google, ADA_AT_GOOGLE)
    assert isinstance(arrived.refusal, ProviderRefused)
    assert await _nobody_came_in()


async def test_s62_several_audiences_need_us_as_the_authorized_party(google: Provider) -> None:
    google.claims |= {"aud": ["client", "another"], "azp": "client"}
    assert (await sign_in_with(google, ADA_AT_GOOGLE)).ticket


@pytest.mark.parametrize(
    "signing",
    ["none", "HS256-with-public-key", "HS256-with-secret", "wrong-key", "unknown-kid"],
)
async def test_s62_only_the_issuers_own_signature_counts(
    google: Provider, signing: Signing
) -> None:
    google.signing = signing
    arrived = await sign_in_with(google, ADA_AT_GOOGLE)
    assert isinstance(arrived.refusal, ProviderRefused)
    assert await _nobody_came_in()


async def test_s62_an_issuer_may_sign_with_an_elliptic_curve(google: Provider) -> None:
    google.signing = "ES256"
    assert (await sign_in_with(google, ADA_AT_GOOGLE)).ticket


async def test_s62_keys_may_change_while_we_run(
    google: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await sign_in_with(google, ADA_AT_GOOGLE)).ticket
    google.rotate_keys()
    monkeypatch.setattr(oidc_issuers, "_KEYS_AGAIN_S", 0.0)
    assert (await sign_in_with(google, ADA_AT_GOOGLE)).ticket
    assert google.hits["jwks"] == 2


async def test_unknown_keys_are_no_flood_of_requests(google: Provider) -> None:
    google.signing = "unknown-kid"
    for _ in range(5):
        await sign_in_with(google, ADA_AT_GOOGLE)
    assert google.hits["jwks"] == 1


@pytest.mark.parametrize(
    "trouble",
    [
        lambda it: it.status.update(token=400),
        lambda it: it.status.update(token=401),
        lambda it: setattr(it, "drop_id_token", True),
        lambda it: it.bodies.update(token=b'{"id_token": 7}'),
        lambda it: it.bodies.update(token=b'{"id_token": "a.b"}'),
        lambda it: it.bodies.update(token=b'{"id_token": "a.b.c", "access_token": []}'),
    ],
)
async def test_s67_an_exchange_that_fails_is_closed(
    google: Provider, trouble: Callable[[Provider], None]
) -> None:
    trouble(google)
    arrived = await sign_in_with(google, ADA_AT_GOOGLE)
    assert isinstance(arrived.refusal, ProviderRefused)
    assert await _nobody_came_in()


@pytest.mark.parametrize(
    "trouble",
    [
        lambda it: it.status.update(token=500),
        lambda it: it.status.update(jwks=500),
        lambda it: it.status.update(jwks=404),
        lambda it: it.bodies.update(token=b"x" * 1_000_000),
        lambda it: it.bodies.update(token=b"[]"),
        lambda it: it.bodies.update(token=b"[" * 100_000),
        lambda it: it.bodies.update(jwks=b"{}"),
        lambda it: it.bodies.update(jwks=b'{"keys": [7]}'),
        lambda it: it.bodies.update(jwks=b'{"keys": "x"}'),
        lambda it: it.bodies.update(jwks=b"<html>"),
    ],
)
async def test_s67_a_provider_that_answers_nonsense_is_unavailable(
    google: Provider, trouble: Callable[[Provider], None]
) -> None:
    trouble(google)
    arrived = await sign_in_with(google, ADA_AT_GOOGLE)
    assert isinstance(arrived.refusal, ProviderUnavailable)
    assert await _nobody_came_in()


def _keeps_for_userinfo(google: Provider) -> None:
    google.claims |= {"email": MISSING, "email_verified": MISSING, "name": MISSING}


async def test_what_an_id_token_leaves_out_userinfo_says(google: Provider) -> None:
    """OpenID Connect Core §5.4: beside an access token, claims may be there only."""
    _keeps_for_userinfo(google)
    assert (await sign_in_with(google, ADA_AT_GOOGLE)).ticket
    async with reading() as db:
        account = (await db.exec(select(Account))).one()
    assert (account.email, account.name) == (ADAS_ADDRESS, "Ada King")
    assert google.hits["userinfo"] == 1


async def test_an_id_token_that_says_all_is_enough(google: Provider) -> None:
    google.userinfo["sub"] = "somebody-else"
    assert (await sign_in_with(google, ADA_AT_GOOGLE)).ticket
    assert google.hits["userinfo"] == 0


@pytest.mark.parametrize(
    ("trouble", "refusal"),
    [
        (lambda it: it.userinfo.update(sub="somebody-else"), ProviderRefused),
        (lambda it: it.userinfo.update(sub=MISSING), ProviderRefused),
        (lambda it: it.userinfo.update(email_verified=False), AddressUnproven),
        (lambda it: it.userinfo.update(email_verified=MISSING), AddressUnproven),
        # Of an address that stands elsewhere.
        (
            lambda it: (
                it.userinfo.update(email_verified=MISSING),
                it.claims.update(email_verified=True),
            ),
            AddressUnproven,
        ),
        (lambda it: it.metadata.update(userinfo_endpoint=MISSING), AddressUnproven),
        (
            lambda it: it.metadata.update(userinfo_endpoint="file:///etc/hosts"),
            ProviderUnavailable,
        ),
        (lambda it: it.metadata.update(userinfo_endpoint=["http://a"]), ProviderUnavailable),
        (lambda it: it.status.update(userinfo=401), ProviderUnavailable),
        (lambda it: it.status.update(userinfo=500), ProviderUnavailable),
        (lambda it: it.bodies.update(userinfo=b"a.signed.answer"), ProviderUnavailable),
    ],
)
async def test_userinfo_that_is_wrong_lets_nobody_in(
    google: Provider, trouble: Callable[[Provider], None], refusal: type[Refused]
) -> None:
    _keeps_for_userinfo(google)
    trouble(google)
    arrived = await sign_in_with(google, ADA_AT_GOOGLE)
    assert isinstance(arrived.refusal, refusal)
    assert await _nobody_came_in()


async def test_an_access_token_no_header_can_carry_is_none(google: Provider) -> None:
    with pytest.raises(NoAnswer):
        await get_json(f"{google.issuer}/userinfo", bearer="tökén")


@pytest.mark.parametrize(
    "trouble",
    [
        lambda it: it.stop(),
        lambda it: it.status.update(discovery=500),
        lambda it: it.status.update(discovery=302),
        lambda it: it.bodies.update(discovery=b"x" * 1_000_000),
        lambda it: it.bodies.update(discovery=b"null"),
        lambda it: it.metadata.update(issuer="https://other.example"),
        lambda it: it.metadata.update(token_endpoint=MISSING),
        lambda it: it.metadata.update(authorization_endpoint="javascript:alert(1)"),
        lambda it: it.metadata.update(authorization_endpoint="http://a\nb"),
        lambda it: it.metadata.update(jwks_uri=["http://a"]),
    ],
)
async def test_s67_without_discovery_nobody_is_sent_away(
    google: Provider, trouble: Callable[[Provider], None]
) -> None:
    trouble(google)
    refusal = await outcome_of(provider_sign_in.begin(OWNER, "google"))
    assert isinstance(refusal, ProviderUnavailable)
    assert "Google does not answer" in refusal.sentence


async def test_a_slow_provider_is_not_waited_for(
    google: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("security_app.accounts.provider_http._WITHIN_S", 0.3)
    google.delay_s["discovery"] = 5
    refusal = await outcome_of(provider_sign_in.begin(OWNER, "google"))
    assert isinstance(refusal, ProviderUnavailable)


async def test_a_provider_that_comes_back_is_asked_again(google: Provider) -> None:
    google.stop()
    assert isinstance(
        await outcome_of(provider_sign_in.begin(OWNER, "google")), ProviderUnavailable
    )
    google.start()
    assert (await sign_in_with(google, ADA_AT_GOOGLE)).ticket


@pytest.mark.parametrize("issuer", ["https://evil.example", ""])
async def test_an_answer_says_whose_it_is_where_it_must(google: Provider, issuer: str) -> None:
    """RFC 9207: a mixed-up answer of another issuer is not exchanged."""
    google.response_iss = google.issuer
    path = await provider_sign_in.begin(OWNER, "google")
    answer = google.authorize(await url_of(path), ADA_AT_GOOGLE)
    assert answer["iss"] == google.issuer
    arrived = await come_back(answer | {"iss": issuer})
    assert isinstance(arrived.refusal, ProviderRefused)
    assert google.hits["token"] == 0


@pytest.mark.parametrize(
    ("methods", "is_in_form"),
    [
        (["client_secret_post", "client_secret_basic"], True),
        (["client_secret_post"], True),
        (["client_secret_basic", "private_key_jwt"], False),
        (MISSING, False),
        ("client_secret_post", False),
    ],
)
async def test_the_secret_goes_the_way_the_provider_takes_it(
    environment: Callable[..., None], methods: object, *, is_in_form: bool
) -> None:
    """OpenID Connect Discovery 1.0 §3: who says nothing takes HTTP Basic."""
    with Provider("client: 1", "50 % + an/odd:sécret") as provider:
        provider.add_person(ADA_AT_GOOGLE, email=ADAS_ADDRESS)
        provider.metadata["token_endpoint_auth_methods_supported"] = methods
        environment(
            GOOGLE_CLIENT_ID=provider.client_id,
            GOOGLE_CLIENT_SECRET=provider.client_secret,
            GOOGLE_ISSUER=provider.issuer,
        )
        assert (await sign_in_with(provider, ADA_AT_GOOGLE)).ticket
        assert ("client_secret" in provider.token_requests[0]) == is_in_form


async def test_the_exchange_carries_the_verifier_of_its_own_trip(google: Provider) -> None:
    """A code of one trip with the state of another: PKCE refuses it at the provider."""
    first = google.authorize(
        await url_of(await provider_sign_in.begin(OWNER, "google")), ADA_AT_GOOGLE
    )
    second = google.authorize(
        await url_of(await provider_sign_in.begin(OWNER, "google")), ADA_AT_GOOGLE
    )
    arrived = await come_back(first | {"code": second["code"]})
    assert isinstance(arrived.refusal, ProviderRefused)
    assert await _nobody_came_in()
