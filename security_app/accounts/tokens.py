"""Random values that open something, and the digest that stands for them at rest."""

import hashlib
import secrets

#: 256 random bits (S-35), as 43 URL-safe characters.
_TOKEN_BYTES = 32


def new_token() -> str:
    """A fresh value from the system's CSPRNG: 43 URL-safe characters."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def digest(token: str) -> str:
    """SHA-256 of a token as 64 hex characters.

    A plain digest is enough for 256 random bits; nothing shorter may use it.
    """
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
