"""Turning a method off, in the caller's transaction: by its owner, or for another method."""

from sqlalchemy import delete
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import activity, recovery_codes, step_up
from security_app.accounts.actor import Actor
from security_app.accounts.errors import NotOn
from security_app.accounts.methods import methods_of
from security_app.accounts.notices import notice_params
from security_app.accounts.proofs import email_code
from security_app.db.tables import Account, EmailMethod, Totp, TotpSetUp
from security_app.live.hub import Change, announce
from security_app.mail.queueing import enqueue


async def turn_off_totp(db: AsyncSession, actor: Actor, account: Account) -> None:
    """Turn the authenticator app off; the recovery codes go with it (S-28).

    Raises:
        NotOn: it is off already.
    """
    gone = await db.exec(delete(Totp).where(col(Totp.account_id) == account.id))
    if gone.rowcount == 0:
        raise NotOn
    await db.exec(delete(TotpSetUp).where(col(TotpSetUp.account_id) == account.id))
    await recovery_codes.destroy(db, account.id)
    await _finish(db, actor, account, "totp")


async def turn_off_email_code(db: AsyncSession, actor: Actor, account: Account) -> None:
    """Turn the e-mail code off; codes on their way stop counting.

    Raises:
        NotOn: it is off already.
    """
    gone = await db.exec(delete(EmailMethod).where(col(EmailMethod.account_id) == account.id))
    if gone.rowcount == 0:
        raise NotOn
    await email_code.revoke_of_account(db, account.id)
    await _finish(db, actor, account, "email_code")


async def _finish(db: AsyncSession, actor: Actor, account: Account, method: str) -> None:
    await step_up.revoke_of_account(db, account.id)
    activity.record(db, actor, f"{method}.disabled")
    params = notice_params(account, actor.visitor)
    left = (await methods_of(db, account.id)).on
    await enqueue(db, f"{method}_disabled", account.email, params | {"left": ",".join(left)})
    announce(db, Change(account.id, "factors", by=actor.session_id))
