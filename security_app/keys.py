"""Keys from the environment: one secret, several purposes, rotation by order.

The first of ``SECRET_KEYS`` seals and hashes; all of them open and verify
(S-74, S-75). Every purpose gets its own key by HKDF (RFC 5869), so that what
is made for one purpose is useless for another.
"""

import functools
import hashlib
import hmac
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from security_app.settings import get_settings


@dataclass(frozen=True, slots=True)
class Key:
    """One secret key.

    Attributes:
        id: 8 hex characters, stored beside what the key made.
        secret: the key's bytes as given.
    """

    id: str
    secret: bytes = field(repr=False)

    def derive(self, purpose: str) -> bytes:
        """Derive the 32-byte key of one purpose."""
        return _derive(self.secret, purpose)


@functools.lru_cache(maxsize=64)
def _derive(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=b"security-centre", info=purpose.encode()).derive(secret)


@functools.cache
def keys() -> tuple[Key, ...]:
    """All keys, the sealing one first."""
    secrets = [key.get_secret_value().encode() for key in get_settings().secret_keys]
    return tuple(Key(hashlib.sha256(b"id:" + secret).hexdigest()[:8], secret) for secret in secrets)


def key_by_id(key_id: str) -> Key | None:
    """The key that made something, if it is still configured."""
    return next((key for key in keys() if key.id == key_id), None)


def keyed_digest(purpose: str, text: str, key: Key | None = None) -> str:
    """HMAC-SHA-256 of a text as 64 hex characters, by default under the first key.

    For look-ups of values too easy to guess for a plain digest, such as addresses.
    """
    secret = (key or keys()[0]).derive(purpose)
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()
