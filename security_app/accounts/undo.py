"""What "This wasn't me" does: puts an account back to where it stood before what a mail told of.

Whoever holds the account meanwhile can neither stop nor outrun it: links are
revoked by use, by an older link, by their age, and by nothing else.
"""

from dataclasses import dataclass

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import (
    activity,
    api_keys,
    challenges,
    emails,
    factor_snapshots,
    identities,
    links,
    memberships,
    password_reset,
    provider_trips,
    sessions,
    step_up,
    tickets,
    undo_links,
)
from security_app.accounts.actor import Visitor
from security_app.accounts.addresses import Address
from security_app.accounts.errors import Conflict
from security_app.accounts.notices import notice_params
from security_app.accounts.proofs import email_code
from security_app.accounts.proofs.totp import current_step
from security_app.clock import now
from security_app.db.engine import transaction
from security_app.db.tables import Account, EmailSetUp, RecoveryCode, SecurityEvent, Totp, TotpSetUp
from security_app.live.hub import Change, announce
from security_app.mail.queueing import enqueue


@dataclass(frozen=True, slots=True)
class Undone:
    """What a link did.

    Attributes:
        address_back: whether the account has its former address again.
        factors_back: whether the second factors were put back to how they were.
        ended_sessions: how many sessions were signed out.
        revoked_keys: how many API keys were revoked.
        disconnected: how many connected accounts were disconnected.
    """

    address_back: bool
    factors_back: bool
    ended_sessions: int
    revoked_keys: int
    disconnected: int

    def __str__(self) -> str:
        """In words, for the security log, whose column takes 100 characters."""
        back = ["address"] if self.address_back else []
        back += ["second factor"] if self.factors_back else []
        ended = [f"{self.ended_sessions} sessions"]
        ended += [f"{self.revoked_keys} API keys"] if self.revoked_keys else []
        ended += [f"{self.disconnected} connected accounts"] if self.disconnected else []
        put_back = f"{' and '.join(back)} put back; " if back else ""
        return f"{put_back}{', '.join(ended)} ended"


async def undo(visitor: Visitor, token: str) -> Undone:
    """Do what a "This wasn't me" link is for, by the button behind it.

    Everything in one commit: the address and the second factors go back to how they
    stood before the act; all sessions, API keys, connected accounts (an organization's
    own only if it was connected since) and all that was begun end; the password works
    no more (whoever it was knows it), and a link to choose a new one is mailed to the
    address. Links mailed later die, earlier ones stay.

    A link whose address is still the account's own takes no second factor away:
    whoever reads the mailbox alone must not get past it.

    Raises:
        LinkDead: used, expired, unknown, or an earlier one was used.
        Conflict: an operator gave the address to another account.
    """
    try:
        async with transaction() as db:
            account = await undo_links.locked_account(db, token)
            link = await undo_links.spend(db, token)
            held = Address(account.email, account.email_key)
            await undo_links.revoke_newer(db, account.id, link.number)
            ended = await _end_everything(db, account.id)
            # All of them: whoever held the account may have made one, or replaced one.
            revoked = await api_keys.revoke_of_account(db, account.id)
            disconnected = await identities.remove_untrusted(db, account.id, since=link.made_at)
            address_back = held.key != link.address.key
            await _restore_account(db, account.id, link.address, is_proven=address_back)
            factors_back = False
            if link.snapshot is not None and (address_back or link.snapshot):
                is_on = bool(await factor_snapshots.take(db, account.id))
                factors_back = is_on or bool(link.snapshot)
                await factor_snapshots.put_back(
                    db, account.id, link.snapshot, removes_others=address_back
                )
                await _keep_used_up(db, account.id)
            done = Undone(address_back, factors_back, ended, revoked, disconnected)
            activity.record_for(db, account.id, visitor, "account.undone", str(done))
            await _mail(db, account, {held.email, link.address.email}, visitor)
            await password_reset.mail_link(db, link.address.email, visitor)
            announce(db, Change(account.id, "all"))
            await memberships.announce_to_colleagues(db, account.id)
    except IntegrityError:
        raise Conflict from None
    return done


async def _end_everything(db: AsyncSession, account_id: str) -> int:
    """End what is open or begun; sessions last, so that none slips in meanwhile."""
    await challenges.revoke_of_account(db, account_id)
    await tickets.revoke_of_account(db, account_id)
    await step_up.revoke_of_account(db, account_id)
    await provider_trips.revoke_of_account(db, account_id)
    await emails.forget(db, account_id)
    await links.revoke_all(db, account_id)
    await email_code.revoke_of_account(db, account_id)
    for set_up in (TotpSetUp, EmailSetUp):
        await db.exec(delete(set_up).where(col(set_up.account_id) == account_id))
    return await sessions.end_all_sessions(db, account_id, reason="undone")


async def _restore_account(
    db: AsyncSession, account_id: str, address: Address, *, is_proven: bool
) -> None:
    """Put the address back and make the password useless; the link itself proves the address."""
    values = {"email": address.email, "email_key": address.key, "password_hash": None}
    confirmed = {"email_confirmed_at": now()} if is_proven else {}
    await db.exec(update(Account).where(col(Account.id) == account_id).values(values | confirmed))


async def _keep_used_up(db: AsyncSession, account_id: str) -> None:
    """What was used since stays used: codes of the app up to now, and recovery codes (S-26)."""
    await db.exec(
        update(Totp).where(col(Totp.account_id) == account_id).values(last_step=current_step())
    )
    used = select(SecurityEvent.detail).where(
        SecurityEvent.account_id == account_id, SecurityEvent.action == "recovery_code.used"
    )
    await db.exec(
        update(RecoveryCode)
        .where(
            col(RecoveryCode.account_id) == account_id,
            col(RecoveryCode.used_at).is_(None),
            col(RecoveryCode.id).in_(used),
        )
        .values(used_at=now())
    )


async def _mail(db: AsyncSession, account: Account, to: set[str], visitor: Visitor) -> None:
    for email in sorted(to):
        await enqueue(db, "account_undone", email, notice_params(account, visitor))
