"""The second factors of the demo accounts, and their codes of this moment."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import recovery_codes
from security_app.accounts.hashing import hash_text, hashing_place
from security_app.accounts.proofs.totp import code_at, current_step, secret_context
from security_app.accounts.recovery_codes import PreparedCode
from security_app.clock import now
from security_app.db.engine import reading
from security_app.db.sealing import open_sealed, seal
from security_app.db.tables import Account, EmailMethod, Pin, RecoveryCode, Totp

#: Of every demo account that has one; as public as their password.
DEMO_PIN = "2580"
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
#: "7 of 10 codes left" (ui.md).
_USED_CODES = 3


@dataclass(frozen=True, slots=True)
class Shown:
    """One account's factor in words."""

    email: str
    secret: str
    code: str


async def turn_totp_on(db: AsyncSession, account_id: str, prepared: list[PreparedCode]) -> None:
    """Give an account an authenticator app and a set of codes, some of them used."""
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(32))
    db.add(
        Totp(
            account_id=account_id,
            sealed_secret=seal(secret.encode(), secret_context(account_id)),
            enabled_at=now() - timedelta(days=97),
            last_step=0,
        )
    )
    await recovery_codes.replace(db, account_id, prepared)
    await db.flush()
    for position in range(_USED_CODES):
        await db.exec(
            update(RecoveryCode)
            .where(col(RecoveryCode.account_id) == account_id)
            .where(col(RecoveryCode.position) == position)
            .values(used_at=now() - timedelta(days=40 - 11 * position))
        )


def turn_email_code_on(db: AsyncSession, account_id: str) -> None:
    """Let an account have codes by e-mail too."""
    db.add(EmailMethod(account_id=account_id, enabled_at=now() - timedelta(days=12)))


async def hashed_pin() -> str:
    """The stored form of the demo PIN."""
    async with hashing_place():
        return await hash_text(DEMO_PIN, "pin")


def set_pin(db: AsyncSession, account_id: str, stored: str) -> None:
    """Let an account have the demo PIN.

    Args:
        stored: from :func:`hashed_pin`.
    """
    set_at = now() - timedelta(days=12)
    db.add(Pin(account_id=account_id, pin_hash=stored, set_at=set_at))


async def with_pin() -> list[str]:
    """The addresses of the demo accounts that have a PIN."""
    statement = (
        select(Account.email)
        .join(Pin, col(Pin.account_id) == Account.id)
        .where(col(Account.email).like("%@demo.test"))
        .order_by(Account.email)
    )
    async with reading() as db:
        return list((await db.exec(statement)).all())


async def shown() -> list[Shown]:
    """Secret and current code of every demo account that has the app on."""
    statement = (
        select(Account.email, Totp.account_id, Totp.sealed_secret)
        .join(Totp, col(Totp.account_id) == Account.id)
        .where(col(Account.email).like("%@demo.test"))
        .order_by(Account.email)
    )
    async with reading() as db:
        rows = (await db.exec(statement)).all()
    opened = [
        (email, open_sealed(sealed, secret_context(account_id)).decode())
        for email, account_id, sealed in rows
    ]
    return [Shown(email, secret, code_at(secret, current_step())) for email, secret in opened]
