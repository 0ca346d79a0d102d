"""The e-mail code as a second factor: mailed, turned on, turned off.

A code is mailed while its asker waits, not by the outbox: whoever stares at the
field must be told when the mail server does not take it (S-23). No transaction
is open during the conversation.
"""

import contextlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import (
    accounts,
    activity,
    factor_snapshots,
    memberships,
    notices,
    second_factor,
    sso,
    step_up,
    throttle,
)
from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.addresses import masked
from security_app.accounts.errors import (
    AlreadyOn,
    CodeRefused,
    EmailNotConfirmed,
    MailNotSent,
    NotOn,
    SetUpDead,
)
from security_app.accounts.method_removal import turn_off_email_code, turn_off_totp
from security_app.accounts.methods import methods_of
from security_app.accounts.notices import notice_params
from security_app.accounts.places import network_key
from security_app.accounts.proofs import email_code
from security_app.accounts.proofs.email_code import Occasion
from security_app.accounts.step_up import Proofs
from security_app.accounts.throttle import Budget
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, EmailMethod, EmailSetUp, Totp, TotpSetUp
from security_app.keys import keyed_digest
from security_app.limits import (
    EMAIL_CODE_AGAIN,
    EMAIL_CODE_LIMITS_ACCOUNT,
    EMAIL_CODE_LIMITS_ADDRESS,
    SET_UP_LIFE,
)
from security_app.live.hub import Change, announce
from security_app.mail.direct import send_now
from security_app.mail.errors import DeliveryFailed
from security_app.policy import get_policy, step_up_row

_ENABLE = "enable_email_code"
_DISABLE = "disable_email_code"
#: What the code is for that turns it on.
_SET_UP = "set_up_email_code"


@dataclass(frozen=True, slots=True)
class MailedCode:
    """How the mailed code of one occasion stands.

    Attributes:
        sent_to: the address, its middle hidden.
        expires_at: until when the code in the mailbox counts; None when none does.
        again_at: when the next one may be asked for; None when now.
    """

    sent_to: str
    expires_at: datetime | None
    again_at: datetime | None


async def send(account_id: str, visitor: Visitor, occasion: Occasion) -> MailedCode:
    """Mail a fresh code; the former one of this occasion stops counting.

    Raises:
        EmailNotConfirmed: the address was never confirmed (S-22).
        TooManyAttempts: within a minute of the last one, 5 in an hour, 10 in a day (S-20).
        MailNotSent: not taken within some seconds: nothing was spent (S-23).
    """
    account = await _confirmed_account(account_id)
    reservation = await throttle.reserve(*_budgets(account, visitor, occasion))
    code = email_code.new_code()
    async with transaction() as db:
        former = await email_code.store(db, account_id, occasion, code)
    try:
        await send_now("email_code", account.email, _mail_params(account, visitor, occasion, code))
    except DeliveryFailed:
        async with transaction() as db:
            await email_code.withdraw(db, account_id, occasion, code, former)
            await throttle.refund(db, reservation)
        raise MailNotSent from None
    return await standing(account_id, occasion)


async def standing(account_id: str, occasion: Occasion) -> MailedCode:
    """How the mailed code of an occasion stands, by the server's clock."""
    async with reading() as db:
        account = await accounts.existing(db, account_id)
        left = await email_code.life_left(db, account_id, occasion)
        wait = await throttle.wait_of(db, *_budgets(account, None, occasion))
    at = now()
    return MailedCode(
        sent_to=masked(account.email),
        expires_at=at + left if left else None,
        again_at=at + wait if wait else None,
    )


async def send_for_step_up(actor: Actor, action: str) -> MailedCode:
    """Mail the code a step-up asks for; raises as :func:`send`.

    Raises:
        NotOn: the action does not take a mailed code from this account.
    """
    if "email_code" not in (await step_up.needed(actor, action)).methods:
        raise NotOn
    return await send(actor.account_id, actor.visitor, Occasion(action, actor.session_id))


async def standing_for_step_up(actor: Actor, action: str) -> MailedCode:
    """How the mailed code of a step-up stands."""
    return await standing(actor.account_id, Occasion(action, actor.session_id))


async def start_set_up(actor: Actor) -> None:
    """Begin turning it on; spends the grant of "enable_email_code". Nothing is mailed yet.

    Raises:
        StepUpRequired: identity was not confirmed for this.
        AlreadyOn: it is on.
        NotOn: this policy does not offer it.
        EmailNotConfirmed: the address was never confirmed.
    """
    if not get_policy().email_code:
        raise NotOn("Codes by e-mail are not offered here.")
    await _confirmed_account(actor.account_id)
    async with transaction() as db:
        # Of two sessions that begin at once the later one waits, and replaces the other.
        await accounts.locked(db, actor.account_id)
        if await db.get(EmailMethod, actor.account_id) is not None:
            raise AlreadyOn
        await step_up.spend(db, actor, _ENABLE)
        await db.exec(delete(EmailSetUp).where(col(EmailSetUp.account_id) == actor.account_id))
        db.add(
            EmailSetUp(
                account_id=actor.account_id,
                session_id=actor.session_id,
                expires_at=now() + SET_UP_LIFE,
            )
        )


async def prove_and_send(actor: Actor, proofs: Proofs) -> MailedCode:
    """Begin turning it on, or ask for another code of the set-up that waits, in one call.

    Args:
        proofs: not needed while a set-up of this session waits for its code.

    Raises:
        FieldRefused, WrongPassword, CodeRefused: as :func:`step_up.prove`.
        AlreadyOn, NotOn, EmailNotConfirmed: as :func:`start_set_up`.
        TooManyAttempts, MailNotSent: as :func:`send`.
    """
    if not (proofs.password or proofs.code):
        with contextlib.suppress(SetUpDead):
            return await send_for_set_up(actor)
    await step_up.prove(actor, _ENABLE, proofs)
    await start_set_up(actor)
    return await send_for_set_up(actor)


async def send_for_set_up(actor: Actor) -> MailedCode:
    """Mail the code that turns it on; raises as :func:`send`.

    Raises:
        SetUpDead: this session has no set-up waiting, or it is too old.
    """
    async with reading() as db:
        await _staged(db, actor)
    return await send(actor.account_id, actor.visitor, _set_up_occasion(actor))


async def standing_for_set_up(actor: Actor) -> MailedCode:
    """How the code of the set-up stands."""
    return await standing(actor.account_id, _set_up_occasion(actor))


async def confirm_set_up(actor: Actor, code: str) -> None:
    """Turn it on with the mailed code.

    Raises:
        SetUpDead: this session has no set-up waiting, or it is too old.
        AlreadyOn: another set-up was faster.
        ManagedBySso: an organization's provider takes care of this by now.
        CodeRefused: the code does not count.
        TooManyAttempts: ten wrong codes in 15 minutes.
    """
    async with reading() as db:
        await _staged(db, actor)
    attempt = await second_factor.begin(actor.account_id)
    async with transaction() as db:
        if await email_code.spend(db, actor.account_id, _set_up_occasion(actor), code):
            await second_factor.succeed(db, attempt)
            await sso.require_unmanaged(db, actor.account_id)
            await _turn_on(db, actor)
            return
    raise CodeRefused("That code is not right. Enter the newest one we sent.")


async def cancel_set_up(actor: Actor) -> None:
    """Drop a set-up that was not finished."""
    async with transaction() as db:
        await _end_set_up(db, actor)


async def disable(actor: Actor) -> tuple[str, ...]:
    """Turn it off; spends the grant of "disable_email_code".

    Returns:
        The methods that still protect the account.

    Raises:
        StepUpRequired: password and code were not given for this.
        NotOn: it is off already.
    """
    async with transaction() as db:
        account = await accounts.existing(db, actor.account_id)
        await step_up.spend(db, actor, _DISABLE)
        await turn_off_email_code(db, actor, account)
        return (await methods_of(db, actor.account_id)).on


async def forget_old(db: AsyncSession) -> None:
    """Drop set-ups nobody finished."""
    await db.exec(delete(EmailSetUp).where(col(EmailSetUp.expires_at) < now()))


async def _turn_on(db: AsyncSession, actor: Actor) -> None:
    # The row count of this DELETE decides: one set-up turns on once.
    if not await _end_set_up(db, actor):
        raise SetUpDead
    account = await accounts.existing(db, actor.account_id)
    if await db.get(EmailMethod, actor.account_id) is not None:
        raise AlreadyOn
    before = await factor_snapshots.take(db, actor.account_id)
    if get_policy().methods == "exclusive" and await db.get(Totp, actor.account_id) is not None:
        await turn_off_totp(db, actor, account)
    db.add(EmailMethod(account_id=actor.account_id, enabled_at=now(), last_used_at=now()))
    # S-43: the other method may have been begun with the password alone.
    await db.exec(delete(TotpSetUp).where(col(TotpSetUp.account_id) == actor.account_id))
    await step_up.revoke_of_account(db, actor.account_id)
    activity.record(db, actor, "email_code.enabled")
    await notices.tell(db, "email_code_enabled", account, actor.visitor, before=before)
    announce(db, Change(actor.account_id, "factors", by=actor.session_id))
    await memberships.announce_to_colleagues(db, actor.account_id, by=actor.session_id)


async def _end_set_up(db: AsyncSession, actor: Actor) -> bool:
    gone = await db.exec(
        delete(EmailSetUp).where(
            col(EmailSetUp.account_id) == actor.account_id,
            col(EmailSetUp.session_id) == actor.session_id,
        )
    )
    return gone.rowcount == 1


async def _staged(db: AsyncSession, actor: Actor) -> None:
    statement = select(EmailSetUp.account_id).where(
        EmailSetUp.account_id == actor.account_id,
        EmailSetUp.session_id == actor.session_id,
        EmailSetUp.expires_at > now(),
    )
    if (await db.exec(statement)).first() is None:
        raise SetUpDead


async def _confirmed_account(account_id: str) -> Account:
    async with reading() as db:
        account = await accounts.existing(db, account_id)
    if account.email_confirmed_at is None:
        raise EmailNotConfirmed
    return account


def _set_up_occasion(actor: Actor) -> Occasion:
    # Not the occasion of the step-up before it, which may have mailed a code of its own.
    return Occasion(_SET_UP, actor.session_id)


def _budgets(account: Account, visitor: Visitor | None, occasion: Occasion) -> tuple[Budget, ...]:
    """What one mail draws on; the network's share only counts where there is a visitor."""
    recipient = keyed_digest("throttle", account.email_key)[:32]
    budgets = (
        Budget(f"code:again:{account.id}:{occasion.purpose}", EMAIL_CODE_AGAIN),
        Budget(f"code:account:{account.id}", EMAIL_CODE_LIMITS_ACCOUNT),
        Budget(f"code:recipient:{recipient}", EMAIL_CODE_LIMITS_ACCOUNT),
    )
    if visitor is None:
        return budgets
    return (
        *budgets,
        Budget(f"code:address:{network_key(visitor.ip)}", EMAIL_CODE_LIMITS_ADDRESS),
    )


def _mail_params(
    account: Account, visitor: Visitor, occasion: Occasion, code: str
) -> dict[str, str]:
    action = _ENABLE if occasion.purpose == _SET_UP else occasion.purpose
    purpose = step_up_row(action).title
    return notice_params(account, visitor) | {"code": code, "purpose": purpose}
