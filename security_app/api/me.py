"""The account behind the token."""

from fastapi import APIRouter
from pydantic import Field

from security_app.accounts import accounts
from security_app.api.answers import Answer, Instant, refusals
from security_app.api.bodies import JsonRoute
from security_app.api.callers import CurrentActor
from security_app.db.engine import reading

router = APIRouter(prefix="/v1", tags=["Account"], route_class=JsonRoute)


class Me(Answer):
    """The account behind the token."""

    id: str = Field(examples=["u5OaVgh2mW3nX8yQkP0r"])
    email: str = Field(examples=["ada@example.com"])
    name: str = Field(examples=["Ada"])
    email_confirmed: bool
    created_at: Instant
    roles: list[str] = Field(description="The highest role the account has.", examples=[["member"]])
    organization: None = Field(description="The organization, null without one.")
    sso: None = Field(description="The organization's sign-on, null without one.")


@router.get("/me", response_description="The account", responses=refusals(401))
async def me(actor: CurrentActor) -> Me:
    """Read the account behind the token."""
    async with reading() as db:
        profile = await accounts.profile(db, actor.account_id)
    return Me(
        id=profile.id,
        email=profile.email,
        name=profile.name,
        email_confirmed=profile.email_confirmed,
        created_at=profile.created_at,
        roles=[profile.role],
        organization=None,
        sso=None,
    )
