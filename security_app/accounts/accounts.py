"""The account itself: who it is, and what it is called."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import activity, memberships, names
from security_app.accounts.actor import Actor
from security_app.accounts.errors import SignInRequired
from security_app.db.tables import Account, Membership, Organization
from security_app.live.hub import Change, announce
from security_app.policy import ROLES

#: Longest display name, in characters.
NAME_MAX_CHARS = 100
#: Who is told that 2FA is strongly recommended for the role (Wevion guide).
STRONG_ROLES = frozenset(ROLES) - {"member"}


@dataclass(frozen=True, slots=True)
class Belonging:
    """The organization an account belongs to."""

    id: str
    name: str = field(repr=False)
    role: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What an account says about itself; its role is "member" without an organization."""

    id: str
    email: str = field(repr=False)
    name: str = field(repr=False)
    email_confirmed: bool
    created_at: datetime
    role: str
    organization: Belonging | None

    @property
    def should_use_2fa(self) -> bool:
        """Whether two-factor authentication is strongly recommended for the role."""
        return self.role in STRONG_ROLES


async def existing(db: AsyncSession, account_id: str) -> Account:
    """The row of an account that somebody acts for.

    Raises:
        SignInRequired: it is gone.
    """
    account = await db.get(Account, account_id)
    if account is None:
        raise SignInRequired
    return account


async def locked(db: AsyncSession, account_id: str) -> Account:
    """The same, held until the commit: of two changes one waits.

    Raises:
        SignInRequired: it is gone.
    """
    account = await db.get(Account, account_id, with_for_update={"key_share": True})
    if account is None:
        raise SignInRequired
    return account


async def profile(db: AsyncSession, account_id: str) -> Profile:
    """Read an account.

    Raises:
        SignInRequired: it is gone.
    """
    statement = (
        select(Account, Membership.role, Organization.id, Organization.name)
        .outerjoin(Membership, col(Membership.account_id) == col(Account.id))
        .outerjoin(Organization, col(Organization.id) == col(Membership.organization_id))
        .where(col(Account.id) == account_id)
    )
    found = (await db.exec(statement)).first()
    if found is None:
        raise SignInRequired
    row, role, organization_id, organization_name = found
    belonging = Belonging(organization_id, organization_name, role) if organization_id else None
    return Profile(
        id=row.id,
        email=row.email,
        name=row.name,
        email_confirmed=row.email_confirmed_at is not None,
        created_at=row.created_at,
        role=role or "member",
        organization=belonging,
    )


def parse_name(text: str) -> str:
    """Read a display name; it may be empty.

    Raises:
        FieldRefused: too long, or control characters in it.
    """
    return names.parse_name(text, max_chars=NAME_MAX_CHARS)


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
        await memberships.announce_to_colleagues(db, actor.account_id, by=actor.session_id)
