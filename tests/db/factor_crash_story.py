"""What the process that turns the app on and off knows, and its judge as well."""

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts.proofs.totp import secret_context
from security_app.db.engine import transaction
from security_app.db.sealing import open_sealed
from security_app.db.tables import RecoveryKit, Totp

ACTOR = "the-session-that-stays"
PASSWORD = "seven otters swim at 4"


async def kit_number(db: AsyncSession) -> int:
    """How many sets of recovery codes there have been."""
    kit = await db.get(RecoveryKit, "account")
    return kit.number if kit else 0


async def forget_the_last_step() -> str:
    """Let the code of this moment count again; returns the secret of the app that is on."""
    async with transaction() as db:
        await db.exec(
            update(Totp).where(col(Totp.account_id) == "account").values(last_step=0, failures=0)
        )
        row = (await db.exec(select(Totp))).one()
        return open_sealed(row.sealed_secret, secret_context("account")).decode()
