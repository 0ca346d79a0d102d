"""The keys of the tests' OpenID Provider, and ID tokens signed well or in each wrong way."""

import base64
import functools
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Final, Literal

from joserfc import jwt
from joserfc.jwk import ECKey, KeyParameters, RSAKey


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


#: As a value among overrides: the name is left out.
MISSING: Final = _Missing()

#: How the ID token is signed. All but the first are to be refused:
#: RS256 the published RSA key; ES256 an EC key that is published meanwhile;
#: none no signature; HS256-with-public-key the published key's PEM as HMAC key;
#: HS256-with-secret the client secret as HMAC key; wrong-key a key never published
#: under the kid of the published one; unknown-kid the published key under a kid that
#: is not; no-kid the published key without a kid (which a client may accept while
#: only one key is published, OIDC Core §10.1).
Signing = Literal[
    "RS256",
    "ES256",
    "none",
    "HS256-with-public-key",
    "HS256-with-secret",
    "wrong-key",
    "unknown-kid",
    "no-kid",
]


def overlay(base: Mapping[str, object], overrides: Mapping[str, object]) -> dict[str, object]:
    """The first mapping with the second's values, without what is MISSING there."""
    merged = {**base, **overrides}
    return {name: value for name, value in merged.items() if value is not MISSING}


def digest_text(value: str, *, size_bytes: int = 32) -> str:
    """The leading bytes of SHA-256 of an ASCII text, base64url without padding.

    With 32 bytes the S256 challenge of a code verifier (RFC 7636 §4.2), with 16 the
    ``at_hash`` of an access token (OIDC Core §3.1.3.6).
    """
    return _base64url(hashlib.sha256(value.encode()).digest()[:size_bytes])


class SigningKeys:
    """What signs now, and what is published of it."""

    def __init__(self) -> None:
        self.rotate()

    def rotate(self) -> None:
        """New keys with new ids; the former ones are published no longer."""
        self._rsa = RSAKey.generate_key(2048, _parameters("RS256"))
        self._ec = ECKey.generate_key("P-256", _parameters("ES256"))

    def published(self, signing: Signing) -> dict[str, object]:
        """The JSON Web Key Set: one RSA key, and the EC key only while it signs."""
        keys = [self._rsa, self._ec] if signing == "ES256" else [self._rsa]
        return {"keys": [key.as_dict(private=False) for key in keys]}

    def sign(self, claims: Mapping[str, object], signing: Signing, client_secret: str) -> str:
        """A compact JWS of these claims."""
        header: dict[str, object] = {"alg": "RS256", "typ": "JWT", "kid": self._rsa.kid}
        key: RSAKey | ECKey | bytes | None = self._rsa
        match signing:
            case "RS256":
                pass
            case "ES256":
                header |= {"alg": "ES256", "kid": self._ec.kid}
                key = self._ec
            case "none":
                header, key = {"alg": "none", "typ": "JWT"}, None
            case "HS256-with-public-key":
                header["alg"] = "HS256"
                key = self._rsa.as_pem(private=False)
            case "HS256-with-secret":
                header["alg"] = "HS256"
                key = client_secret.encode()
            case "wrong-key":
                key = self._never_published
            case "unknown-kid":
                header["kid"] = f"unknown-{secrets.token_hex(4)}"
            case "no-kid":
                del header["kid"]
        if isinstance(key, RSAKey | ECKey):
            return jwt.encode(header, dict(claims), key)
        return _by_hand(header, claims, key)

    @functools.cached_property
    def _never_published(self) -> RSAKey:
        return RSAKey.generate_key(2048)


def _parameters(algorithm: str) -> KeyParameters:
    return {"kid": f"key-{secrets.token_hex(8)}", "use": "sig", "alg": algorithm}


def _by_hand(header: object, claims: Mapping[str, object], key: bytes | None) -> str:
    """What a signing library refuses to make, after RFC 7515 §3.1."""
    parts = (json.dumps(part).encode() for part in (header, claims))
    signed = ".".join(_base64url(part) for part in parts)
    mac = b"" if key is None else hmac.digest(key, signed.encode(), "sha256")
    return f"{signed}.{_base64url(mac)}"


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
