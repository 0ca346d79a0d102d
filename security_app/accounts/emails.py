"""The address of an account: a change is asked for, confirmed at the new one, and only then made.

The answer never tells whether the new address has an account (S-47): whoever
reads its mail is told there. Sessions stay; what was mailed to the old address
works no more, but for the "This wasn't me" links.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import (
    accounts,
    activity,
    factor_snapshots,
    links,
    memberships,
    notices,
    sso,
    step_up,
    throttle,
    undo_links,
)
from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.addresses import Address, parse_address
from security_app.accounts.errors import (
    Conflict,
    EmailNotConfirmed,
    EmailTaken,
    FieldRefused,
    LinkDead,
)
from security_app.accounts.notices import notice_params
from security_app.accounts.proofs import email_code
from security_app.accounts.throttle import Budget
from security_app.accounts.tokens import digest, new_token
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, EmailChange
from security_app.limits import EMAIL_CHANGE_LIFE, MAIL_LIMITS_RECIPIENT
from security_app.live.hub import Change, announce
from security_app.mail.queueing import enqueue
from security_app.settings import get_settings

_PATH = "/confirm-new-email"


@dataclass(frozen=True, slots=True)
class Pending:
    """A change that waits for its confirmation."""

    email: str = field(repr=False)
    expires_at: datetime


async def pending(db: AsyncSession, account_id: str) -> Pending | None:
    """The change that waits, None when there is none."""
    statement = select(EmailChange).where(
        EmailChange.account_id == account_id, EmailChange.expires_at > now()
    )
    row = (await db.exec(statement)).first()
    return Pending(row.email, row.expires_at) if row else None


async def request_change(actor: Actor, *, new_email: str) -> Address:
    """Ask for another address; spends the grant of "change_email". A newer asking replaces it.

    Raises:
        EmailRefused: the text is no address.
        EmailNotConfirmed: the present address is not confirmed yet.
        FieldRefused: it is the present address.
        StepUpRequired: identity was not confirmed for this.
        TooManyAttempts: too many mails to this address, of this account, or from this network.
    """
    address = parse_address(new_email)
    async with reading() as db:
        _require_another(await accounts.existing(db, actor.account_id), address)
    await throttle.reserve(*_budgets(actor, address))
    token = new_token()
    at = now()
    async with transaction() as db:
        account = await accounts.locked(db, actor.account_id)
        _require_another(account, address)
        await step_up.spend(db, actor, "change_email")
        await forget(db, account.id)
        db.add(
            EmailChange(
                account_id=account.id,
                email=address.email,
                email_key=address.key,
                secret_hash=digest(token),
                requested_at=at,
                expires_at=at + EMAIL_CHANGE_LIFE,
            )
        )
        await _write_to_new(db, account, address, actor.visitor, token)
        activity.record(db, actor, "email.change_asked")
        await notices.tell(db, "email_change_asked", account, actor.visitor)
        announce(db, Change(account.id, "account", by=actor.session_id))
    return address


async def send_again(actor: Actor) -> Address:
    """Mail the link of the waiting change once more; the former link dies, the time stays.

    Raises:
        Conflict: no change waits (any more).
        TooManyAttempts: as for the asking.
    """
    async with reading() as db:
        waiting = await _waiting(db, actor.account_id)
    address = Address(waiting.email, waiting.email_key)
    await throttle.reserve(*_budgets(actor, address))
    token = new_token()
    async with transaction() as db:
        account = await accounts.locked(db, actor.account_id)
        renewed = await db.exec(
            update(EmailChange)
            .where(
                col(EmailChange.account_id) == account.id,
                col(EmailChange.secret_hash) == waiting.secret_hash,
            )
            .values(secret_hash=digest(token))
        )
        if renewed.rowcount == 0:
            raise Conflict
        await _write_to_new(db, account, address, actor.visitor, token)
    return address


async def cancel(actor: Actor) -> None:
    """Drop the waiting change, if there is one."""
    async with transaction() as db:
        if await forget(db, actor.account_id):
            activity.record(db, actor, "email.change_cancelled")
            announce(db, Change(actor.account_id, "account", by=actor.session_id))


async def confirm_change(visitor: Visitor, token: str) -> None:
    """Make the change, by the button behind the link that was mailed to the new address.

    Raises:
        LinkDead: used, expired, cancelled or unknown.
        EmailTaken: the address became another account's since it was asked for.
        ManagedBySso: an organization's provider takes care of the address by now.
    """
    try:
        async with transaction() as db:
            account, address = await _spend(db, token)
            await sso.require_unmanaged(db, account.id)
            former = Address(account.email, account.email_key)
            before = await factor_snapshots.take(db, account.id)
            await db.exec(
                update(Account)
                .where(col(Account.id) == account.id)
                .values(email=address.email, email_key=address.key, email_confirmed_at=now())
            )
            if await undo_links.reserved_for_another(db, address.key, account.id):
                raise EmailTaken
            await links.revoke_all(db, account.id)
            await email_code.revoke_of_account(db, account.id)
            activity.record_for(db, account.id, visitor, "email.changed")
            await notices.tell(db, "email_changed", account, visitor, to=former, before=before)
            await enqueue(db, "email_is_yours", address.email, notice_params(account, visitor))
            announce(db, Change(account.id, "account"))
            await memberships.announce_to_colleagues(db, account.id)
    except IntegrityError:
        # The unique key: somebody else committed the same address a moment ago.
        raise EmailTaken from None


async def forget(db: AsyncSession, account_id: str) -> bool:
    """Drop the waiting change of an account; returns whether there was one."""
    gone = await db.exec(delete(EmailChange).where(col(EmailChange.account_id) == account_id))
    return gone.rowcount > 0


async def forget_old(db: AsyncSession) -> None:
    """Drop changes nobody confirmed."""
    await db.exec(delete(EmailChange).where(col(EmailChange.expires_at) < now()))


async def _spend(db: AsyncSession, token: str) -> tuple[Account, Address]:
    """Use up a waiting change: the account's row first, then one DELETE decides."""
    waits = (
        EmailChange.secret_hash == digest(token),
        EmailChange.expires_at > now(),
    )
    statement = (
        select(Account)
        .join(EmailChange, col(EmailChange.account_id) == Account.id)
        .where(*waits, col(Account.disabled_at).is_(None))
        .with_for_update(of=Account, key_share=True)
    )
    account = (await db.exec(statement)).first()
    if account is None:
        raise LinkDead
    spent = await db.exec(
        delete(EmailChange)
        .where(col(EmailChange.secret_hash) == digest(token), col(EmailChange.expires_at) > now())
        .returning(col(EmailChange.email), col(EmailChange.email_key))
    )
    row = spent.one_or_none()
    if row is None:
        raise LinkDead
    return account, Address(*row)


async def _write_to_new(
    db: AsyncSession, account: Account, address: Address, visitor: Visitor, token: str
) -> None:
    """One mail to the new address: the link, or that it has an account already."""
    params = notice_params(account, visitor)
    taken = select(Account.email).where(Account.email_key == address.key, Account.id != account.id)
    reserved = await undo_links.reserved_for_another(db, address.key, account.id)
    owner = (await db.exec(taken)).first() or reserved
    if owner:
        # To that account's own spelling: another one may be another mailbox.
        await enqueue(db, "email_change_existing", owner, params)
        return
    link = f"{get_settings().public_url}{_PATH}?token={token}"
    await enqueue(db, "confirm_new_email", address.email, params | {"link": link})


async def _waiting(db: AsyncSession, account_id: str) -> EmailChange:
    statement = select(EmailChange).where(
        EmailChange.account_id == account_id, EmailChange.expires_at > now()
    )
    row = (await db.exec(statement)).first()
    if row is None:
        raise Conflict
    return row


def _require_another(account: Account, address: Address) -> None:
    if account.email_confirmed_at is None:
        raise EmailNotConfirmed
    if address.key == account.email_key:
        raise FieldRefused("This is your address already. Enter another one.", field="email")


def _budgets(actor: Actor, address: Address) -> tuple[Budget, ...]:
    own = Budget(f"mail:change:{actor.account_id}", MAIL_LIMITS_RECIPIENT)
    return (own, *throttle.mail_budgets(address.key, actor.visitor))
