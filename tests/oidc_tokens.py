"""The token endpoint of the tests' OpenID Provider: who asks, and with which code."""

import base64
import binascii
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from tests.oidc_consent import AuthorizationRequest
from tests.oidc_keys import digest_text

#: How long a code can be exchanged, in seconds (RFC 6749 §4.1.2 allows ten minutes).
CODE_LIFE_S = 60
#: How far ahead Apple lets a client secret end, in seconds (six months).
APPLE_SECRET_LIFE_S = 15_777_000


class TokenRefused(Exception):
    """An error answer of RFC 6749 §5.2."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.status = 401 if error == "invalid_client" else 400


@dataclass(frozen=True)
class Grant:
    """What somebody agreed to, until it is exchanged.

    Attributes:
        at: the moment of consent, in seconds of the epoch.
    """

    request: AuthorizationRequest
    sub: str
    at: float

    def check(self, form: Mapping[str, str]) -> None:
        """Check what comes with the code.

        Raises:
            TokenRefused: too late, another redirect_uri, a wrong verifier.
        """
        if time.time() - self.at > CODE_LIFE_S:
            raise TokenRefused("invalid_grant", "the code has expired")
        if form.get("redirect_uri") != self.request.redirect_uri:
            raise TokenRefused("invalid_grant", "redirect_uri is not the one of the request")
        if digest_text(form.get("code_verifier", "")) != self.request.challenge:
            raise TokenRefused("invalid_grant", "code_verifier does not match the challenge")


@dataclass(frozen=True)
class Client:
    """The one client of the provider, and how it proves who it is.

    Attributes:
        apple_public_key: PEM of a P-256 key; when given, the secret is a signed token.
        apple_team_id: what that token names as its issuer; anything, when None.
    """

    id: str
    secret: str
    apple_public_key: bytes | str | None = None
    apple_team_id: str | None = None

    def check(self, authorization: str | None, form: Mapping[str, str], issuer: str) -> None:
        """Authenticate a request to the token endpoint (RFC 6749 §2.3.1).

        Raises:
            TokenRefused: unknown client, wrong secret, or two ways at once.
        """
        if authorization is not None:
            if "client_secret" in form:
                raise TokenRefused("invalid_request", "two ways of client authentication")
            id_, secret = _from_basic(authorization)
        else:
            id_, secret = form.get("client_id", ""), form.get("client_secret", "")
        if id_ != self.id:
            raise TokenRefused("invalid_client", "client_id is unknown")
        if self.apple_public_key is not None:
            self._check_signed(secret, issuer)
        elif secret != self.secret:
            raise TokenRefused("invalid_client", "client_secret is wrong")

    def _check_signed(self, secret: str, issuer: str) -> None:
        """Apple: "Creating a client secret"; ES256, key id in the header, at most six months."""
        assert self.apple_public_key is not None
        team = {"essential": True} | ({"value": self.apple_team_id} if self.apple_team_id else {})
        registry = jwt.JWTClaimsRegistry(
            iss=team,  # pyright: ignore[reportArgumentType]
            sub={"essential": True, "value": self.id},
            aud={"essential": True, "value": issuer},
            exp={"essential": True},
            iat={"essential": True},
        )
        try:
            token = jwt.decode(secret, ECKey.import_key(self.apple_public_key), ["ES256"])
            registry.validate(token.claims)
        except (JoseError, ValueError) as error:
            raise TokenRefused("invalid_client", f"client_secret: {error}") from None
        if not token.header.get("kid"):
            raise TokenRefused("invalid_client", "client_secret: no key id in the header")
        if token.claims["exp"] > time.time() + APPLE_SECRET_LIFE_S:
            raise TokenRefused("invalid_client", "client_secret: ends in over six months")


def _from_basic(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise TokenRefused("invalid_client", "the Authorization header is malformed") from None
    if scheme.lower() != "basic":
        raise TokenRefused("invalid_client", "the Authorization header is not Basic")
    id_, _, secret = text.partition(":")
    return unquote_plus(id_), unquote_plus(secret)
