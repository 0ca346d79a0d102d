"""The password as a proof: counted first, then compared, in the same place for every door."""

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from security_app.accounts import throttle
from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.hashing import hashing_place, verify_text
from security_app.accounts.password_rules import normalise
from security_app.accounts.places import network_key
from security_app.accounts.throttle import Budget, Reservation
from security_app.keys import keyed_digest
from security_app.limits import PASSWORD_LIMITS_ACCOUNT, PASSWORD_LIMITS_ADDRESS
from security_app.policy import get_policy


@dataclass(frozen=True, slots=True)
class PasswordCheck:
    """The outcome of comparing one password.

    Attributes:
        is_right: whether it is the account's.
        rehashed: a stronger stored form to keep, or None.
        reservation: the failure counted in advance; refund it when the password was right.
    """

    is_right: bool
    rehashed: str | None
    reservation: Reservation


def budgets_at_the_door(
    email_key: str, visitor: Visitor, known_account_id: str | None
) -> tuple[Budget, ...]:
    """Which counters a sign-in draws on (S-48, S-50).

    Args:
        email_key: the folded address, of an account or of nobody.
        known_account_id: the account, when this browser signed in to it before.
    """
    if known_account_id:
        browser = f"password:browser:{known_account_id}:{visitor.browser_hash[:32]}"
        return (Budget(browser, PASSWORD_LIMITS_ACCOUNT),)
    account = keyed_digest("throttle", email_key)[:32]
    return (
        Budget(f"password:account:{account}", PASSWORD_LIMITS_ACCOUNT),
        Budget(f"password:address:{network_key(visitor.ip)}", PASSWORD_LIMITS_ADDRESS),
    )


def budgets_in_session(actor: Actor) -> tuple[Budget, ...]:
    """Which counter a signed-in person draws on: strangers cannot use it up."""
    return (Budget(f"password:session:{actor.session_id}", PASSWORD_LIMITS_ACCOUNT),)


@contextlib.asynccontextmanager
async def checked_password(
    password: str, stored: str | None, budgets: tuple[Budget, ...]
) -> AsyncGenerator[PasswordCheck]:
    """Compare a password with the stored one; commit to what it is for inside the block.

    Args:
        password: as typed; longer than the policy's bound is wrong without hashing.
        stored: the account's hash; None takes the same time and is wrong.

    Raises:
        TooManyAttempts: a budget is used up; nothing was compared.
        Overloaded: too many wait for a hashing thread.
    """
    limit = get_policy().password_max_length
    # What is decomposed shrinks when it is normalised: a letter can be four code points.
    text = normalise(password) if len(password) <= 4 * limit else ""
    is_too_long = len(password) > 4 * limit or len(text) > limit
    async with throttle.lane(budgets[0].key):
        async with hashing_place():
            reservation = await throttle.reserve(*budgets)
            verification = await verify_text("" if is_too_long else text, stored, "password")
        yield PasswordCheck(
            verification.is_right and not is_too_long, verification.rehashed, reservation
        )
