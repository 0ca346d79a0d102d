"""The "This wasn't me" links of security mails: made, found, spent; what one does is in ``undo``.

Each holds the account's address and second factors of the moment before the act
its mail tells of. The database keeps only the digest of a link's token, and the
factors are wrapped under a key derived from the token: of a method that was
switched off, the file yields nothing (S-78). See
``docs/decisions/0008-undo-links.md``.
"""

import os
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import factor_snapshots
from security_app.accounts.addresses import Address
from security_app.accounts.errors import LinkDead
from security_app.accounts.factor_snapshots import Snapshot
from security_app.accounts.tokens import digest, new_token
from security_app.clock import now
from security_app.db.sealing import CannotOpen, open_sealed, seal
from security_app.db.tables import Account, UndoLink
from security_app.limits import UNDO_LINK_LIFE
from security_app.settings import get_settings

_PATH = "/not-me"
_NONCE_BYTES = 12  # NIST SP 800-38D §8.2.2


@dataclass(frozen=True, slots=True)
class SpentLink:
    """What a link was good for.

    Attributes:
        number: links with a higher one are newer.
        made_at: when its mail was written.
        address: the account's own when the link was made.
        snapshot: its second factors then; empty when none was on, None when the key
            that sealed them is not configured any more.
    """

    number: int
    made_at: datetime
    address: Address
    snapshot: Snapshot | None = field(repr=False)


def new_link(db: AsyncSession, account_id: str, address: Address, snapshot: Snapshot) -> str:
    """Make a link in the caller's transaction.

    Args:
        address: where its mail goes; it is kept for the account while the link lives.
        snapshot: the second factors before the act.

    Returns:
        The whole URL, to be mailed and nowhere else.
    """
    token = new_token()
    at = now()
    db.add(
        UndoLink(
            secret_hash=digest(token),
            account_id=account_id,
            email=address.email,
            email_key=address.key,
            wrapped=_wrap(snapshot, account_id, token) if snapshot else None,
            created_at=at,
            expires_at=at + UNDO_LINK_LIFE,
        )
    )
    return f"{get_settings().public_url}{_PATH}?token={token}"


async def locked_account(db: AsyncSession, token: str) -> Account:
    """The account of a link, locked first, as by every other change of it.

    Raises:
        LinkDead: unknown, used, expired, or the account is disabled.
    """
    statement = (
        select(Account)
        .join(UndoLink, col(UndoLink.account_id) == Account.id)
        .where(
            UndoLink.secret_hash == digest(token),
            UndoLink.expires_at > now(),
            col(Account.disabled_at).is_(None),
        )
        .with_for_update(of=Account, key_share=True)
    )
    account = (await db.exec(statement)).first()
    if account is None:
        raise LinkDead
    return account


async def spend(db: AsyncSession, token: str) -> SpentLink:
    """Use a link up; the row count of one DELETE decides.

    Raises:
        LinkDead: unknown, used or expired.
    """
    result = await db.exec(
        delete(UndoLink)
        .where(col(UndoLink.secret_hash) == digest(token), col(UndoLink.expires_at) > now())
        .returning(
            col(UndoLink.number),
            col(UndoLink.account_id),
            col(UndoLink.email),
            col(UndoLink.email_key),
            col(UndoLink.wrapped),
            col(UndoLink.created_at),
        )
    )
    row = result.one_or_none()
    if row is None:
        raise LinkDead
    number, account_id, email, email_key, wrapped, made_at = row
    snapshot = _unwrap(wrapped, account_id, token) if wrapped else Snapshot({})
    return SpentLink(number, made_at, Address(email, email_key), snapshot)


async def revoke_newer(db: AsyncSession, account_id: str, number: int) -> None:
    """Make useless what was mailed after a link: to the thief, or because of the thief."""
    await db.exec(
        delete(UndoLink).where(
            col(UndoLink.account_id) == account_id, col(UndoLink.number) > number
        )
    )


async def reserved_for_another(db: AsyncSession, email_key: str, account_id: str) -> str | None:
    """The address as another account had it that may come back to it; None when it is free.

    Ask after the row with the address was written, in the same transaction: then
    it also holds against a change that commits at the same moment.
    """
    statement = (
        select(UndoLink.email)
        .where(
            UndoLink.email_key == email_key,
            UndoLink.account_id != account_id,
            UndoLink.expires_at > now(),
        )
        .limit(1)
    )
    return (await db.exec(statement)).first()


async def forget_old(db: AsyncSession) -> None:
    """Drop links that no longer work; their addresses are free again."""
    await db.exec(delete(UndoLink).where(col(UndoLink.expires_at) < now()))


def seal_context(account_id: str) -> str:
    """What a wrapped snapshot is bound to."""
    return f"undo:{account_id}"


def _wrap(snapshot: Snapshot, account_id: str, token: str) -> bytes:
    """Under the token's key, and that under the server's: a leaked mail alone opens nothing."""
    nonce = os.urandom(_NONCE_BYTES)
    plain = factor_snapshots.to_bytes(snapshot)
    inner = nonce + AESGCM(_key_of(token)).encrypt(nonce, plain, account_id.encode())
    return seal(inner, seal_context(account_id))


def _unwrap(wrapped: bytes, account_id: str, token: str) -> Snapshot | None:
    try:
        inner = open_sealed(wrapped, seal_context(account_id))
    except CannotOpen:
        # The rest of what the link does must not depend on an operator's keys.
        return None
    nonce, body = inner[:_NONCE_BYTES], inner[_NONCE_BYTES:]
    plain = AESGCM(_key_of(token)).decrypt(nonce, body, account_id.encode())
    return factor_snapshots.from_bytes(plain)


def _key_of(token: str) -> bytes:
    return HKDF(SHA256(), 32, salt=b"security-centre", info=b"undo link").derive(token.encode())
