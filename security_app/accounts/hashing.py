"""Slow keyed hashes of passwords and PINs, in a bounded pool of threads.

Argon2id with 19 MiB, t=2, p=1 (OWASP Password Storage; S-06) over an
HMAC-SHA-256 of the text, whose key is outside the database. The stored form is
``<key id>$argon2id$…``: it describes itself, so parameters and keys can rise.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import os
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from passlib.hash import argon2  # pyright: ignore[reportMissingTypeStubs, reportAttributeAccessIssue, reportUnknownVariableType]

from security_app.accounts.errors import Overloaded
from security_app.keys import Key, key_by_id, keys

# Otherwise the library chooses its implementation at the first hash, and fails when two
# threads do so at once: the first two people to sign in after a start.
cast("Any", argon2).set_backend()
_ARGON2 = cast("Any", argon2).using(type="ID", memory_cost=19 * 1024, time_cost=2, parallelism=1)
#: Argon2 releases the interpreter lock: as many threads as cores, no more (B-1, B-14).
_THREADS = os.cpu_count() or 1
#: Who waits longer than this many others is told to come back (S-88).
_MAX_WAITING = 256

T = TypeVar("T")

_pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="hashing")
#: Twice the threads: while one attempt is counted in the database another is hashed (B-1).
_places = asyncio.Semaphore(2 * _THREADS)
_waiting = 0


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of checking one text; look at ``is_right`` (nothing raises for wrong).

    Attributes:
        is_right: whether the text is the stored one.
        rehashed: a new stored form when parameters or key have risen, else None.
    """

    is_right: bool
    rehashed: str | None = None

    def __bool__(self) -> bool:
        """Refuse to be used as a condition by accident."""
        msg = "look at is_right"
        raise TypeError(msg)


@contextlib.asynccontextmanager
async def hashing_place() -> AsyncGenerator[None]:
    """Wait for a free hashing thread, so that what is counted is really evaluated.

    Raises:
        Overloaded: too many are waiting already.
    """
    global _waiting  # noqa: PLW0603 - one pool per process
    if _waiting >= _MAX_WAITING:
        raise Overloaded
    _waiting += 1
    try:
        await _places.acquire()
    finally:
        _waiting -= 1
    try:
        yield
    finally:
        _places.release()


async def hash_text(text: str, purpose: str) -> str:
    """Hash a new password or PIN. Call inside :func:`hashing_place`.

    Args:
        text: bounded and normalised by the caller.
        purpose: "password" or "pin": their keys differ.

    Returns:
        The stored form, about 110 characters.
    """
    return await _in_pool(lambda: _hash(text, purpose))


async def verify_text(text: str, stored: str | None, purpose: str) -> Verification:
    """Check a password or PIN. Call inside :func:`hashing_place`.

    Without a stored form the same work is done, so that unknown accounts take
    the same time (S-47).
    """
    return await _in_pool(lambda: _verify(text, stored, purpose))


async def warm() -> None:
    """Start every hashing thread, and page in what hashing needs, before anybody waits for it."""
    await asyncio.gather(*(_in_pool(lambda: _hash("", "password")) for _ in range(_THREADS)))


async def _in_pool(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_pool, work)


def _hash(text: str, purpose: str) -> str:
    key = keys()[0]
    return f"{key.id}{_ARGON2.hash(_keyed(text, key, purpose))}"


def _verify(text: str, stored: str | None, purpose: str) -> Verification:
    key_id, separator, rest = (stored or "").partition("$")
    key = key_by_id(key_id)
    if not separator or key is None:
        _hash(text, purpose)
        return Verification(is_right=False)
    encoded = f"${rest}"
    if not _ARGON2.verify(_keyed(text, key, purpose), encoded):
        return Verification(is_right=False)
    is_current = key is keys()[0] and not _ARGON2.needs_update(encoded)
    return Verification(is_right=True, rehashed=None if is_current else _hash(text, purpose))


def _keyed(text: str, key: Key, purpose: str) -> str:
    mac = hmac.new(key.derive(f"hash:{purpose}"), text.encode("utf-8", "replace"), hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()
