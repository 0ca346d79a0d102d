"""The account behind the token."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from security_app.accounts import accounts, sso
from security_app.accounts.actor import Actor
from security_app.api.answers import Answer, Instant, refusals, with_body
from security_app.api.bodies import Body, JsonRoute, Line
from security_app.api.callers import allowing
from security_app.db.engine import reading, transaction

router = APIRouter(prefix="/v1", tags=["Account"], route_class=JsonRoute)

Caller = Annotated[Actor, Depends(allowing("account:read"))]
Renamer = Annotated[Actor, Depends(allowing("account:write"))]


class MyOrganization(Answer):
    """The organization the account belongs to."""

    id: str = Field(examples=["Zk3pQ0vY8mT1xW6uR9bE"])
    name: str = Field(examples=["Northwind Wines"])
    role: str = Field(examples=["owner"])


class MySso(Answer):
    """How the organization signs its members in."""

    provider: str = Field(description="What people call it.", examples=["Okta"])
    type: str = Field(description="The protocol it speaks.", examples=["oidc"])
    managed: bool = Field(
        description="Whether it takes care of this account's password and second factor."
    )


class Me(Answer):
    """The account behind the token."""

    id: str = Field(examples=["u5OaVgh2mW3nX8yQkP0r"])
    email: str = Field(examples=["ada@example.com"])
    name: str = Field(examples=["Ada"])
    email_confirmed: bool
    created_at: Instant
    roles: list[str] = Field(description="The highest role the account has.", examples=[["member"]])
    organization: MyOrganization | None = Field(description="Null without one.")
    sso: MySso | None = Field(description="The organization's sign-on, null without one.")


class ChangeMeBody(Body):
    """What is to be changed."""

    name: Line = Field(description="The display name; may be empty.", examples=["Ada Lovelace"])


@router.get("/me", response_description="The account", responses=refusals(401, 403))
async def me(actor: Caller) -> Me:
    """Read the account behind the token."""
    return await _me(actor)


@router.patch("/me", response_description="The account now", responses=with_body(401, 403))
async def change_me(body: ChangeMeBody, actor: Renamer) -> Me:
    """Change the display name."""
    async with transaction() as db:
        await accounts.change_name(db, actor, body.name)
    return await _me(actor)


async def _me(actor: Actor) -> Me:
    async with reading() as db:
        profile = await accounts.profile(db, actor.account_id)
        own = await sso.of_account(db, actor.account_id)
        is_managed = await sso.manager_of(db, actor.account_id) is not None
    mine = profile.organization
    return Me(
        id=profile.id,
        email=profile.email,
        name=profile.name,
        email_confirmed=profile.email_confirmed,
        created_at=profile.created_at,
        roles=[profile.role],
        organization=MyOrganization.model_validate(asdict(mine)) if mine else None,
        sso=MySso(provider=own.name, type=own.type, managed=is_managed) if own else None,
    )
