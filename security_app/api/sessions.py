"""Who is signed in to the account, and ending it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from security_app.accounts import session_list
from security_app.accounts import sessions as rules
from security_app.accounts.actor import Actor
from security_app.accounts.session_list import OpenSession
from security_app.api.answers import (
    DEFAULT_PAGE_SIZE,
    Answer,
    Cursor,
    EndedSessions,
    Instant,
    PageOf,
    PageSize,
    refusals,
)
from security_app.api.bodies import JsonRoute
from security_app.api.callers import allowing
from security_app.db.engine import reading, transaction

router = APIRouter(prefix="/v1/sessions", tags=["Sessions"], route_class=JsonRoute)

Caller = Annotated[Actor, Depends(allowing("sessions:write"))]

SessionId = Annotated[str, Path(max_length=24, pattern="^[A-Za-z0-9_-]+$")]


class SessionItem(Answer):
    """One live session. Its id opens nothing (S-35)."""

    id: str = Field(examples=["Zk3pQ0vY8mT1xW6uR9bE"])
    kind: Literal["browser", "api"]
    name: str = Field(description="What the owner calls it; may be empty.", examples=["Laptop"])
    device: str = Field(examples=["Firefox on Linux"])
    location: str = Field(description="Rough place; may be empty.", examples=["Portugal"])
    ip: str = Field(examples=["198.51.100.7"])
    opened_by: str = Field(description="How it was opened.", examples=["password"])
    two_factor_verified: bool = Field(serialization_alias="2fa_verified")
    signed_in_at: Instant
    last_active_at: Instant
    current: bool = Field(
        description="Whether it is the session of this token; never with an API key."
    )


@router.get("", response_description="One page of live sessions", responses=refusals(401, 403, 422))
async def list_sessions(
    actor: Caller, cursor: Cursor = "", limit: PageSize = DEFAULT_PAGE_SIZE
) -> PageOf[SessionItem]:
    """List the live sessions, newest activity first."""
    async with reading() as db:
        page = await session_list.list_sessions(db, actor, limit=limit, cursor=cursor)
    return PageOf(items=[_item(session) for session in page.items], next=page.next or None)


@router.post(
    "/sign-out-others",
    response_description="They are signed out",
    responses=refusals(401, 403),
)
async def sign_out_others(actor: Caller) -> EndedSessions:
    """Sign out every session but the one of this token.

    An API key is no session: with one, every session ends.
    """
    async with transaction() as db:
        return EndedSessions(ended_sessions=await rules.sign_out_others(db, actor))


@router.delete(
    "/{session_id}",
    status_code=204,
    response_description="It is signed out",
    responses=refusals(401, 403, 404),
)
async def sign_out_session(actor: Caller, session_id: SessionId) -> None:
    """Sign out one session; unknown, ended and other people's ids answer alike."""
    async with transaction() as db:
        await rules.end_session(db, actor, session_id)


def _item(session: OpenSession) -> SessionItem:
    return SessionItem(
        id=session.id,
        kind="api" if session.kind == "api" else "browser",
        name=session.name,
        device=session.device,
        location=session.place,
        ip=session.ip,
        opened_by=session.opened_by,
        two_factor_verified=session.two_factor_verified,
        signed_in_at=session.opened_at,
        last_active_at=session.last_active_at,
        current=session.is_current,
    )
