"""Who belongs to an organization, and what they may do there.

Every path to the workspace asks here, with what it is about to do; the answers
are one table in ``policy.ROLE_RIGHTS``. Whoever changes who belongs to an
organization holds its row until the commit, so that of two owners who leave at
the same moment one stays.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, func
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import sso
from security_app.accounts.actor import Actor
from security_app.accounts.methods import methods_of
from security_app.accounts.names import parse_name
from security_app.accounts.workspace_errors import (
    LastOwner,
    NotInWorkspace,
    RoleRequired,
    TwoFactorRequired,
)
from security_app.clock import now
from security_app.db.tables import Account, EmailMethod, Invitation, Membership, Organization, Totp
from security_app.limits import MAX_MEMBERS
from security_app.live.hub import Change, announce
from security_app.policy import ROLE_RIGHTS, ROLES

#: Longest name of an organization or a release, in characters.
NAME_MAX_CHARS = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an actor stands at this moment.

    Attributes:
        organization_id: the organization the actor belongs to.
        name: what it is called.
        role: the actor's, a key of ``ROLE_RIGHTS``.
        requires_2fa: whether it lets nobody in without a second factor.
        is_shut: whether that keeps this actor out now.
    """

    organization_id: str
    name: str = field(repr=False)
    role: str
    requires_2fa: bool
    is_shut: bool

    @property
    def rights(self) -> frozenset[str]:
        """What the actor may do now, of ``ROLE_RIGHTS``."""
        return frozenset() if self.is_shut else ROLE_RIGHTS[self.role]

    def may(self, act: str) -> bool:
        """Whether that is among it."""
        return act in self.rights

    def reaches(self, role: str) -> bool:
        """Whether a role is not above the actor's: such people are acted on, such roles given."""
        return role in ROLES and ROLES.index(role) <= ROLES.index(self.role)

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles the actor may give, lowest first."""
        return tuple(role for role in ROLES if self.reaches(role))


async def standing(db: AsyncSession, actor: Actor) -> Standing | None:
    """Where the actor stands; None without an organization."""
    statement = (
        select(Membership.role, Organization)
        .join(Organization, col(Organization.id) == Membership.organization_id)
        .where(Membership.account_id == actor.account_id)
    )
    found = (await db.exec(statement)).first()
    if found is None:
        return None
    role, organization = found
    is_shut = (
        organization.requires_2fa
        # A key was made with full proof, and 2FA never applies to it (S-72).
        and actor.scopes is None
        and await lacks_2fa(db, actor.account_id)
    )
    return Standing(organization.id, organization.name, role, organization.requires_2fa, is_shut)


async def entered(
    db: AsyncSession, actor: Actor, act: str, organization_id: str | None = None
) -> Standing:
    """Where the actor stands, if they may do something there.

    Args:
        act: a right of ``ROLE_RIGHTS``.
        organization_id: which organization they mean, where the request names one.

    Raises:
        NotInWorkspace: they belong to none, or to another one.
        TwoFactorRequired: it asks for a second factor, and they have none.
        RoleRequired: their role does not allow it.
    """
    found = await standing(db, actor)
    if found is None or organization_id not in {None, found.organization_id}:
        raise NotInWorkspace
    if found.is_shut:
        raise TwoFactorRequired
    if not found.may(act):
        raise RoleRequired
    return found


async def entered_alone(
    db: AsyncSession, actor: Actor, act: str, organization_id: str | None = None
) -> Standing:
    """As :func:`entered`, holding the organization until the commit: of two changes one waits."""
    await hold(db, actor.account_id)
    return await entered(db, actor, act, organization_id)


async def hold(db: AsyncSession, account_id: str) -> str:
    """Hold the organization of an account until the commit; returns its id, "" without one.

    Where the account's own row is held too, that one comes first.
    """
    statement = (
        select(Organization.id)
        .join(Membership, col(Membership.organization_id) == Organization.id)
        .where(Membership.account_id == account_id)
        .with_for_update(of=Organization, key_share=True)
    )
    return (await db.exec(statement)).first() or ""


async def hold_organization(db: AsyncSession, organization_id: str) -> None:
    """Hold an organization, whoever belongs to it; one that is gone is no longer held."""
    await db.exec(
        select(Organization.id)
        .where(Organization.id == organization_id)
        .with_for_update(key_share=True)
    )


async def is_full(db: AsyncSession, organization_id: str) -> bool:
    """Whether an organization, which is held, has as many members and invitations as it may."""
    members = select(func.count()).where(col(Membership.organization_id) == organization_id)
    invited = select(func.count()).where(
        col(Invitation.organization_id) == organization_id, col(Invitation.expires_at) > now()
    )
    return (await db.exec(members)).one() + (await db.exec(invited)).one() >= MAX_MEMBERS


async def keep_an_owner(db: AsyncSession, organization_id: str, *, taken: str) -> None:
    """Refuse a change that has left nobody who can act as owner of an organization, which is held.

    Who is disabled cannot: an organization theirs alone is nobody's. Where it is so already,
    others still come and go.

    Args:
        taken: the role the change has taken from somebody.

    Raises:
        LastOwner: so it is; the change rolls back.
    """
    if taken != "owner":
        return
    owners = (
        select(func.count())
        .select_from(Membership)
        .join(Account, col(Account.id) == col(Membership.account_id))
        .where(
            col(Membership.organization_id) == organization_id,
            col(Membership.role) == "owner",
            col(Account.disabled_at).is_(None),
        )
    )
    if (await db.exec(owners)).one() == 0:
        raise LastOwner


async def remove(db: AsyncSession, organization_id: str, account_id: str) -> str:
    """Take an account out of an organization, which is held, with the invitations it sent.

    Returns:
        The role it had.

    Raises:
        NotInWorkspace: it belongs there no more; somebody was quicker.
    """
    removed = await db.exec(
        delete(Membership)
        .where(
            col(Membership.organization_id) == organization_id,
            col(Membership.account_id) == account_id,
        )
        .returning(col(Membership.role))
    )
    role = removed.scalar_one_or_none()
    if role is None:
        raise NotInWorkspace
    await forget_invitations(db, account_id, ROLES)
    return role


async def forget_invitations(db: AsyncSession, account_id: str, roles: Sequence[str]) -> None:
    """Drop what an account invited to roles it may not give (any more)."""
    await db.exec(
        delete(Invitation).where(
            col(Invitation.invited_by) == account_id, col(Invitation.role).in_(roles)
        )
    )


async def leave_with_account(db: AsyncSession, account_id: str) -> None:
    """Take an account that is about to be deleted out of its organization.

    An organization nobody else belongs to goes with it.

    Raises:
        LastOwner: others belong to it, and none of them can act as its owner.
    """
    organization_id = await hold(db, account_id)
    if not organization_id:
        return
    await announce_to_all(db, organization_id)
    taken = ""
    with contextlib.suppress(NotInWorkspace):
        taken = await remove(db, organization_id, account_id)
    left = select(func.count()).where(col(Membership.organization_id) == organization_id)
    if (await db.exec(left)).one() == 0:
        await db.exec(delete(Organization).where(col(Organization.id) == organization_id))
        return
    try:
        await keep_an_owner(db, organization_id, taken=taken)
    except LastOwner:
        raise LastOwner(
            "You are the only owner of your organization who can sign in. Make somebody else "
            "an owner first."
        ) from None


async def must_set_up_2fa(db: AsyncSession, account_id: str) -> bool:
    """Whether an account is kept out of its organization until it has a second factor."""
    statement = (
        select(Membership.account_id)
        .join(Organization, col(Organization.id) == Membership.organization_id)
        .where(Membership.account_id == account_id, col(Organization.requires_2fa).is_(True))
    )
    if (await db.exec(statement)).first() is None:
        return False
    return await lacks_2fa(db, account_id)


async def announce_to_all(
    db: AsyncSession, organization_id: str, *, topic: str = "workspace", by: str = ""
) -> None:
    """Tell the open pages of everybody who belongs to an organization, after the commit."""
    members = select(Membership.account_id).where(Membership.organization_id == organization_id)
    for account_id in (await db.exec(members)).all():
        announce(db, Change(account_id, topic, by=by))


async def announce_to_colleagues(db: AsyncSession, account_id: str, *, by: str = "") -> None:
    """Tell the open pages of the others in an account's organization what they list of it changed.

    That is its name, its address, and whether a second factor is on.
    """
    own, other = aliased(Membership), aliased(Membership)
    colleagues = (
        select(other.account_id)
        .join(own, col(own.organization_id) == col(other.organization_id))
        .where(col(own.account_id) == account_id, col(other.account_id) != account_id)
    )
    for colleague_id in (await db.exec(colleagues)).all():
        announce(db, Change(colleague_id, "workspace", by=by))


async def without_2fa(db: AsyncSession, organization_id: str) -> list[Account]:
    """The members who have no second factor."""
    statement = (
        select(Account)
        .join(Membership, col(Membership.account_id) == Account.id)
        .outerjoin(Totp, col(Totp.account_id) == Account.id)
        .outerjoin(EmailMethod, col(EmailMethod.account_id) == Account.id)
        .where(
            Membership.organization_id == organization_id,
            col(Totp.account_id).is_(None),
            col(EmailMethod.account_id).is_(None),
            ~sso.is_managed(col(Account.id)),
        )
    )
    return list((await db.exec(statement)).all())


async def lacks_2fa(db: AsyncSession, account_id: str) -> bool:
    """Whether nothing but a password protects a sign-in; what manages an account sees to it."""
    if (await methods_of(db, account_id)).on:
        return False
    return await sso.manager_of(db, account_id) is None


def parse_title(text: str) -> str:
    """Read the name of an organization or a release.

    Raises:
        FieldRefused: empty, too long, or with control or bidirectional characters.
    """
    return parse_name(text, max_chars=NAME_MAX_CHARS, missing="Enter a name.")
