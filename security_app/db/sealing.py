"""Sealed values: AES-256-GCM with the key's id, a fresh nonce and a bound context (S-74)."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from security_app.keys import key_by_id, keys

_NONCE_BYTES = 12  # NIST SP 800-38D §8.2.2
_KEY_ID_CHARS = 8


class CannotOpen(Exception):
    """The value was changed, moved to another row, or its key is gone."""


def seal(plaintext: bytes, context: str) -> bytes:
    """Seal a value so that it opens in its own place only.

    Args:
        plaintext: the secret.
        context: account and purpose, for example ``outbox:<id>``; must be the same to open.

    Returns:
        key id (8 bytes ASCII) + nonce (12 bytes) + ciphertext and tag.
    """
    key = keys()[0]
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(key.derive("seal")).encrypt(nonce, plaintext, context.encode())
    return key.id.encode() + nonce + sealed


def open_sealed(sealed: bytes, context: str) -> bytes:
    """Open what :func:`seal` made.

    Raises:
        CannotOpen: wrong context, changed bytes, or a key no longer configured.
    """
    key = key_by_id(sealed_with(sealed))
    if key is None:
        msg = "no key"
        raise CannotOpen(msg)
    nonce = sealed[_KEY_ID_CHARS : _KEY_ID_CHARS + _NONCE_BYTES]
    body = sealed[_KEY_ID_CHARS + _NONCE_BYTES :]
    try:
        return AESGCM(key.derive("seal")).decrypt(nonce, body, context.encode())
    except (InvalidTag, ValueError):
        msg = "does not open"
        raise CannotOpen(msg) from None


def sealed_with(sealed: bytes) -> str:
    """The id of the key that sealed a value."""
    return sealed[:_KEY_ID_CHARS].decode("ascii", "replace")
