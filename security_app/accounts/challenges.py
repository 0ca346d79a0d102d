"""A sign-in between password and code: a thing of its own, never a session (S-41).

It lives ten minutes, takes five tries, succeeds once, and is good for the code
call alone. In a browser it is found by the browser's own cookie; an API client
gets a secret.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from security_app.accounts.actor import Visitor
from security_app.accounts.errors import ChallengeDead
from security_app.accounts.tickets import safe_path
from security_app.accounts.tokens import digest, new_token
from security_app.clock import now
from security_app.db.engine import execute
from security_app.db.tables import Challenge, new_id
from security_app.limits import CHALLENGE_LIFE, CHALLENGE_TRIES

#: Built once, as each code needs them.
_COUNT_TRY = (
    update(Challenge)
    .where(
        col(Challenge.id) == bindparam("of"),
        col(Challenge.tries) < CHALLENGE_TRIES,
        col(Challenge.finished_at).is_(None),
        col(Challenge.expires_at) > bindparam("at"),
    )
    .values(tries=col(Challenge.tries) + 1)
    .returning(col(Challenge.tries))
)
_FINISH = (
    update(Challenge)
    .where(col(Challenge.id) == bindparam("of"), col(Challenge.finished_at).is_(None))
    .values(finished_at=bindparam("at"))
)


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """The password was right; a code is asked.

    Attributes:
        challenge: the secret an API client brings back; a browser does without.
        methods: what a code may be of, the preselected one first.
        expires_at: until when.
    """

    challenge: str = field(repr=False)
    methods: tuple[str, ...]
    expires_at: datetime


async def begin(
    db: AsyncSession,
    account_id: str,
    visitor: Visitor,
    *,
    methods: tuple[str, ...],
    sign_in_id: str,
    proven_by: str,
    next_path: str,
) -> CodeNeeded:
    """Write the pending sign-in; in a browser a newer one replaces the former.

    Args:
        proven_by: "password", "api", or the kind of provider.
    """
    secret = new_token()
    expires_at = now() + CHALLENGE_LIFE
    challenge_id = new_id()
    if visitor.browser_hash:
        is_former = col(Challenge.browser_hash) == visitor.browser_hash
        statement = delete(Challenge).where(is_former)
        gone = await db.exec(statement.returning(col(Challenge.id), col(Challenge.account_id)))
        # A code mailed to this browser a moment ago goes on counting: nobody waits for another.
        same = [former for former, owner in gone if owner == account_id]
        challenge_id = same[0] if same else challenge_id
    db.add(
        Challenge(
            id=challenge_id,
            account_id=account_id,
            secret_hash=digest(secret),
            browser_hash=visitor.browser_hash,
            sign_in_id=sign_in_id,
            proven_by=proven_by,
            next_path=safe_path(next_path),
            expires_at=expires_at,
        )
    )
    return CodeNeeded(secret, methods, expires_at)


async def of_browser(db: AsyncSession, visitor: Visitor) -> Challenge:
    """The sign-in this browser has begun.

    Raises:
        ChallengeDead: there is none, or it is used up or too old.
    """
    if not visitor.browser_hash:
        raise ChallengeDead
    return await _one(db, select(Challenge).where(Challenge.browser_hash == visitor.browser_hash))


async def of_client(db: AsyncSession, secret: str) -> Challenge:
    """The sign-in an API client has begun.

    Raises:
        ChallengeDead: there is none, or it is used up or too old.
    """
    statement = select(Challenge).where(
        Challenge.secret_hash == digest(secret), Challenge.browser_hash == ""
    )
    return await _one(db, statement)


async def count_try(db: AsyncSession, challenge: Challenge) -> int:
    """Take one of the five tries before the code is looked at; returns which one it is.

    Raises:
        ChallengeDead: none is left, or it was finished meanwhile.
    """
    tries = (await execute(db, _COUNT_TRY, {"of": challenge.id, "at": now()})).scalar()
    if tries is None:
        raise ChallengeDead
    return tries


async def finish(db: AsyncSession, challenge: Challenge) -> None:
    """Succeed, once.

    Raises:
        ChallengeDead: somebody else finished it.
    """
    if (await execute(db, _FINISH, {"of": challenge.id, "at": now()})).rowcount == 0:
        raise ChallengeDead


async def revoke_of_account(db: AsyncSession, account_id: str) -> None:
    """End every half-finished sign-in of an account."""
    await db.exec(delete(Challenge).where(col(Challenge.account_id) == account_id))


async def forget_old(db: AsyncSession) -> None:
    """Drop sign-ins nobody finished."""
    await db.exec(delete(Challenge).where(col(Challenge.expires_at) < now()))


async def _one(db: AsyncSession, statement: SelectOfScalar[Challenge]) -> Challenge:
    live = statement.where(
        col(Challenge.expires_at) > now(),
        col(Challenge.finished_at).is_(None),
        col(Challenge.tries) < CHALLENGE_TRIES,
    )
    challenge = (await db.exec(live.limit(1))).first()
    if challenge is None:
        raise ChallengeDead
    return challenge
