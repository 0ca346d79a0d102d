"""The second half of a sign-in: one code, then a ticket or a session."""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import bindparam, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import (
    activity,
    challenges,
    email_codes,
    notices,
    second_factor,
    sessions,
    sso,
    tickets,
)
from security_app.accounts.activity_words import PROVIDER_NAMES
from security_app.accounts.actor import Visitor
from security_app.accounts.email_codes import MailedCode
from security_app.accounts.errors import CodeRefused, NotOn, Refused
from security_app.accounts.methods import methods_of
from security_app.accounts.proofs import email_code
from security_app.accounts.proofs.email_code import Occasion
from security_app.accounts.sessions import NewSession
from security_app.accounts.sign_in import SignedIn, note_api_device
from security_app.db.engine import execute, reading, transaction
from security_app.db.tables import Account, Challenge, SignInAttempt
from security_app.live.hub import Change, announce

T = TypeVar("T")

#: What a mailed code is for between password and session.
_PURPOSE = "sign_in"
#: Built once; sets what it is given.
_NOTE = update(SignInAttempt).where(col(SignInAttempt.id) == bindparam("of"))


@dataclass(frozen=True, slots=True)
class Pending:
    """What the code page shows of a half-finished sign-in.

    Attributes:
        methods: what serves, the method used last first.
        mailed: how its mailed code stands, None when that method is off.
        expires_at: until when a code must come.
    """

    methods: tuple[str, ...]
    mailed: MailedCode | None
    expires_at: datetime


async def pending_of_browser(visitor: Visitor) -> Pending:
    """The sign-in this browser has begun.

    Raises:
        ChallengeDead: there is none.
    """
    async with reading() as db:
        challenge = await challenges.of_browser(db, visitor)
        methods = await methods_of(db, challenge.account_id)
    mailed = None
    if "email_code" in methods.on:
        mailed = await email_codes.standing(challenge.account_id, _occasion(challenge))
    return Pending(methods.serving, mailed, challenge.expires_at)


async def mailed_code_of_browser(visitor: Visitor) -> MailedCode:
    """How the mailed code of the sign-in stands that this browser has begun.

    Raises:
        ChallengeDead: there is none.
    """
    async with reading() as db:
        challenge = await challenges.of_browser(db, visitor)
    return await email_codes.standing(challenge.account_id, _occasion(challenge))


async def mail_code_of_browser(visitor: Visitor) -> MailedCode:
    """Mail the code of the sign-in this browser has begun.

    Raises:
        ChallengeDead: there is none.
        NotOn: the account has no e-mail code.
        TooManyAttempts: within a minute of the last one, or 5 in an hour.
        MailNotSent: the mail server did not take it; nothing was spent.
    """
    async with reading() as db:
        challenge = await challenges.of_browser(db, visitor)
    return await _mail_code(challenge, visitor)


async def mail_first_code(visitor: Visitor) -> None:
    """Mail the code right after the password, where e-mail was used last or is the only method.

    What is in the way is not said here: the code page tells that no code is on
    its way, and why when one is asked for.
    """
    with contextlib.suppress(Refused):
        pending = await pending_of_browser(visitor)
        # Empty when the last method was turned off a moment ago.
        if pending.methods[:1] == ("email_code",):
            await mail_code_of_browser(visitor)


async def mail_code_of_client(visitor: Visitor, challenge: str) -> MailedCode:
    """Mail the code of an API client's sign-in; raises as :func:`mail_code_of_browser`."""
    async with reading() as db:
        row = await challenges.of_client(db, challenge)
    return await _mail_code(row, visitor)


async def _mail_code(challenge: Challenge, visitor: Visitor) -> MailedCode:
    async with reading() as db:
        methods = await methods_of(db, challenge.account_id)
    if "email_code" not in methods.on:
        raise NotOn
    return await email_codes.send(challenge.account_id, visitor, _occasion(challenge))


def _occasion(challenge: Challenge) -> Occasion:
    return Occasion(_PURPOSE, challenge.id)


async def verify_browser(visitor: Visitor, *, code: str, method: str) -> SignedIn:
    """Finish a browser's sign-in.

    Args:
        code: as typed.
        method: "totp", "email_code", "recovery_code" or "" to let its shape decide.

    Raises:
        ChallengeDead: there is no sign-in to finish, or its five tries are used up.
        CodeRefused: the code does not count.
        ManagedBySso: an organization's provider signs this account in by now.
        TooManyAttempts, MethodSuspended, Overloaded: as the methods say.
    """
    async with reading() as db:
        challenge = await challenges.of_browser(db, visitor)

    async def hand_over(db: AsyncSession, used: str) -> SignedIn:
        ticket = await tickets.issue_for_sign_in(
            db,
            challenge.account_id,
            visitor,
            sign_in_id=challenge.sign_in_id,
            next_path=challenge.next_path,
            opened_by=f"{challenge.proven_by}+{used}",
            two_factor_verified=True,
        )
        return SignedIn(ticket)

    return await _finish(challenge, visitor, code, method, hand_over)


async def verify_api(visitor: Visitor, *, challenge: str, code: str, method: str) -> NewSession:
    """Finish an API client's sign-in; raises as :func:`verify_browser`.

    Args:
        challenge: the secret the first call answered.
    """
    async with reading() as db:
        row = await challenges.of_client(db, challenge)

    async def open_it(db: AsyncSession, used: str) -> NewSession:
        session = await sessions.open_session(
            db,
            row.account_id,
            visitor,
            kind="api",
            opened_by=f"{row.proven_by}+{used}",
            two_factor_verified=True,
        )
        account = await db.get(Account, row.account_id)
        is_new = account is not None and await note_api_device(db, account, visitor)
        await _note(db, row, session_id=session.id, is_new_device=is_new)
        return session

    return await _finish(row, visitor, code, method, open_it)


async def _finish(
    challenge: Challenge,
    visitor: Visitor,
    code: str,
    method: str,
    complete: Callable[[AsyncSession, str], Awaitable[T]],
) -> T:
    """Count the try, check the code, and complete the sign-in with it in one commit."""
    account_id = challenge.account_id
    attempt = await second_factor.begin(account_id)
    async with transaction(is_relaxed=True) as db:
        tries = await challenges.count_try(db, challenge)
        methods = await methods_of(db, account_id)
    method = second_factor.method_of(code, method, methods.serving)
    candidate = await second_factor.check(
        account_id, code, method, methods.serving, _occasion(challenge)
    )
    async with transaction() as db:
        # Its provider may have begun to manage the account since the password was right.
        await sso.require_unmanaged(db, account_id)
        if candidate is not None and await candidate.spend(db):
            await challenges.finish(db, challenge)
            await second_factor.succeed(db, attempt)
            if candidate.method != "email_code":
                await email_code.trust_mailbox(db, account_id)
            await _note(
                db,
                challenge,
                result="signed_in",
                method=f"{challenge.proven_by}+{candidate.method}",
                two_factor_verified=True,
            )
            activity.count_sign_in(db, "signed_in")
            if candidate.method == "recovery_code":
                activity.record_for(
                    db, account_id, visitor, "recovery_code.used", candidate.code_id
                )
                await second_factor.tell_recovery_use(db, account_id, visitor)
            return await complete(db, candidate.method)
        await _note_wrong_code(db, challenge, visitor, method, is_first=tries == 1)
    raise CodeRefused


async def _note_wrong_code(
    db: AsyncSession, challenge: Challenge, visitor: Visitor, method: str, *, is_first: bool
) -> None:
    """Write the failure; the first one of a sign-in mails the owner: half of it is known."""
    await second_factor.fail(db, challenge.account_id, method)
    await _note(db, challenge, result="wrong_code")
    activity.count_sign_in(db, "wrong_code")
    account = await db.get(Account, challenge.account_id)
    if is_first and account is not None:
        provider = PROVIDER_NAMES.get(challenge.proven_by, "")
        await notices.tell(db, "wrong_code", account, visitor, provider=provider)
    announce(db, Change(challenge.account_id, "sign_ins"))


async def _note(db: AsyncSession, challenge: Challenge, **values: Any) -> None:
    await execute(db, _NOTE, {"of": challenge.sign_in_id, **values})
