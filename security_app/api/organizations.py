"""The organization of the account, and deleting it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from security_app.accounts import members as member_rules
from security_app.accounts import memberships, step_up
from security_app.accounts import organizations as rules
from security_app.accounts.actor import Actor
from security_app.accounts.members import Member
from security_app.accounts.step_up import Proofs, Target
from security_app.api.answers import Answer, Instant, refusals
from security_app.api.bodies import JsonRoute
from security_app.api.callers import AccountPin, allowing
from security_app.db.engine import reading
from security_app.limits import MAX_MEMBERS

router = APIRouter(prefix="/v1/organizations", tags=["Organizations"], route_class=JsonRoute)

Reader = Annotated[Actor, Depends(allowing("organization:read"))]
Writer = Annotated[Actor, Depends(allowing("organization:write"))]

OrganizationId = Annotated[str, Path(max_length=24, pattern="^[A-Za-z0-9_-]+$")]


class MemberItem(Answer):
    """Somebody who belongs to the organization."""

    id: str = Field(examples=["u5OaVgh2mW3nX8yQkP0r"])
    name: str = Field(description="May be empty.", examples=["Ada"])
    email: str = Field(examples=["ada@example.com"])
    role: str = Field(examples=["admin"])
    joined_at: Instant
    two_factor: bool | None = Field(
        serialization_alias="2fa_enabled",
        description="Whether a second factor is on; null for roles that may not know.",
    )


class OrganizationAnswer(Answer):
    """An organization as its members see it."""

    id: str = Field(examples=["Zk3pQ0vY8mT1xW6uR9bE"])
    name: str = Field(examples=["Northwind Wines"])
    created_at: Instant
    requires_2fa: bool = Field(description="Whether members need a second factor to get in.")
    members: list[MemberItem] = Field(description=f"At most {MAX_MEMBERS}, the first one first.")


@router.get(
    "/{organization_id}",
    response_description="The organization and its members",
    responses=refusals(401, 403, 404),
)
async def read_organization(actor: Reader, organization_id: OrganizationId) -> OrganizationAnswer:
    """Read the organization of the account; other people's and unknown ids answer alike."""
    async with reading() as db:
        overview = await rules.overview(db, actor, organization_id)
        place = await memberships.entered(db, actor, "read", organization_id)
        members = await member_rules.listing(db, place, actor, limit=MAX_MEMBERS)
    return OrganizationAnswer(
        id=overview.id,
        name=overview.name,
        created_at=overview.created_at,
        requires_2fa=overview.requires_2fa,
        members=[_item(member) for member in members],
    )


@router.delete(
    "/{organization_id}",
    status_code=204,
    response_description="It is deleted",
    responses=refusals(401, 403, 404, 422),
)
async def delete_organization(
    actor: Writer, organization_id: OrganizationId, pin: AccountPin = ""
) -> None:
    """Delete the organization with its releases. Owners only; asks for the PIN when one is set."""
    target = await rules.find_to_delete(actor, organization_id)
    await step_up.prove(actor, "delete_organization", Proofs(pin=pin), Target(target.id))
    await rules.delete_organization(actor, target.id)


def _item(member: Member) -> MemberItem:
    return MemberItem(
        id=member.account_id,
        name=member.name,
        email=member.email,
        role=member.role,
        joined_at=member.joined_at,
        two_factor=member.has_2fa,
    )
