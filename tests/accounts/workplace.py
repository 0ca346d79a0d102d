"""An organization and its people, put straight into the database."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update
from sqlmodel import col

from security_app.accounts.actor import Actor
from security_app.accounts.addresses import address_key
from security_app.clock import now
from security_app.db.engine import transaction
from security_app.db.tables import (
    Account,
    EmailMethod,
    Invitation,
    Membership,
    Organization,
    Release,
    new_id,
)
from security_app.limits import INVITATION_LIFE, RELEASE_PROCESSING
from tests.accounts.cast import make_account, open_session, rows


@dataclass(frozen=True)
class Colleague:
    """Somebody in an organization, signed in."""

    account: Account
    actor: Actor

    @property
    def id(self) -> str:
        return self.account.id


async def found(name: str = "Northwind Wines", *, requires_2fa: bool = False) -> str:
    """An organization nobody belongs to yet; returns its id."""
    organization = Organization(id=new_id(), name=name, created_at=now(), requires_2fa=requires_2fa)
    async with transaction() as db:
        db.add(organization)
    return organization.id


async def colleague(
    organization_id: str,
    role: str,
    email: str = "",
    *,
    with_2fa: bool = False,
    password: str | None = None,
) -> Colleague:
    """Somebody new with a role in it; an empty id belongs to none."""
    account = await make_account(email or f"{new_id().lower()}@example.org", password)
    async with transaction() as db:
        if organization_id:
            db.add(
                Membership(
                    account_id=account.id,
                    organization_id=organization_id,
                    role=role,
                    joined_at=now(),
                )
            )
        if with_2fa:
            db.add(EmailMethod(account_id=account.id, enabled_at=now()))
    actor, _ = await open_session(account, account.email)
    return Colleague(account, actor)


async def roles(organization_id: str) -> dict[str, str]:
    """Account id to role, as it is now."""
    found = await rows(Membership, col(Membership.organization_id) == organization_id)
    return {row.account_id: row.role for row in found}


async def invitation(organization_id: str, by: Colleague, email: str, role: str = "member") -> str:
    """One that waits; returns its id."""
    row = Invitation(
        id=new_id(),
        organization_id=organization_id,
        invited_by=by.id,
        email=email,
        email_key=address_key(email),
        role=role,
        created_at=now(),
        expires_at=now() + INVITATION_LIFE,
    )
    async with transaction() as db:
        db.add(row)
    return row.id


async def release(
    organization_id: str, starts_in: timedelta | None = None, *, is_cancelled: bool = False
) -> str:
    """One that starts so long from now, or a draft; returns its id."""
    starts_at = None if starts_in is None else now() + starts_in
    row = Release(
        id=new_id(),
        organization_id=organization_id,
        name="Autumn list",
        created_at=now(),
        starts_at=starts_at,
        ships_at=starts_at + RELEASE_PROCESSING if starts_at else None,
        cancelled_at=now() if is_cancelled else None,
    )
    async with transaction() as db:
        db.add(row)
    return row.id


async def require_2fa(organization_id: str) -> None:
    """As an owner has decided before."""
    async with transaction() as db:
        await db.exec(
            update(Organization)
            .where(col(Organization.id) == organization_id)
            .values(requires_2fa=True)
        )


async def has_2fa(person: Colleague) -> None:
    """Let somebody have a second factor from now on."""
    async with transaction() as db:
        db.add(EmailMethod(account_id=person.id, enabled_at=now()))
