"""API keys as they are sent, found and counted (S-69 to S-72).

A key looks like ``sapp_`` + 40 base62 characters + 6 of a checksum, so that secret
scanners find it, and garbage is refused without asking the database. Making,
replacing and revoking them is in ``api_key_changes``, showing them in ``api_key_list``.
"""

import secrets
import string
import zlib
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, or_, update
from sqlalchemy import select as select_columns
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.api_key_errors import ScopeRequired, SessionRequired
from security_app.accounts.places import place_of
from security_app.accounts.tokens import digest
from security_app.clock import now
from security_app.db.engine import read_row, transaction
from security_app.db.tables import Account, ApiKey
from security_app.limits import ACTIVITY_RESOLUTION, API_KEY_MEMORY

PREFIX = "sapp_"
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM_CHARS = 40
_CHECK_CHARS = 6


def new_key() -> str:
    """A fresh key: 238 random bits from the system's CSPRNG, and their checksum."""
    random = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_CHARS))
    return f"{PREFIX}{random}{_checksum(random)}"


def is_key(text: str) -> bool:
    """Whether a text can be a key at all: its length, prefix and checksum are right."""
    if len(text) != len(PREFIX) + _RANDOM_CHARS + _CHECK_CHARS or not text.startswith(PREFIX):
        return False
    random = text[len(PREFIX) : -_CHECK_CHARS]
    return text.isascii() and text.endswith(_checksum(random))


#: Built once: putting it together costs more than running it (B-13).
_FIND = (
    select_columns(
        col(ApiKey.id),
        col(ApiKey.account_id),
        col(ApiKey.scopes),
        col(ApiKey.expires_at),
        col(ApiKey.last_used_at),
    )
    .join(Account, col(Account.id) == ApiKey.account_id)
    .where(
        col(ApiKey.secret_hash) == bindparam("secret_hash"),
        col(ApiKey.revoked_at).is_(None),
        col(ApiKey.expires_at) > bindparam("at"),
        col(Account.disabled_at).is_(None),
    )
)


async def find_actor(text: str, visitor: Visitor) -> Actor | None:
    """Who a key acts for, from its row of this moment (S-70: revoked at once, everywhere).

    Args:
        text: as sent; anything may stand there.
    """
    if not is_key(text):
        return None
    at = now()
    row = await read_row(_FIND, {"secret_hash": digest(text), "at": at})
    if row is None:
        return None
    key_id, account_id, scopes, expires_at, last_used_at = row
    if last_used_at is None or last_used_at <= at - ACTIVITY_RESOLUTION:
        await _note_use(key_id, visitor)
    return Actor(
        account_id=account_id,
        session_id=key_id,
        kind="api_key",
        expires_at=expires_at,
        idle_at=expires_at,
        visitor=visitor,
        scopes=frozenset(scopes.split()),
    )


def require(actor: Actor, scope: str = "") -> None:
    """Let a session pass, and a key that was given the scope.

    Args:
        scope: a key of ``API_KEY_SCOPES``; "" where no key may act.

    Raises:
        SessionRequired: a key, and no key may do this.
        ScopeRequired: a key without this scope.
    """
    if actor.scopes is None:
        return
    if not scope:
        raise SessionRequired
    if scope not in actor.scopes:
        raise ScopeRequired(scope)


def is_live(at: datetime) -> ColumnElement[bool]:
    """The condition under which a key works at an instant."""
    return and_(col(ApiKey.revoked_at).is_(None), col(ApiKey.expires_at) > at)


async def count_live(db: AsyncSession, account_id: str) -> int:
    """How many keys of an account work now, those in their last hours included."""
    statement = (
        select(func.count())
        .select_from(ApiKey)
        .where(ApiKey.account_id == account_id, is_live(now()))
    )
    return (await db.exec(statement)).one()


async def revoke_of_account(db: AsyncSession, account_id: str) -> int:
    """Revoke every key of an account; returns how many worked.

    Does not write the security log: the caller says what it was part of.
    """
    at = now()
    result = await db.exec(
        update(ApiKey)
        .where(col(ApiKey.account_id) == account_id, is_live(at))
        .values(revoked_at=at)
    )
    return result.rowcount


async def forget_old(db: AsyncSession) -> None:
    """Drop the rows of keys that have been dead for a month."""
    since = now() - API_KEY_MEMORY
    await db.exec(
        delete(ApiKey).where(or_(col(ApiKey.revoked_at) < since, col(ApiKey.expires_at) < since))
    )


async def _note_use(key_id: str, visitor: Visitor) -> None:
    at = now()
    stale = or_(
        col(ApiKey.last_used_at).is_(None), col(ApiKey.last_used_at) <= at - ACTIVITY_RESOLUTION
    )
    async with transaction(is_relaxed=True) as db:
        await db.exec(
            update(ApiKey)
            .where(col(ApiKey.id) == key_id, stale)
            .values(last_used_at=at, last_used_place=place_of(visitor.ip))
        )


def _checksum(random: str) -> str:
    """CRC-32 of the random part in base62, six characters."""
    number = zlib.crc32(random.encode())
    digits = ""
    for _ in range(_CHECK_CHARS):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
