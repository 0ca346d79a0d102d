"""The authenticator app: set up, proven, turned off.

A set-up is inert until a code proves it, belongs to the session that began it,
and lives ten minutes (S-15). The secret leaves the server during set-up only
(S-16); at rest it is sealed to its account (S-74).
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import (
    accounts,
    activity,
    factor_snapshots,
    memberships,
    notices,
    recovery_codes,
    second_factor,
    sso,
    step_up,
)
from security_app.accounts.actor import Actor
from security_app.accounts.errors import AlreadyOn, ClockOff, CodeRefused, SetUpDead
from security_app.accounts.method_removal import turn_off_email_code, turn_off_totp
from security_app.accounts.methods import methods_of
from security_app.accounts.proofs.codes import as_digits
from security_app.accounts.proofs.totp import (
    STEP_S,
    current_step,
    matching_step,
    secret_context,
)
from security_app.accounts.recovery_codes import Kit
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.sealing import open_sealed, seal
from security_app.db.tables import EmailMethod, EmailSetUp, Totp, TotpSetUp
from security_app.limits import SET_UP_LIFE
from security_app.live.hub import Change, announce
from security_app.policy import get_policy

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
#: During set-up a clock off by up to ten minutes is told (D9).
_CLOCK_STEPS = 20


@dataclass(frozen=True, slots=True)
class SetUp:
    """What a person needs to add the account to an app; on screen during set-up only.

    Attributes:
        secret: base32 characters.
        otpauth_url: the Key URI with issuer, account, algorithm, digits and period.
        expires_at: until when a code must prove it.
    """

    secret: str = field(repr=False)
    otpauth_url: str = field(repr=False)
    expires_at: datetime


async def start_set_up(actor: Actor) -> SetUp:
    """Begin a set-up; spends the grant of "enable_totp". A newer one replaces it.

    Raises:
        StepUpRequired: identity was not confirmed for this.
        AlreadyOn: an authenticator app is on.
    """
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(get_policy().totp_secret_chars))
    expires_at = now() + SET_UP_LIFE
    async with transaction() as db:
        # Of two sessions that begin at once the later one waits, and replaces the other.
        account = await accounts.locked(db, actor.account_id)
        if await db.get(Totp, actor.account_id) is not None:
            raise AlreadyOn
        await step_up.spend(db, actor, "enable_totp")
        await db.exec(delete(TotpSetUp).where(col(TotpSetUp.account_id) == actor.account_id))
        db.add(
            TotpSetUp(
                account_id=actor.account_id,
                session_id=actor.session_id,
                sealed_secret=seal(secret.encode(), staged_context(actor.account_id)),
                expires_at=expires_at,
            )
        )
    return SetUp(secret, otpauth_url(secret, account.email), expires_at)


async def confirm_set_up(actor: Actor, code: str) -> Kit:
    """Turn the app on with a first code, which counts as used; makes the recovery codes.

    Raises:
        SetUpDead: this session has no set-up waiting, or it is too old.
        AlreadyOn: another set-up was faster.
        ManagedBySso: an organization's provider takes care of this by now.
        CodeRefused: the code is wrong.
        ClockOff: the code fits a clock 1 to 10 minutes off; it is not accepted.
        TooManyAttempts: ten wrong codes in 15 minutes.
    """
    async with reading() as db:
        staged = await _staged(db, actor)
    attempt = await second_factor.begin(actor.account_id)
    secret = open_sealed(staged.sealed_secret, staged_context(actor.account_id)).decode()
    step = _proven_step(secret, code)
    prepared = await recovery_codes.prepare()
    async with transaction() as db:
        await second_factor.succeed(db, attempt)
        # The row count of this DELETE decides: one set-up turns on once.
        spent = await db.exec(
            delete(TotpSetUp).where(
                col(TotpSetUp.account_id) == actor.account_id,
                col(TotpSetUp.session_id) == actor.session_id,
                col(TotpSetUp.sealed_secret) == staged.sealed_secret,
            )
        )
        if spent.rowcount == 0:
            raise SetUpDead
        account = await accounts.existing(db, actor.account_id)
        await sso.require_unmanaged(db, account.id)
        if await db.get(Totp, actor.account_id) is not None:
            raise AlreadyOn
        before = await factor_snapshots.take(db, actor.account_id)
        if get_policy().methods == "exclusive" and await db.get(EmailMethod, actor.account_id):
            await turn_off_email_code(db, actor, account)
        db.add(
            Totp(
                account_id=actor.account_id,
                sealed_secret=seal(secret.encode(), secret_context(actor.account_id)),
                enabled_at=now(),
                last_step=step,
            )
        )
        # S-43: the other method may have been begun with the password alone.
        await db.exec(delete(EmailSetUp).where(col(EmailSetUp.account_id) == actor.account_id))
        kit = await recovery_codes.replace(db, actor.account_id, prepared)
        await step_up.revoke_of_account(db, actor.account_id)
        activity.record(db, actor, "totp.enabled")
        await notices.tell(db, "totp_enabled", account, actor.visitor, before=before)
        announce(db, Change(actor.account_id, "factors", by=actor.session_id))
        await memberships.announce_to_colleagues(db, actor.account_id, by=actor.session_id)
    return kit


async def cancel_set_up(actor: Actor) -> None:
    """Drop a set-up that was not finished."""
    async with transaction() as db:
        await db.exec(
            delete(TotpSetUp).where(
                col(TotpSetUp.account_id) == actor.account_id,
                col(TotpSetUp.session_id) == actor.session_id,
            )
        )


async def disable(actor: Actor) -> tuple[str, ...]:
    """Turn the app off; spends the grant of "disable_totp", destroys the recovery codes.

    Returns:
        The methods that still protect the account.

    Raises:
        StepUpRequired: password and code were not given for this.
        NotOn: it is off already.
    """
    async with transaction() as db:
        account = await accounts.existing(db, actor.account_id)
        await step_up.spend(db, actor, "disable_totp")
        await turn_off_totp(db, actor, account)
        return (await methods_of(db, actor.account_id)).on


async def forget_old(db: AsyncSession) -> None:
    """Drop set-ups nobody finished."""
    await db.exec(delete(TotpSetUp).where(col(TotpSetUp.expires_at) < now()))


def otpauth_url(secret: str, email: str) -> str:
    """The Key URI an authenticator app reads (S-11).

    Issuer in label and parameter, percent-encoded (``%20``, never ``+``), with
    algorithm, digits and period spelled out.
    """
    issuer = quote(get_policy().product_name, safe="")
    account = quote(email, safe="@")
    return (
        f"otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}"
        f"&algorithm=SHA1&digits=6&period={STEP_S}"
    )


def _proven_step(secret: str, text: str) -> int:
    code = as_digits(text)
    if code is None:
        raise CodeRefused("Enter the 6 digits the app shows.")
    step = matching_step(secret, code, get_policy().totp_window)
    if step is not None:
        return step
    elsewhere = matching_step(secret, code, _CLOCK_STEPS)
    if elsewhere is not None:
        raise ClockOff((elsewhere - current_step()) * STEP_S)
    raise CodeRefused("That code is not right. Enter the one the app shows now.")


async def _staged(db: AsyncSession, actor: Actor) -> TotpSetUp:
    row = (
        await db.exec(
            select(TotpSetUp).where(
                TotpSetUp.account_id == actor.account_id,
                TotpSetUp.session_id == actor.session_id,
                TotpSetUp.expires_at > now(),
            )
        )
    ).first()
    if row is None:
        raise SetUpDead
    return row


def staged_context(account_id: str) -> str:
    """What the secret of an unproven set-up is bound to."""
    return f"totp set-up:{account_id}"
