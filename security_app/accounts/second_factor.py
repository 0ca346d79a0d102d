"""One code of whichever method: counted first, checked, spent in the caller's transaction.

One budget an account for all methods, attempts and doors (S-49).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import activity, notices, throttle
from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.proofs import email_code, recovery_code, totp
from security_app.accounts.proofs.codes import as_recovery_code
from security_app.accounts.proofs.email_code import Occasion
from security_app.accounts.throttle import Budget, Reservation
from security_app.db.tables import Account, EmailMethod, RecoveryKit, Totp
from security_app.limits import FACTOR_LIMITS_ACCOUNT
from security_app.live.hub import Change, announce


@dataclass(frozen=True, slots=True)
class Candidate:
    """A code that may be right; only :attr:`spend` tells, and uses it up.

    Attributes:
        method: "totp", "email_code" or "recovery_code".
        spend: to be awaited once, inside the transaction of what the code is for.
        code_id: which recovery code it is, for the log; "" for other methods.
    """

    method: str
    spend: Callable[[AsyncSession], Awaitable[bool]]
    code_id: str = ""


async def begin(account_id: str) -> Reservation:
    """Count an attempt before anything is compared.

    Raises:
        TooManyAttempts: ten wrong codes in 15 minutes, whatever their method.
    """
    return await throttle.reserve(Budget(f"factor:account:{account_id}", FACTOR_LIMITS_ACCOUNT))


def method_of(text: str, method: str, allowed: tuple[str, ...]) -> str:
    """Which method a code is of.

    Args:
        text: as typed.
        method: what its sender says; "" lets its shape decide, and a recovery
            code is told by its shape in every box.
        allowed: the methods that serve here.
    """
    if as_recovery_code(text):
        return "recovery_code"
    if method:
        return method
    return "totp" if "totp" in allowed or "email_code" not in allowed else "email_code"


async def check(
    account_id: str, text: str, method: str, allowed: tuple[str, ...], occasion: Occasion
) -> Candidate | None:
    """Look at a code.

    Args:
        text: as typed.
        method: from :func:`method_of`.
        allowed: the methods that serve here.
        occasion: what a mailed code must have been asked for.

    Returns:
        A candidate to spend, or None when it cannot be right.
    """
    if method not in allowed:
        return None
    if method == "totp":
        return Candidate("totp", lambda db: totp.spend(db, account_id, text))
    if method == "email_code":
        return Candidate("email_code", lambda db: email_code.spend(db, account_id, occasion, text))
    if method == "recovery_code":
        right = await recovery_code.check(account_id, text)
        if right is not None:
            return Candidate("recovery_code", lambda db: recovery_code.spend(db, right), right.id)
    return None


async def succeed(db: AsyncSession, attempt: Reservation) -> None:
    """Only a full success takes failures back, and only its own (S-49)."""
    await throttle.refund(db, attempt)


async def fail(db: AsyncSession, account_id: str, method: str) -> None:
    """Note a wrong code for the count that suspends a method."""
    if method == "totp":
        await totp.count_failure(db, account_id)
    elif method == "email_code":
        await email_code.count_failure(db, account_id)
    elif method == "recovery_code":
        await recovery_code.count_failure(db, account_id)


async def lift_suspension(db: AsyncSession, email_key: str) -> bool:
    """Forget the wrong codes of an account, by an operator; returns whether there is one."""
    account = (await db.exec(select(Account).where(Account.email_key == email_key))).first()
    if account is None:
        return False
    for table in (Totp, EmailMethod, RecoveryKit):
        await db.exec(update(table).where(col(table.account_id) == account.id).values(failures=0))
    operator = Visitor(ip="", user_agent="")
    activity.record_for(db, account.id, operator, "factors.suspension_lifted")
    return True


async def note_recovery_use(db: AsyncSession, actor: Actor, used: Candidate) -> None:
    """Log and mail the use of a recovery code inside a session (S-29)."""
    if used.method == "recovery_code":
        activity.record(db, actor, "recovery_code.used", used.code_id)
        await tell_recovery_use(db, actor.account_id, actor.visitor)


async def tell_recovery_use(db: AsyncSession, account_id: str, visitor: Visitor) -> None:
    """Mail the owner that a recovery code was used, and refresh open pages."""
    account = await db.get(Account, account_id)
    if account is not None:
        await notices.tell(db, "recovery_code_used", account, visitor)
    announce(db, Change(account_id, "factors"))
