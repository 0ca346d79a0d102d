"""Sealing everything again under the first key, so that an old one can be dropped (S-75)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts.proofs.totp import secret_context
from security_app.accounts.provider_trips import seal_context as trip_context
from security_app.accounts.providers import client_secret_context
from security_app.accounts.recovery_codes import code_context
from security_app.accounts.totp import staged_context
from security_app.clock import now
from security_app.db.engine import transaction
from security_app.db.sealing import open_sealed, seal, sealed_with
from security_app.db.tables import (
    Account,
    OutboxMessage,
    Pin,
    ProviderTrip,
    RecoveryCode,
    SsoConnection,
    Totp,
    TotpSetUp,
    UndoLink,
)
from security_app.keys import keys
from security_app.mail.queueing import seal_context


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did, and what still holds on to a former key.

    Attributes:
        resealed: values sealed again under the first key.
        passwords: password hashes under a former key; each moves at its next sign-in.
        recovery_codes: code hashes under a former key; a new set is under the first.
        undo_links: factors kept for "This wasn't me"; what is inside only the mailed link opens.
        pins: hashes of PINs under a former key; each moves when it is next entered.
    """

    resealed: int
    passwords: int
    recovery_codes: int
    undo_links: int = 0
    pins: int = 0


#: Every sealed column: its table, name, and what each value is bound to.
_SEALED: tuple[tuple[type[SQLModel], str, Callable[[Any], str]], ...] = (
    (Totp, "sealed_secret", lambda row: secret_context(row.account_id)),
    (TotpSetUp, "sealed_secret", lambda row: staged_context(row.account_id)),
    (RecoveryCode, "sealed_code", lambda row: code_context(row.account_id, row.id)),
    (ProviderTrip, "sealed_secrets", lambda row: trip_context(row.id)),
    (ProviderTrip, "sealed_answer", lambda row: trip_context(row.id)),
    (SsoConnection, "sealed_client_secret", lambda row: client_secret_context(row.id)),
    (OutboxMessage, "sealed_params", lambda row: seal_context(row.id)),
)


async def rotate() -> Rotated:
    """Open each value with the key that made it and seal it with the first one.

    Hashes cannot be made again without what they hash: keep a former key as long
    as any of them needs it.

    Raises:
        CannotOpen: a value's key is not configured any more; nothing was changed.
    """
    first = keys()[0].id
    resealed = 0
    async with transaction() as db:
        for table, name, context in _SEALED:
            statement = select(table).where(col(getattr(table, name)).is_not(None))
            for row in (await db.exec(statement)).all():
                sealed = getattr(row, name)
                if sealed_with(sealed) == first:
                    continue
                setattr(row, name, seal(open_sealed(sealed, context(row)), context(row)))
                db.add(row)
                resealed += 1
        passwords = await _under_former_keys(db, col(Account.password_hash), first)
        codes = await _under_former_keys(db, col(RecoveryCode.code_hash), first)
        pins = await _under_former_keys(db, col(Pin.pin_hash), first)
        undo_links = await _wrapped_under_former_keys(db, first)
    return Rotated(resealed, passwords, codes, undo_links, pins)


async def _under_former_keys(db: AsyncSession, column: Any, first: str) -> int:  # noqa: ANN401
    statement = select(func.count()).where(column.is_not(None), column.not_like(f"{first}$%"))
    return (await db.exec(statement)).one()


async def _wrapped_under_former_keys(db: AsyncSession, first: str) -> int:
    wrapped = select(UndoLink.wrapped).where(
        col(UndoLink.wrapped).is_not(None), UndoLink.expires_at > now()
    )
    return sum(sealed_with(each or b"") != first for each in (await db.exec(wrapped)).all())
