"""The password of an account: its age, changing it, setting it anew by a mailed link.

Hashing takes tens of milliseconds, so these functions open their own short
transactions around it: no hash runs while the database's write lock is held.
The commit is conditional on what was read before.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import (
    accounts,
    activity,
    api_keys,
    challenges,
    emails,
    links,
    notices,
    provider_trips,
    sessions,
    sso,
    step_up,
    tickets,
)
from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.errors import (
    AlreadyOn,
    Conflict,
    FieldRefused,
    PasswordRefused,
    PasswordsDiffer,
    SignInRequired,
    WrongPassword,
)
from security_app.accounts.hashing import hash_text, hashing_place
from security_app.accounts.password_rules import check, is_breached, normalise
from security_app.accounts.proofs import email_code
from security_app.accounts.step_up import Proofs
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account
from security_app.live.hub import Change, announce
from security_app.policy import get_policy
from security_app.settings import get_settings

#: Where a browser lands after its session got a new cookie; the query asks for the notice,
#: so that it shows in the tab that made the change and in no other.
_AFTER_CHANGE = "/settings/personal/security?changed=password"


@dataclass(frozen=True, slots=True)
class PasswordStatus:
    """What the Password card says."""

    has_password: bool
    changed_at: datetime | None
    is_old: bool


@dataclass(frozen=True, slots=True)
class PasswordChanged:
    """A change that is committed.

    Attributes:
        ended_sessions: how many other sessions were signed out.
        ticket: brings this browser its new cookie; "" for API clients.
    """

    ended_sessions: int
    ticket: str = field(repr=False)


async def status(db: AsyncSession, account_id: str) -> PasswordStatus:
    """When the password was last changed, and whether the six-month advice is due."""
    statement = select(Account.password_hash, Account.password_changed_at).where(
        Account.id == account_id
    )
    row = (await db.exec(statement)).first()
    if row is None:
        raise SignInRequired
    stored, changed_at = row
    limit = timedelta(days=get_policy().password_advice_days)
    is_old = changed_at is not None and now() - changed_at > limit
    return PasswordStatus(stored is not None, changed_at, is_old)


async def change_password(
    actor: Actor, *, current: str, new: str, repeat: str, code: str = "", method: str = ""
) -> PasswordChanged:
    """Change the password: current one, new one twice (S-04); ends all other sessions (S-05).

    Args:
        code: a second-factor code, asked when one is on.
        method: which method the code is of; "" lets its shape decide.

    Raises:
        PasswordsDiffer: the repeat is another text.
        PasswordRefused: a rule is broken, or it is the current password again.
        WrongPassword: the current password is wrong.
        CodeRefused: the code is wrong, or missing while a method is on.
        TooManyAttempts: too many wrong current passwords in this session, or codes.
        Conflict: the password was changed elsewhere meanwhile.
        Overloaded: no hashing thread is free.
    """
    async with reading() as db:
        account = await accounts.existing(db, actor.account_id)
    text = await accepted_password(new, repeat, account)
    try:
        await step_up.prove(actor, "change_password", Proofs(current, code, method))
    except (WrongPassword, FieldRefused) as refusal:
        if refusal.field == "password":
            raise type(refusal)(refusal.sentence, field="current_password") from None
        raise
    if normalise(current) == text:
        msg = "That is your current password. Choose another one."
        raise PasswordRefused(msg)
    async with hashing_place():
        stored = await hash_text(text, "password")
    async with transaction() as db:
        await step_up.spend(db, actor, "change_password")
        await _store(db, account, stored)
        ended = await sessions.end_other_sessions(db, actor, reason="password_change")
        await _revoke_pending(db, account.id)
        ticket = ""
        if actor.kind == "browser":
            await sessions.renew_secret(db, account.id, actor.session_id)
            ticket = await tickets.issue_for_renewal(db, actor, next_path=_AFTER_CHANGE)
            keys = await api_keys.count_live(db, account.id)
            notice = f"password_changed:{ended}" + (f":{keys}" if keys else "")
            await sessions.leave_notice(db, actor.session_id, notice)
        activity.record(db, actor, "password.changed", str(ended))
        await notices.tell(db, "password_changed", account, actor.visitor)
        announce(db, Change(account.id, "password", by=actor.session_id))
    return PasswordChanged(ended, ticket)


async def change_or_set(
    actor: Actor, *, current: str, new: str, code: str = "", method: str = ""
) -> int:
    """Change the password, or set the first one: to a program it is one request.

    Args:
        current: the current password; not looked at where there is none.

    Returns:
        How many other sessions ended.

    Raises:
        Refused: as :func:`change_password` or :func:`set_first_password`.
    """
    async with reading() as db:
        account = await accounts.existing(db, actor.account_id)
    typed = {"new": new, "repeat": new, "code": code, "method": method}
    if account.password_hash is None:
        await set_first_password(actor, **typed)
        return 0
    return (await change_password(actor, current=current, **typed)).ended_sessions


async def set_first_password(
    actor: Actor, *, new: str, repeat: str, code: str = "", method: str = "", target_id: str = ""
) -> None:
    """Give an account without a password its first one (S-07); its sessions stay.

    Args:
        code: of a second factor, else mailed; "" where identity was confirmed before.
        method: which method the code is of; "" lets its shape decide.
        target_id: the connection that waits to be disconnected: the grant is for it.

    Raises:
        AlreadyOn: it has a password.
        PasswordsDiffer, PasswordRefused: as for a change.
        FieldRefused, CodeRefused, StepUpRequired: no proof, or a wrong one.
        TooManyAttempts, MethodSuspended, Overloaded: as the proofs say.
        Conflict: one was set elsewhere meanwhile.
    """
    async with reading() as db:
        account = await accounts.existing(db, actor.account_id)
    if account.password_hash is not None:
        raise AlreadyOn("This account has a password already.")
    text = await accepted_password(new, repeat, account)
    if code:
        await step_up.prove(actor, "set_first_password", Proofs("", code, method))
    async with hashing_place():
        stored = await hash_text(text, "password")
    async with transaction() as db:
        await step_up.spend(db, actor, "set_first_password", target_id)
        await _store(db, account, stored)
        activity.record(db, actor, "password.set")
        await notices.tell(db, "password_set", account, actor.visitor)
        announce(db, Change(account.id, "password", by=actor.session_id))
        announce(db, Change(account.id, "connections", by=actor.session_id))


async def reset_password(visitor: Visitor, *, token: str, new: str, repeat: str) -> int:
    """Set a new password by a mailed link (S-08); signs nobody in, ends all sessions.

    Returns:
        How many sessions ended.

    Raises:
        LinkDead: the link is used, expired or unknown.
        ManagedBySso: an organization's provider signs this account in by now.
        PasswordsDiffer, PasswordRefused, Overloaded: as for a change.
    """
    async with reading() as db:
        account = await links.account_of_link(db, token, "reset_password")
    text = await accepted_password(new, repeat, account)
    async with hashing_place():
        stored = await hash_text(text, "password")
    async with transaction() as db:
        # The account's row first, as everywhere: two changes cannot deadlock.
        await _store(db, account, stored)
        await sso.require_unmanaged(db, account.id)
        await links.spend(db, token, "reset_password")
        await db.exec(
            update(Account)
            .where(col(Account.id) == account.id, col(Account.email_confirmed_at).is_(None))
            .values(email_confirmed_at=now())
        )
        await email_code.distrust_mailbox(db, account.id)
        ended = await sessions.end_all_sessions(db, account.id, reason="password_reset")
        await _revoke_pending(db, account.id)
        activity.record_for(db, account.id, visitor, "password.reset", str(ended))
        await notices.tell(db, "password_changed", account, visitor)
        announce(db, Change(account.id, "password"))
    return ended


async def accepted_password(new: str, repeat: str, account: Account) -> str:
    """Check a new password against every rule.

    Returns:
        The normalised text to hash.

    Raises:
        PasswordsDiffer: the repeat is another text.
        PasswordRefused: with a sentence that says which rule.
    """
    policy = get_policy()
    check(new, email=account.email, name=account.name, product=policy.product_name, policy=policy)
    text = normalise(new)
    if text != normalise(repeat[: 4 * policy.password_max_length]):
        raise PasswordsDiffer
    hibp_url = get_settings().hibp_url
    if hibp_url and await is_breached(text, hibp_url):
        msg = "This password has appeared in a data breach. Choose another one."
        raise PasswordRefused(msg)
    return text


async def _store(db: AsyncSession, account: Account, stored: str) -> None:
    result = await db.exec(
        update(Account)
        .where(
            col(Account.id) == account.id,
            col(Account.password_hash).is_not_distinct_from(account.password_hash),
            col(Account.disabled_at).is_(None),
        )
        .values(password_hash=stored, password_changed_at=now())
    )
    if result.rowcount == 0:
        raise Conflict


async def _revoke_pending(db: AsyncSession, account_id: str) -> None:
    """End what was begun with the old password.

    That is sign-ins, round trips to providers, mailed codes, links, a new address.
    """
    await provider_trips.revoke_of_account(db, account_id)
    await tickets.revoke_of_account(db, account_id)
    await challenges.revoke_of_account(db, account_id)
    await email_code.revoke_of_account(db, account_id)
    await links.revoke(db, account_id, "reset_password")
    if await emails.forget(db, account_id):
        announce(db, Change(account_id, "account"))
