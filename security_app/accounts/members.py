"""The members of an organization: listed, given another role, reminded of 2FA, removed."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import activity, memberships, sso, workspace_mail
from security_app.accounts.actor import Actor
from security_app.accounts.errors import Conflict, FieldRefused
from security_app.accounts.memberships import Standing
from security_app.accounts.methods import methods_of
from security_app.accounts.workspace_errors import NotInWorkspace, RoleRequired
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, EmailMethod, Membership, Totp, known_id
from security_app.limits import REMINDER_EVERY
from security_app.live.hub import Change, announce
from security_app.policy import ROLE_RIGHTS, ROLES

_GONE = "That person does not belong to your organization."


@dataclass(frozen=True, slots=True)
class Member:
    """One row of the Members card.

    Attributes:
        has_2fa: whether a second factor is on, or the organization's sign-on sees to it;
            None for those who may not know.
        is_managed: whether that sign-on sees to it.
        reminded_at: when somebody last asked the member to turn one on, within a day.
        may_change, may_remove, may_remind: what the actor may do with this member now.
    """

    account_id: str
    name: str = field(repr=False)
    email: str = field(repr=False)
    role: str
    joined_at: datetime
    is_self: bool
    has_2fa: bool | None
    is_managed: bool
    reminded_at: datetime | None
    may_change: bool
    may_remove: bool
    may_remind: bool


async def listing(db: AsyncSession, place: Standing, actor: Actor, *, limit: int) -> list[Member]:
    """The members of an organization, those who joined first at the top.

    Args:
        place: where the actor stands, from :func:`memberships.entered`.
        limit: rows; an organization has at most ``MAX_MEMBERS``.
    """
    statement = (
        select(
            Membership,
            Account,
            or_(col(Totp.account_id).is_not(None), col(EmailMethod.account_id).is_not(None)),
            sso.is_managed(col(Account.id)),
        )
        .join(Account, col(Account.id) == col(Membership.account_id))
        .outerjoin(Totp, col(Totp.account_id) == col(Account.id))
        .outerjoin(EmailMethod, col(EmailMethod.account_id) == col(Account.id))
        .where(col(Membership.organization_id) == place.organization_id)
        .order_by(col(Membership.joined_at), col(Membership.account_id))
        .limit(limit)
    )
    return [
        _member(membership, account, place, actor, has_2fa=has_2fa, is_managed=is_managed)
        for membership, account, has_2fa, is_managed in (await db.exec(statement)).all()
    ]


def _member(
    membership: Membership,
    account: Account,
    place: Standing,
    actor: Actor,
    *,
    has_2fa: bool,
    is_managed: bool,
) -> Member:
    has_2fa = has_2fa or is_managed
    is_self = membership.account_id == actor.account_id
    is_reached = place.reaches(membership.role)
    reminded_at = membership.reminded_at
    if reminded_at is not None and reminded_at <= now() - REMINDER_EVERY:
        reminded_at = None
    knows = place.may("see_2fa")
    is_open = is_reached and not is_self and not has_2fa and reminded_at is None
    return Member(
        account_id=membership.account_id,
        name=account.name,
        email=account.email,
        role=membership.role,
        joined_at=membership.joined_at,
        is_self=is_self,
        has_2fa=has_2fa if knows else None,
        is_managed=is_managed and knows,
        reminded_at=reminded_at if knows and not has_2fa else None,
        may_change=is_reached and place.may("change_role"),
        may_remove=is_reached and not is_self and place.may("remove"),
        may_remind=is_open and place.may("remind"),
    )


async def roles_to_give(actor: Actor, account_id: str) -> tuple[tuple[str, ...], bool]:
    """What the actor may make of a member: the roles, lowest first, and whether to hand over.

    Nothing of somebody who is not a member of the actor's organization.
    """
    async with reading() as db:
        place = await memberships.standing(db, actor)
        member = await db.get(Membership, known_id(account_id))
    if place is None or member is None or member.organization_id != place.organization_id:
        return (), False
    is_other = account_id != actor.account_id
    may_hand_over = place.role == "owner" and is_other and member.role != "owner"
    return place.roles, may_hand_over


async def change_role(actor: Actor, account_id: str, *, role: str) -> None:
    """Give a member, or oneself, another role; the same again does nothing.

    Raises:
        FieldRefused: no such role; field "role".
        RoleRequired: the actor may not give it, or not to this member.
        LastOwner: nobody would own the organization.
        NotInWorkspace, TwoFactorRequired: as :func:`memberships.entered`, or no such member.
    """
    async with transaction() as db:
        place, member = await _acted_on(db, actor, "change_role", account_id)
        _require_given(place, role)
        if member.role == role:
            return
        taken = member.role
        await _give_role(db, actor, place, member, role)
        await memberships.keep_an_owner(db, place.organization_id, taken=taken)
        await memberships.announce_to_all(db, place.organization_id, by=actor.session_id)


async def hand_over(actor: Actor, account_id: str) -> None:
    """Make a member an owner, and the actor a super admin in the same moment.

    Raises:
        RoleRequired: the actor is no owner, or names themselves.
        LastOwner: the member cannot sign in, and nobody else would own the organization.
        NotInWorkspace, TwoFactorRequired: as :func:`memberships.entered`, or no such member.
    """
    async with transaction() as db:
        place, member = await _acted_on(db, actor, "change_role", account_id)
        if place.role != "owner" or account_id == actor.account_id:
            raise RoleRequired
        if member.role != "owner":
            await _give_role(db, actor, place, member, "owner")
        own = await db.get_one(Membership, actor.account_id)
        await _give_role(db, actor, place, own, "super_admin")
        await memberships.keep_an_owner(db, place.organization_id, taken="owner")
        await memberships.announce_to_all(db, place.organization_id, by=actor.session_id)


async def remove(actor: Actor, account_id: str) -> None:
    """Take a member out of the organization; what they invited to it is withdrawn.

    Raises:
        RoleRequired: the actor may not, or names themselves: leaving is an act of its own.
        LastOwner: nobody would own the organization.
        NotInWorkspace, TwoFactorRequired: as :func:`memberships.entered`, or no such member.
    """
    async with transaction() as db:
        place, member = await _acted_on(db, actor, "remove", account_id)
        if account_id == actor.account_id:
            raise RoleRequired("To go yourself, leave the organization.")
        manager = await sso.manager_of(db, member.account_id)
        await memberships.announce_to_all(db, place.organization_id, by=actor.session_id)
        taken = await memberships.remove(db, place.organization_id, member.account_id)
        await memberships.keep_an_owner(db, place.organization_id, taken=taken)
        account = await db.get_one(Account, member.account_id)
        activity.record(db, actor, "organization.member_removed", account.id)
        activity.record_elsewhere(db, account.id, "organization.removed")
        await workspace_mail.write(
            db,
            "organization_removed",
            actor,
            place.name,
            to=account.email,
            name=account.name,
            provider=manager.name if manager is not None else "",
        )
        announce(db, Change(account.id, "account", by=actor.session_id))


async def remind(actor: Actor, account_id: str) -> None:
    """Ask a member by mail to turn two-factor authentication on, once a day at most.

    Raises:
        Conflict: they have it on, or were asked within a day.
        RoleRequired, NotInWorkspace, TwoFactorRequired: as :func:`remove`.
    """
    at = now()
    async with transaction() as db:
        place, member = await _acted_on(db, actor, "remind", account_id)
        if (await methods_of(db, member.account_id)).on:
            raise Conflict("Two-factor authentication is on for this person.")
        if await sso.manager_of(db, member.account_id) is not None:
            raise Conflict("Your single sign-on sees to two-factor authentication here.")
        reminded = await db.exec(
            update(Membership)
            .where(
                col(Membership.account_id) == member.account_id,
                or_(
                    col(Membership.reminded_at).is_(None),
                    col(Membership.reminded_at) <= at - REMINDER_EVERY,
                ),
            )
            .values(reminded_at=at)
        )
        if reminded.rowcount == 0:
            raise Conflict("This person was reminded within the last day.")
        account = await db.get_one(Account, member.account_id)
        activity.record(db, actor, "organization.reminded", account.id)
        await workspace_mail.write(
            db,
            "two_factor_reminder",
            actor,
            place.name,
            to=account.email,
            name=account.name,
            path=workspace_mail.SECURITY_PATH,
        )
        await memberships.announce_to_all(db, place.organization_id, by=actor.session_id)


async def _acted_on(
    db: AsyncSession, actor: Actor, act: str, account_id: str
) -> tuple[Standing, Membership]:
    """The member an act is about, with the organization held.

    Raises:
        NotInWorkspace: no such member, or the actor belongs to none.
        RoleRequired: the actor may not do this, or the member's role is above theirs.
    """
    place = await memberships.entered_alone(db, actor, act)
    member = await db.get(Membership, known_id(account_id))
    if member is None or member.organization_id != place.organization_id:
        raise NotInWorkspace(_GONE)
    if not place.reaches(member.role):
        raise RoleRequired("Their role is above yours.")
    return place, member


def _require_given(place: Standing, role: str) -> None:
    if role not in ROLES:
        raise FieldRefused("Choose a role.", field="role")
    if not place.reaches(role):
        raise RoleRequired("You cannot give a role above your own.", field="role")


def _not_given_by(role: str) -> tuple[str, ...]:
    """The roles somebody of this role may not invite to: all, where they may not invite."""
    return ROLES[ROLES.index(role) + 1 :] if "invite" in ROLE_RIGHTS[role] else ROLES


async def _give_role(
    db: AsyncSession, actor: Actor, place: Standing, member: Membership, role: str
) -> None:
    account = await db.get_one(Account, member.account_id)
    former = member.role
    await db.exec(
        update(Membership).where(col(Membership.account_id) == account.id).values(role=role)
    )
    if ROLES.index(role) < ROLES.index(former):
        await memberships.forget_invitations(db, account.id, _not_given_by(role))
    announce(db, Change(account.id, "account", by=actor.session_id))
    if account.id == actor.account_id:
        activity.record(db, actor, "organization.role_changed", role)
        return
    activity.record(db, actor, "organization.role_given", role)
    activity.record_elsewhere(db, account.id, "organization.role_changed", role)
    await workspace_mail.write(
        db,
        "organization_role_changed",
        actor,
        place.name,
        to=account.email,
        name=account.name,
        role=role,
    )
