"""Invitations to an organization: an address that may join, and no token that travels.

The mail leads to the workspace page. Whoever is signed in there with that very
address, confirmed, may join; nobody else sees the invitation. Whoever invites
never learns whether the address has an account (S-47).
"""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import accounts, activity, memberships, throttle, workspace_mail
from security_app.accounts.actor import Actor
from security_app.accounts.addresses import Address, parse_address
from security_app.accounts.errors import EmailNotConfirmed, FieldRefused
from security_app.accounts.memberships import Standing
from security_app.accounts.throttle import Budget
from security_app.accounts.workspace_errors import InOrganization, NotInWorkspace, RoleRequired
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, Invitation, Membership, Organization, known_id
from security_app.limits import INVITATION_LIFE, INVITATION_LIMITS_ACCOUNT, MAX_MEMBERS
from security_app.live.hub import Change, announce
from security_app.policy import ROLES

_GONE = "This invitation is not valid any more."


@dataclass(frozen=True, slots=True)
class Waiting:
    """An invitation as the organization sees it."""

    id: str
    email: str = field(repr=False)
    role: str
    expires_at: datetime
    may_change: bool


@dataclass(frozen=True, slots=True)
class Offered:
    """An invitation as the invited person sees it; ``by`` is who invited them."""

    id: str
    organization: str = field(repr=False)
    role: str
    by: str = field(repr=False)
    expires_at: datetime


async def waiting(db: AsyncSession, place: Standing) -> list[Waiting]:
    """The invitations of an organization that can still be accepted, newest first."""
    statement = (
        select(Invitation)
        .where(Invitation.organization_id == place.organization_id, Invitation.expires_at > now())
        .order_by(col(Invitation.created_at).desc(), col(Invitation.id))
        .limit(MAX_MEMBERS)
    )
    may = place.may("invite")
    return [
        Waiting(row.id, row.email, row.role, row.expires_at, may and place.reaches(row.role))
        for row in (await db.exec(statement)).all()
    ]


async def offered(db: AsyncSession, actor: Actor) -> list[Offered]:
    """What the actor may join; nothing while their address is not confirmed."""
    account = await accounts.existing(db, actor.account_id)
    if account.email_confirmed_at is None:
        return []
    statement = (
        select(Invitation, Organization.name, Account.name, Account.email)
        .join(Organization, col(Organization.id) == Invitation.organization_id)
        .join(Account, col(Account.id) == Invitation.invited_by)
        .where(Invitation.email_key == account.email_key, Invitation.expires_at > now())
        .order_by(col(Invitation.created_at).desc(), col(Invitation.id))
        .limit(20)
    )
    return [
        Offered(row.id, organization, row.role, name or email, row.expires_at)
        for row, organization, name, email in (await db.exec(statement)).all()
    ]


async def invite(actor: Actor, *, email: str, role: str) -> Address:
    """Mail an address that it may join; again, it is the same invitation, renewed.

    Raises:
        EmailRefused: no address.
        FieldRefused: no such role, a member's address, or the organization is full.
        RoleRequired: the role is above the actor's, or they may not invite.
        TooManyAttempts: too many mails to this address, of this account, or from this network.
        NotInWorkspace, TwoFactorRequired: as :func:`memberships.entered`.
    """
    address = parse_address(email)
    if role not in ROLES:
        raise FieldRefused("Choose a role.", field="role")
    async with reading() as db:
        _require_reached(await memberships.entered(db, actor, "invite"), role)
    await throttle.reserve(*_budgets(actor, address))
    async with transaction() as db:
        place = await memberships.entered_alone(db, actor, "invite")
        _require_reached(place, role)
        row = await _of_address(db, place, address)
        if row is None:
            await _require_room(db, place, address)
            row = Invitation(
                organization_id=place.organization_id,
                invited_by=actor.account_id,
                email=address.email,
                email_key=address.key,
                role=role,
            )
        # One that waits for a higher role than the actor's is not theirs to lower.
        _require_reached(place, row.role)
        at = now()
        row.role, row.invited_by = role, actor.account_id
        row.created_at, row.expires_at = at, at + INVITATION_LIFE
        db.add(row)
        activity.record(db, actor, "organization.invited", role)
        await _send(db, actor, place, row)
    return address


async def send_again(actor: Actor, invitation_id: str) -> Address:
    """Mail an invitation once more; it counts from now.

    Raises:
        NotInWorkspace: no such invitation waits.
        RoleRequired, TooManyAttempts, TwoFactorRequired: as :func:`invite`.
    """
    async with reading() as db:
        place = await memberships.entered(db, actor, "invite")
        found = await _of_organization(db, place, invitation_id)
        address = Address(found.email, found.email_key)
    await throttle.reserve(*_budgets(actor, address))
    async with transaction() as db:
        place = await memberships.entered_alone(db, actor, "invite")
        row = await _of_organization(db, place, invitation_id)
        row.expires_at = now() + INVITATION_LIFE
        db.add(row)
        activity.record(db, actor, "organization.invited_again")
        await _send(db, actor, place, row)
    return address


async def withdraw(actor: Actor, invitation_id: str) -> None:
    """Take an invitation back.

    Raises:
        NotInWorkspace: no such invitation waits.
        RoleRequired, TwoFactorRequired: as :func:`invite`.
    """
    async with transaction() as db:
        place = await memberships.entered_alone(db, actor, "invite")
        row = await _of_organization(db, place, invitation_id)
        await db.delete(row)
        activity.record(db, actor, "organization.withdrawn")
        await _announce(db, place.organization_id, row.email_key, actor)


async def join(actor: Actor, invitation_id: str) -> None:
    """Accept an invitation: one DELETE decides who does.

    Raises:
        EmailNotConfirmed: the actor's address is not confirmed.
        InOrganization: they belong to one already.
        NotInWorkspace: not to them, withdrawn, used or expired: all alike.
    """
    async with transaction() as db:
        account, row = await _for_account(db, actor, invitation_id)
        if await db.get(Membership, account.id) is not None:
            raise InOrganization
        await memberships.hold_organization(db, row.organization_id)
        spent = await db.exec(
            delete(Invitation)
            .where(
                col(Invitation.id) == row.id,
                col(Invitation.email_key) == account.email_key,
                col(Invitation.expires_at) > now(),
            )
            .returning(col(Invitation.role))
        )
        role = spent.scalar_one_or_none()
        if role is None:
            raise NotInWorkspace(_GONE)
        db.add(
            Membership(
                account_id=account.id,
                organization_id=row.organization_id,
                role=role,
                joined_at=now(),
            )
        )
        await db.flush()
        activity.record(db, actor, "organization.joined", role)
        announce(db, Change(account.id, "account", by=actor.session_id))
        await memberships.announce_to_all(db, row.organization_id, by=actor.session_id)


async def decline(actor: Actor, invitation_id: str) -> None:
    """Turn an invitation down.

    Raises:
        EmailNotConfirmed, NotInWorkspace: as :func:`join`.
    """
    async with transaction() as db:
        account, row = await _for_account(db, actor, invitation_id)
        await memberships.hold_organization(db, row.organization_id)
        gone = await db.exec(delete(Invitation).where(col(Invitation.id) == row.id))
        if gone.rowcount == 0:
            raise NotInWorkspace(_GONE)
        activity.record(db, actor, "organization.declined")
        await _announce(db, row.organization_id, account.email_key, actor)


async def forget_old(db: AsyncSession) -> None:
    """Drop invitations nobody accepted in time."""
    await db.exec(delete(Invitation).where(col(Invitation.expires_at) < now()))


async def _for_account(
    db: AsyncSession, actor: Actor, invitation_id: str
) -> tuple[Account, Invitation]:
    """The actor's account, held, and an invitation to its address."""
    account = await accounts.locked(db, actor.account_id)
    if account.email_confirmed_at is None:
        raise EmailNotConfirmed
    statement = select(Invitation).where(
        Invitation.id == known_id(invitation_id),
        Invitation.email_key == account.email_key,
        Invitation.expires_at > now(),
    )
    row = (await db.exec(statement)).first()
    if row is None:
        raise NotInWorkspace(_GONE)
    return account, row


async def _of_organization(db: AsyncSession, place: Standing, invitation_id: str) -> Invitation:
    statement = select(Invitation).where(
        Invitation.id == known_id(invitation_id),
        Invitation.organization_id == place.organization_id,
        Invitation.expires_at > now(),
    )
    row = (await db.exec(statement)).first()
    if row is None:
        raise NotInWorkspace(_GONE)
    _require_reached(place, row.role)
    return row


async def _of_address(db: AsyncSession, place: Standing, address: Address) -> Invitation | None:
    """What the address was invited to before; expired ones are gone with this."""
    of_it = (
        col(Invitation.organization_id) == place.organization_id,
        col(Invitation.email_key) == address.key,
    )
    await db.exec(delete(Invitation).where(*of_it, col(Invitation.expires_at) <= now()))
    return (await db.exec(select(Invitation).where(*of_it))).first()


async def _require_room(db: AsyncSession, place: Standing, address: Address) -> None:
    """Refuse whom the members list shows already, and more people than one organization has."""
    member = (
        select(Membership.account_id)
        .join(Account, col(Account.id) == Membership.account_id)
        .where(
            Membership.organization_id == place.organization_id,
            Account.email_key == address.key,
        )
    )
    if (await db.exec(member)).first() is not None:
        raise FieldRefused("This is a member's address already.", field="email")
    if await memberships.is_full(db, place.organization_id):
        msg = f"An organization has at most {MAX_MEMBERS} members and invitations."
        raise FieldRefused(msg, field="email")


async def _send(db: AsyncSession, actor: Actor, place: Standing, row: Invitation) -> None:
    await workspace_mail.write(db, "invitation", actor, place.name, to=row.email, role=row.role)
    await _announce(db, place.organization_id, row.email_key, actor)


async def _announce(db: AsyncSession, organization_id: str, email_key: str, actor: Actor) -> None:
    """Tell the members, and the invited person if there is one, after the commit."""
    await memberships.announce_to_all(db, organization_id, by=actor.session_id)
    invited = select(Account.id).where(Account.email_key == email_key)
    for account_id in (await db.exec(invited)).all():
        announce(db, Change(account_id, "workspace", by=actor.session_id))


def _require_reached(place: Standing, role: str) -> None:
    if not place.reaches(role):
        raise RoleRequired("You cannot invite to a role above your own.", field="role")


def _budgets(actor: Actor, address: Address) -> tuple[Budget, ...]:
    own = Budget(f"mail:invite:{actor.account_id}", INVITATION_LIMITS_ACCOUNT)
    return (own, *throttle.mail_budgets(address.key, actor.visitor, kind="invited"))
