"""The releases of the account's organization, and stopping one that is processing."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from security_app.accounts import releases as rules
from security_app.accounts import step_up
from security_app.accounts.actor import Actor
from security_app.accounts.step_up import Proofs, Target
from security_app.api.answers import (
    DEFAULT_PAGE_SIZE,
    Answer,
    Cursor,
    Instant,
    PageOf,
    PageSize,
    refusals,
)
from security_app.api.bodies import JsonRoute
from security_app.api.callers import AccountPin, allowing
from security_app.db.engine import reading

router = APIRouter(prefix="/v1/releases", tags=["Releases"], route_class=JsonRoute)

Reader = Annotated[Actor, Depends(allowing("organization:read"))]
Writer = Annotated[Actor, Depends(allowing("organization:write"))]

ReleaseId = Annotated[str, Path(max_length=24, pattern="^[A-Za-z0-9_-]+$")]


class ReleaseAnswer(Answer):
    """A release, and how far it is at this moment."""

    id: str = Field(examples=["pQ0vZk3Y8mT1xW6uR9bE"])
    name: str = Field(examples=["Autumn list"])
    state: Literal["draft", "scheduled", "processing", "shipped", "cancelled"]
    created_at: Instant
    starts_at: Instant | None = Field(description="Null for a draft.")
    ships_at: Instant | None = Field(description="Null for a draft.")
    cancelled_at: Instant | None


@router.get("", response_description="One page of the releases", responses=refusals(401, 403, 422))
async def list_releases(
    actor: Reader, cursor: Cursor = "", limit: PageSize = DEFAULT_PAGE_SIZE
) -> PageOf[ReleaseAnswer]:
    """List the releases of the account's organization; none without an organization."""
    async with reading() as db:
        page = await rules.listing(db, actor, limit=limit, cursor=cursor)
    items = [ReleaseAnswer.model_validate(item, from_attributes=True) for item in page.items]
    return PageOf(items=items, next=page.next or None)


@router.post(
    "/{release_id}/force-cancel",
    response_description="It is cancelled",
    responses=refusals(401, 403, 404, 409, 422),
)
async def force_cancel_release(
    actor: Writer, release_id: ReleaseId, pin: AccountPin = ""
) -> ReleaseAnswer:
    """Stop a release that is processing. Asks for the PIN when one is set."""
    target = await rules.find_to_cancel(actor, release_id)
    await step_up.prove(actor, "cancel_release", Proofs(pin=pin), Target(target.id))
    cancelled = await rules.force_cancel(actor, target.id)
    return ReleaseAnswer.model_validate(cancelled, from_attributes=True)
