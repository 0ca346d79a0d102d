"""Turning a method off, in the caller's transaction: by its owner, or for another method."""

from sqlalchemy import delete
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import (
    activity,
    factor_snapshots,
    memberships,
    notices,
    recovery_codes,
    step_up,
)
from security_app.accounts.actor import Actor
from security_app.accounts.errors import NotOn
from security_app.accounts.factor_snapshots import Snapshot
from security_app.accounts.methods import methods_of
from security_app.accounts.proofs import email_code
from security_app.db.tables import Account, EmailMethod, Totp, TotpSetUp
from security_app.live.hub import Change, announce


async def turn_off_totp(db: AsyncSession, actor: Actor, account: Account) -> None:
    """Turn the authenticator app off; the recovery codes go with it (S-28).

    Raises:
        NotOn: it is off already.
    """
    before = await factor_snapshots.take(db, account.id)
    gone = await db.exec(delete(Totp).where(col(Totp.account_id) == account.id))
    if gone.rowcount == 0:
        raise NotOn
    await db.exec(delete(TotpSetUp).where(col(TotpSetUp.account_id) == account.id))
    await recovery_codes.destroy(db, account.id)
    await _finish(db, actor, account, "totp", before)


async def turn_off_email_code(db: AsyncSession, actor: Actor, account: Account) -> None:
    """Turn the e-mail code off; codes on their way stop counting.

    Raises:
        NotOn: it is off already.
    """
    before = await factor_snapshots.take(db, account.id)
    gone = await db.exec(delete(EmailMethod).where(col(EmailMethod.account_id) == account.id))
    if gone.rowcount == 0:
        raise NotOn
    await email_code.revoke_of_account(db, account.id)
    await _finish(db, actor, account, "email_code", before)


async def _finish(
    db: AsyncSession, actor: Actor, account: Account, method: str, before: Snapshot
) -> None:
    await step_up.revoke_of_account(db, account.id)
    activity.record(db, actor, f"{method}.disabled")
    left = ",".join((await methods_of(db, account.id)).on)
    kind = f"{method}_disabled"
    await notices.tell(db, kind, account, actor.visitor, before=before, left=left)
    announce(db, Change(account.id, "factors", by=actor.session_id))
    await memberships.announce_to_colleagues(db, account.id, by=actor.session_id)
