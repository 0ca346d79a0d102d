"""The second half of a sign-in: one code, then a ticket or a session."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import (
    activity,
    challenges,
    notices,
    second_factor,
    sessions,
    tickets,
)
from security_app.accounts.actor import Visitor
from security_app.accounts.errors import CodeRefused
from security_app.accounts.methods import methods_of
from security_app.accounts.sessions import NewSession
from security_app.accounts.sign_in import SignedIn, note_api_device
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, Challenge, SignInAttempt
from security_app.live.hub import Change, announce

T = TypeVar("T")

#: How a session was opened, by the method of its code.
_OPENED_BY = {"totp": "password+totp", "recovery_code": "password+recovery_code"}


@dataclass(frozen=True, slots=True)
class Pending:
    """What the code page shows of a half-finished sign-in."""

    methods: tuple[str, ...]
    expires_at: datetime


async def pending_of_browser(visitor: Visitor) -> Pending:
    """The sign-in this browser has begun.

    Raises:
        ChallengeDead: there is none.
    """
    async with reading() as db:
        challenge = await challenges.of_browser(db, visitor)
        methods = await methods_of(db, challenge.account_id)
    return Pending(methods.on, challenge.expires_at)


async def verify_browser(visitor: Visitor, *, code: str, method: str) -> SignedIn:
    """Finish a browser's sign-in.

    Args:
        code: an authenticator or recovery code, as typed.
        method: "totp", "recovery_code" or "" to let its shape decide.

    Raises:
        ChallengeDead: there is no sign-in to finish, or its five tries are used up.
        CodeRefused: the code does not count.
        TooManyAttempts, MethodSuspended, Overloaded: as the methods say.
    """
    async with reading() as db:
        challenge = await challenges.of_browser(db, visitor)

    async def hand_over(db: AsyncSession, used: str) -> SignedIn:
        ticket = tickets.issue_for_sign_in(
            db,
            challenge.account_id,
            visitor,
            sign_in_id=challenge.sign_in_id,
            next_path=challenge.next_path,
            opened_by=_OPENED_BY[used],
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
            opened_by=f"api+{used}",
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
    allowed = (*methods.on, "recovery_code") if "totp" in methods.on else methods.on
    candidate = await second_factor.check(account_id, code, method, allowed)
    async with transaction() as db:
        if candidate is not None and await candidate.spend(db):
            await challenges.finish(db, challenge)
            await second_factor.succeed(db, attempt)
            await _note(
                db,
                challenge,
                result="signed_in",
                method=_OPENED_BY[candidate.method],
                two_factor_verified=True,
            )
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
    """Write the failure; the first one of a sign-in mails the owner: the password is known."""
    await second_factor.fail(db, challenge.account_id, method)
    await _note(db, challenge, result="wrong_code")
    account = await db.get(Account, challenge.account_id)
    if is_first and account is not None:
        await notices.tell(db, "wrong_code", account, visitor)
    announce(db, Change(challenge.account_id, "activity"))


async def _note(db: AsyncSession, challenge: Challenge, **values: Any) -> None:
    await db.exec(
        update(SignInAttempt).where(col(SignInAttempt.id) == challenge.sign_in_id).values(**values)
    )
