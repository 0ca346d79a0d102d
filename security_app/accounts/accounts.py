"""The account itself: who it is, and what it is called."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import activity
from security_app.accounts.actor import Actor
from security_app.accounts.errors import FieldRefused, SignInRequired
from security_app.db.tables import Account
from security_app.live.hub import Change, announce

#: Longest display name, in characters.
NAME_MAX_CHARS = 100
ROLES = ("member", "finance", "admin", "super_admin", "owner")
#: Who is told that 2FA is strongly recommended for the role (Wevion guide).
STRONG_ROLES = frozenset(ROLES) - {"member"}


@dataclass(frozen=True, slots=True)
class Profile:
    """What an account says about itself."""

    id: str
    email: str = field(repr=False)
    name: str = field(repr=False)
    email_confirmed: bool
    created_at: datetime
    role: str

    @property
    def should_use_2fa(self) -> bool:
        """Whether two-factor authentication is strongly recommended for the role."""
        return self.role in STRONG_ROLES


async def profile(db: AsyncSession, account_id: str) -> Profile:
    """Read an account.

    Raises:
        SignInRequired: it is gone.
    """
    row = await db.get(Account, account_id)
    if row is None:
        raise SignInRequired
    return Profile(
        id=row.id,
        email=row.email,
        name=row.name,
        email_confirmed=row.email_confirmed_at is not None,
        created_at=row.created_at,
        role=row.role,
    )


def parse_name(text: str) -> str:
    """Read a display name; it may be empty.

    Raises:
        FieldRefused: too long, or control characters in it.
    """
    name = " ".join(text.split())
    if len(name) > NAME_MAX_CHARS or not name.isprintable():
        msg = f"A name has at most {NAME_MAX_CHARS} letters."
        raise FieldRefused(msg, field="name")
    return name


async def change_name(db: AsyncSession, actor: Actor, text: str) -> None:
    """Change the display name; the same again changes nothing.

    Raises:
        FieldRefused: as :func:`parse_name`.
    """
    name = parse_name(text)
    result = await db.exec(
        update(Account)
        .where(col(Account.id) == actor.account_id, col(Account.name) != name)
        .values(name=name)
    )
    if result.rowcount:
        activity.record(db, actor, "account.renamed")
        announce(db, Change(actor.account_id, "account", by=actor.session_id))


async def set_role(db: AsyncSession, email_key: str, role: str) -> bool:
    """Give an account a role; returns whether there is such an account.

    Raises:
        ValueError: no such role.
    """
    if role not in ROLES:
        raise ValueError(f"a role is one of {', '.join(ROLES)}")
    result = await db.exec(
        update(Account).where(col(Account.email_key) == email_key).values(role=role)
    )
    return result.rowcount == 1
