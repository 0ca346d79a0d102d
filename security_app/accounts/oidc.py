"""OpenID Connect: the code flow with PKCE, and the checks of an ID token (S-61, S-62).

Sources: OpenID Connect Core 1.0 §3.1 and §5, Discovery 1.0 §4, RFC 7636, RFC 9207.
"""

import secrets as random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import quote_plus, urlencode

from authlib.oauth2.rfc7636 import (
    create_s256_code_challenge,  # pyright: ignore[reportUnknownVariableType]
)
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError

from security_app.accounts import provider_http
from security_app.accounts.apple import name_of
from security_app.accounts.oidc_issuers import (
    Issuer,
    is_usable,
    issuer_of,
    keys_of,
    refused,
    unavailable,
)
from security_app.accounts.provider_errors import ProviderDenied
from security_app.accounts.provider_http import NoAnswer, Refusal
from security_app.accounts.provider_types import Identity, Provider
from security_app.accounts.tokens import new_token
from security_app.clock import now

#: Fixed, whatever a token or a discovery document says: no ``none``, no HMAC (ASVS 9.1.2).
_ALGORITHMS = ("RS256", "ES256")
#: How far two clocks may be apart.
_LEEWAY_S = 60
#: An ID token is looked at right after it was made.
_MAX_AGE_S = 600
#: OpenID Connect Core §2: a subject has at most 255 ASCII characters.
_SUBJECT_MAX_CHARS = 255
#: The year 5138; what is later is no time a person signed in at.
_LAST_SECOND = 1e11
_VERIFIER_BYTES = 48  # 64 characters (RFC 7636 §4.1 asks for 43 to 128)


async def check(provider: Provider) -> None:
    """Make sure that the issuer is an address whose discovery document says so too.

    Raises:
        FieldRefused: no such address; field "issuer".
        ProviderUnavailable: the document cannot be had, or is another issuer's.
    """
    provider_http.require_usable(provider.issuer)
    await issuer_of(provider)


def new_secrets() -> dict[str, str]:
    """State, nonce and PKCE verifier of one round trip."""
    return {
        "state": new_token(),
        "nonce": new_token(),
        "verifier": random.token_urlsafe(_VERIFIER_BYTES),
    }


async def address(
    provider: Provider, secrets: dict[str, str], *, is_fresh: bool = False, hint: str = ""
) -> str:
    """The authorization request (OpenID Connect Core §3.1.2.1).

    Raises:
        ProviderUnavailable: the issuer's discovery document cannot be had.
    """
    metadata = (await issuer_of(provider)).metadata
    query: dict[str, str] = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": provider.redirect_uri,
        "scope": provider.scopes,
        "state": secrets["state"],
        "nonce": secrets["nonce"],
        "code_challenge": _challenge(secrets["verifier"]),
        "code_challenge_method": "S256",
    }
    if is_fresh:
        query |= {"prompt": "login", "max_age": "0"}
    if hint:
        query["login_hint"] = hint
    # Apple answers a request for the name by form_post only.
    if "name" in provider.scopes.split() and _supports_form_post(metadata):
        query["response_mode"] = "form_post"
    endpoint = metadata["authorization_endpoint"]
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"


async def identity(provider: Provider, secrets: dict[str, str], answer: dict[str, str]) -> Identity:
    """Exchange the code of an answer and check the ID token; no token is kept (S-67).

    Args:
        answer: ``code``, or ``error``; ``iss`` and, from Apple, ``user`` where it says them.

    Raises:
        ProviderUnavailable: the issuer does not answer.
        ProviderDenied: the person cancelled there.
        ProviderRefused: a check failed; the log says which.
    """
    issuer = await issuer_of(provider)
    says = answer.get("iss", "")
    must_say = issuer.metadata.get("authorization_response_iss_parameter_supported") is True
    if (says or must_say) and says != provider.issuer:
        raise refused(provider, "answer of another issuer")
    if error := answer.get("error"):
        if error == "access_denied":
            raise ProviderDenied(provider.name)
        raise refused(provider, "error in the answer")
    tokens = await _exchange(provider, issuer, answer.get("code", ""), secrets["verifier"])
    claims = await _checked_claims(provider, issuer, tokens, secrets["nonce"])
    person = await _person(provider, issuer, claims, tokens.get("access_token"))
    return _identity_of(provider, claims, person, answer.get("user", ""))


async def _exchange(provider: Provider, issuer: Issuer, code: str, verifier: str) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": provider.redirect_uri,
        "client_id": provider.client_id,
        "code_verifier": verifier,
    }
    secret, basic = provider.secret(), None
    if secret and _takes_secret_in_form(issuer.metadata):
        form["client_secret"] = secret
    elif secret:
        # Encoded first (RFC 6749 §2.3.1).
        basic = (quote_plus(provider.client_id), quote_plus(secret))
    endpoint = issuer.metadata["token_endpoint"]
    try:
        return await provider_http.post_form(
            endpoint, form, basic=basic, is_public_only=provider.is_chosen_by_people
        )
    except Refusal as error:
        raise refused(provider, f"token endpoint: {error}") from None
    except NoAnswer as error:
        raise unavailable(provider, f"token endpoint: {error}") from None


async def _checked_claims(
    provider: Provider, issuer: Issuer, tokens: dict[str, Any], nonce: str
) -> CodeIDToken:
    """The claims of an ID token that passed every check of OpenID Connect Core §3.1.3.7."""
    id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
    if not isinstance(id_token, str):
        raise refused(provider, "no ID token")
    try:
        token = await _verified(provider, issuer, id_token)
        claims = CodeIDToken(
            token.claims,
            token.header,
            options={
                "iss": {"essential": True, "value": provider.issuer},
                "aud": {"essential": True, "value": provider.client_id},
            },
            params={
                "nonce": nonce,
                "client_id": provider.client_id,
                "access_token": access_token if isinstance(access_token, str) else None,
            },
        )
        at = int(now().timestamp())
        claims.validate(now=at, leeway=_LEEWAY_S)  # pyright: ignore[reportUnknownMemberType]
        is_old = claims["iat"] < at - _MAX_AGE_S
    except (JoseError, ValueError, TypeError, KeyError) as error:
        # The kind only: the message of some names the value of a claim.
        raise refused(provider, f"ID token: {type(error).__name__}") from None
    if is_old:
        raise refused(provider, "ID token: issued long ago")
    return claims


async def _verified(provider: Provider, issuer: Issuer, id_token: str) -> jwt.Token:
    keys = await keys_of(provider, issuer)
    try:
        return jwt.decode(id_token, keys, algorithms=_ALGORITHMS)
    except InvalidKeyIdError:
        # The issuer may have changed its keys since they were read.
        keys = await keys_of(provider, issuer, is_stale=True)
        return jwt.decode(id_token, keys, algorithms=_ALGORITHMS)


async def _person(
    provider: Provider, issuer: Issuer, claims: CodeIDToken, access_token: object
) -> Mapping[str, object]:
    """Where address and name stand: in the ID token, else in the UserInfo answer.

    A provider that gives an access token may keep them for UserInfo (OpenID Connect
    Core §5.4); what that says counts for the subject of the ID token only (§5.3.2).
    """
    endpoint = issuer.metadata.get("userinfo_endpoint")
    if "email" in claims or endpoint is None or not isinstance(access_token, str):
        return claims
    if not is_usable(endpoint, provider.issuer):
        raise unavailable(provider, "discovery: userinfo_endpoint")
    try:
        person = await provider_http.get_json(
            endpoint, bearer=access_token, is_public_only=provider.is_chosen_by_people
        )
    except NoAnswer as error:
        raise unavailable(provider, f"UserInfo: {error}") from None
    if person.get("sub") != claims.get("sub"):
        raise refused(provider, "UserInfo: another subject")
    return person


def _identity_of(
    provider: Provider, claims: CodeIDToken, person: Mapping[str, object], user: str
) -> Identity:
    email, said, verified = (person.get(key) for key in ("email", "name", "email_verified"))
    return Identity(
        issuer=provider.issuer,
        subject=_subject(provider, claims),
        # No character that nobody sees, or that PostgreSQL does not take (S-83).
        email=email if isinstance(email, str) and email.isprintable() else "",
        # Apple writes the boolean as a string; the string "false" is none (S-65).
        email_verified=verified is True or verified == "true",
        name=name_of(user) or (said if isinstance(said, str) else ""),
        signed_in_at=_moment(claims.get("auth_time")),
    )


def _subject(provider: Provider, claims: CodeIDToken) -> str:
    subject: object = claims.get("sub")
    if (
        isinstance(subject, str)
        and 0 < len(subject) <= _SUBJECT_MAX_CHARS
        and subject.isascii()
        and subject.isprintable()
    ):
        return subject
    raise refused(provider, "ID token: subject")


def _moment(seconds: object) -> datetime | None:
    if not isinstance(seconds, int | float) or not 0 < seconds < _LAST_SECOND:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _challenge(verifier: str) -> str:
    return cast("str", create_s256_code_challenge(verifier))


def _takes_secret_in_form(metadata: dict[str, Any]) -> bool:
    """A provider that says nothing takes it in the Authorization header (Discovery 1.0 §3)."""
    methods: object = metadata.get("token_endpoint_auth_methods_supported")
    return isinstance(methods, list) and "client_secret_post" in methods


def _supports_form_post(metadata: dict[str, Any]) -> bool:
    modes: object = metadata.get("response_modes_supported")
    return isinstance(modes, list) and "form_post" in modes
