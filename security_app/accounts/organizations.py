"""An organization: made, renamed, asked to be safe, left and deleted."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import (
    accounts,
    activity,
    memberships,
    sso,
    sso_settings,
    step_up,
    throttle,
    workspace_mail,
)
from security_app.accounts.actor import Actor
from security_app.accounts.errors import EmailNotConfirmed
from security_app.accounts.memberships import parse_title
from security_app.accounts.step_up import Target
from security_app.accounts.throttle import Budget
from security_app.accounts.workspace_errors import (
    InOrganization,
    NotInWorkspace,
    TwoFactorRequired,
)
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, Membership, Organization, new_id
from security_app.limits import REQUIREMENT_LIMITS
from security_app.live.hub import Change, announce


@dataclass(frozen=True, slots=True)
class Overview:
    """What the Organization card says.

    Attributes:
        members: how many belong to it.
        protected: how many of them have a second factor; None for those who may not know.
    """

    id: str
    name: str = field(repr=False)
    created_at: datetime
    requires_2fa: bool
    members: int
    protected: int | None


@dataclass(frozen=True, slots=True)
class Affected:
    """Whom it touches that an organization requires a second factor, or no longer does.

    Attributes:
        members: how many belong to it.
        without_2fa: what those are called who have no second factor.
    """

    members: int
    without_2fa: tuple[str, ...] = field(repr=False)


async def overview(db: AsyncSession, actor: Actor, organization_id: str | None = None) -> Overview:
    """Read the actor's organization.

    Args:
        organization_id: which one they mean, where the request names one.

    Raises:
        NotInWorkspace, TwoFactorRequired: as :func:`memberships.entered`.
    """
    place = await memberships.entered(db, actor, "read", organization_id)
    row = await db.get_one(Organization, place.organization_id)
    members = await _count_members(db, row.id)
    protected = None
    if place.may("see_2fa"):
        protected = members - len(await memberships.without_2fa(db, row.id))
    return Overview(row.id, row.name, row.created_at, row.requires_2fa, members, protected)


async def create(actor: Actor, *, name: str) -> str:
    """Make an organization the actor owns; returns its id.

    Raises:
        FieldRefused: field "name".
        EmailNotConfirmed: the actor's address is not confirmed.
        InOrganization: the actor belongs to one already.
    """
    title = parse_title(name)
    at = now()
    async with transaction() as db:
        # Held: nobody joins another one, or deletes the account, at the same moment.
        account = await accounts.locked(db, actor.account_id)
        if account.email_confirmed_at is None:
            raise EmailNotConfirmed
        if await db.get(Membership, account.id) is not None:
            raise InOrganization
        organization = Organization(id=new_id(), name=title, created_at=at)
        db.add(organization)
        await db.flush()
        db.add(
            Membership(
                account_id=account.id,
                organization_id=organization.id,
                role="owner",
                joined_at=at,
            )
        )
        activity.record(db, actor, "organization.created")
        announce(db, Change(account.id, "workspace", by=actor.session_id))
        announce(db, Change(account.id, "account", by=actor.session_id))
    return organization.id


async def rename(actor: Actor, *, name: str) -> None:
    """Give the actor's organization another name.

    Raises:
        FieldRefused: field "name".
        NotInWorkspace, TwoFactorRequired, RoleRequired: as :func:`memberships.entered`.
    """
    title = parse_title(name)
    async with transaction() as db:
        place = await memberships.entered(db, actor, "rename")
        renamed = await db.exec(
            update(Organization)
            .where(col(Organization.id) == place.organization_id, col(Organization.name) != title)
            .values(name=title)
        )
        if renamed.rowcount:
            activity.record(db, actor, "organization.renamed")
            await memberships.announce_to_all(db, place.organization_id, by=actor.session_id)


async def affected_by_2fa(db: AsyncSession, actor: Actor, *, is_required: bool) -> Affected:
    """Whom :func:`require_2fa` would touch now, for the dialog before it.

    Raises:
        TwoFactorRequired: it is to be required, and the actor has none.
        NotInWorkspace, RoleRequired: as :func:`memberships.entered`.
    """
    place = await memberships.entered(db, actor, "require_2fa")
    if is_required:
        await _require_own_2fa(db, actor)
    members = await _count_members(db, place.organization_id)
    without = await memberships.without_2fa(db, place.organization_id)
    return Affected(members, tuple(_called(account) for account in without))


async def require_2fa(actor: Actor, *, is_required: bool) -> int:
    """Let nobody in without a second factor, or everybody again; the same again does nothing.

    Members who have none are told by mail, and led to set it up when they sign in.

    Returns:
        How many were told.

    Raises:
        TwoFactorRequired: the actor has none: they would lock themselves out.
        TooManyAttempts: it was asked for a few times within the hour, with a mail to each.
        NotInWorkspace, RoleRequired: as :func:`memberships.entered`.
    """
    if is_required:
        async with reading() as db:
            place = await memberships.entered(db, actor, "require_2fa")
        if not place.requires_2fa:
            key = f"mail:require_2fa:{place.organization_id}"
            await throttle.reserve(Budget(key, REQUIREMENT_LIMITS))
    async with transaction() as db:
        place = await memberships.entered(db, actor, "require_2fa")
        if is_required:
            await _require_own_2fa(db, actor)
        changed = await db.exec(
            update(Organization)
            .where(
                col(Organization.id) == place.organization_id,
                col(Organization.requires_2fa).is_(not is_required),
            )
            .values(requires_2fa=is_required)
        )
        if changed.rowcount == 0:
            return 0
        action = "organization.2fa_required" if is_required else "organization.2fa_optional"
        activity.record(db, actor, action)
        told = await memberships.without_2fa(db, place.organization_id) if is_required else []
        for member in told:
            await workspace_mail.write(
                db,
                "two_factor_required",
                actor,
                place.name,
                to=member.email,
                name=member.name,
                path=workspace_mail.SECURITY_PATH,
            )
        await memberships.announce_to_all(db, place.organization_id, by=actor.session_id)
    return len(told)


async def leave(actor: Actor) -> str:
    """Leave the actor's organization; who is kept out of it for want of 2FA may, too.

    Returns:
        What the provider is called that signed them in until now, "" for none.

    Raises:
        NotInWorkspace: they belong to none.
        LastOwner: nobody else can act as its owner.
    """
    async with transaction() as db:
        organization_id = await memberships.hold(db, actor.account_id)
        if not organization_id:
            raise NotInWorkspace
        manager = await sso.manager_of(db, actor.account_id)
        await memberships.announce_to_all(db, organization_id, by=actor.session_id)
        taken = await memberships.remove(db, organization_id, actor.account_id)
        await memberships.keep_an_owner(db, organization_id, taken=taken)
        activity.record(db, actor, "organization.left")
        announce(db, Change(actor.account_id, "account", by=actor.session_id))
    return manager.name if manager is not None else ""


async def find_to_delete(actor: Actor, organization_id: str) -> Target:
    """The organization the actor is about to delete, for the PIN prompt.

    Raises:
        NotInWorkspace, TwoFactorRequired, RoleRequired: as :func:`memberships.entered`.
    """
    async with reading() as db:
        place = await memberships.entered(db, actor, "delete", organization_id)
    return Target(place.organization_id, place.name)


async def delete_organization(actor: Actor, organization_id: str) -> None:
    """Delete it with its members' places, invitations and releases; spends the grant.

    Everybody who belonged to it is told by mail, and who signed in through its single
    sign-on, how to get in from now on.

    Raises:
        NotInWorkspace, TwoFactorRequired, RoleRequired: as :func:`memberships.entered`.
        StepUpRequired: no PIN was given for this organization.
    """
    async with transaction() as db:
        place = await memberships.entered_alone(db, actor, "delete", organization_id)
        await step_up.spend(db, actor, "delete_organization", organization_id)
        members = (
            await db.exec(
                select(Account)
                .join(Membership, col(Membership.account_id) == Account.id)
                .where(Membership.organization_id == organization_id)
            )
        ).all()
        await sso_settings.end_with_organization(db, actor, place)
        await db.exec(delete(Organization).where(col(Organization.id) == organization_id))
        activity.record(db, actor, "organization.deleted")
        for member in members:
            if member.id != actor.account_id:
                activity.record_elsewhere(db, member.id, "organization.deleted")
            await workspace_mail.write(
                db,
                "organization_deleted",
                actor,
                place.name,
                to=member.email,
                name=member.name,
            )
            announce(db, Change(member.id, "workspace", by=actor.session_id))
            announce(db, Change(member.id, "account", by=actor.session_id))


async def _count_members(db: AsyncSession, organization_id: str) -> int:
    count = select(func.count()).where(col(Membership.organization_id) == organization_id)
    return (await db.exec(count)).one()


async def _require_own_2fa(db: AsyncSession, actor: Actor) -> None:
    """Refuse an actor who would lock themselves out."""
    if await memberships.lacks_2fa(db, actor.account_id):
        raise TwoFactorRequired("Turn on two-factor authentication for yourself first.")


def _called(account: Account) -> str:
    return f"{account.name}, {account.email}" if account.name else account.email
