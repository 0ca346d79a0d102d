"""Deleting an account: its data leave the database in one commit (S-78)."""

import structlog
from sqlalchemy import delete, func, literal, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import accounts, challenges, memberships, step_up, tickets
from security_app.accounts.actor import Actor
from security_app.accounts.errors import FieldRefused
from security_app.accounts.notices import notice_params
from security_app.clock import now
from security_app.db.engine import transaction
from security_app.db.tables import (
    Account,
    Connection,
    EmailChange,
    Invitation,
    OutboxMessage,
    Session,
    ThrottleKey,
    UndoLink,
)
from security_app.live.hub import Change, announce
from security_app.mail.queueing import enqueue

log = structlog.get_logger(__name__)


async def delete_account(actor: Actor, *, typed: str) -> None:
    """Delete the actor's account; spends the grant of "delete_account".

    Everywhere else its sessions end at once and their pages leave. The address
    gets a last mail, and can sign up again.

    Args:
        typed: the account's address, as a confirmation.

    Raises:
        FieldRefused: something else was typed; field "confirmation".
        LastOwner: others belong to an organization that only this account owns.
        StepUpRequired: identity was not confirmed for this.
        SignInRequired: it is gone already.
    """
    async with transaction(is_long=True) as db:
        account = await accounts.locked(db, actor.account_id)
        if typed.strip().casefold() != account.email.casefold():
            msg = "Type the e-mail address of this account."
            raise FieldRefused(msg, field="confirmation")
        await step_up.spend(db, actor, "delete_account")
        await memberships.leave_with_account(db, account.id)
        # What others may be writing comes first: they finish, or find nothing to write for.
        await step_up.revoke_of_account(db, account.id)
        await challenges.revoke_of_account(db, account.id)
        await tickets.revoke_of_account(db, account.id)
        await db.exec(delete(Connection).where(col(Connection.account_id) == account.id))
        await _delete_mail(db, account)
        await db.exec(delete(Invitation).where(col(Invitation.email_key) == account.email_key))
        await _delete_counters(db, account.id)
        params = notice_params(account, actor.visitor)
        email = account.email
        db.expunge(account)
        await db.exec(delete(Account).where(col(Account.id) == actor.account_id))
        await enqueue(db, "account_deleted", email, params)
        # Every open page looks for its session, finds none, and leaves.
        announce(db, Change(actor.account_id, "all"))
    log.info("account_deleted", account_id=actor.account_id, session_id=actor.session_id)


async def _delete_mail(db: AsyncSession, account: Account) -> None:
    """Mail to addresses of this account: waiting, sent and given up."""
    held = select(UndoLink.email).where(
        UndoLink.account_id == account.id, UndoLink.expires_at > now()
    )
    asked = select(EmailChange.email).where(EmailChange.account_id == account.id)
    recipient = col(OutboxMessage.recipient)
    # An address only asked for may be somebody else's, whose waiting mail is none of ours.
    is_done = col(OutboxMessage.sealed_params).is_(None)
    await db.exec(
        delete(OutboxMessage).where(
            or_(
                func.lower(recipient) == account.email.lower(),
                recipient == account.email,
                recipient.in_(held),
                recipient.in_(asked) & is_done,
            )
        )
    )


async def _delete_counters(db: AsyncSession, account_id: str) -> None:
    """Counters whose keys name the account or a session of it."""
    sessions_of = select(literal("password:session:") + col(Session.id)).where(
        Session.account_id == account_id
    )
    key = col(ThrottleKey.key)
    await db.exec(
        delete(ThrottleKey).where(
            or_(key.contains(account_id, autoescape=True), key.in_(sessions_of))
        )
    )
