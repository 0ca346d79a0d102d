"""Every try to sign in to the account."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from security_app.accounts import activity
from security_app.accounts.activity import SignIn
from security_app.accounts.actor import Actor
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
from security_app.api.callers import allowing
from security_app.db.engine import reading

router = APIRouter(prefix="/v1", tags=["Sessions"], route_class=JsonRoute)

Caller = Annotated[Actor, Depends(allowing("account:read"))]


class LoginItem(Answer):
    """One try to sign in."""

    id: str = Field(examples=["q7Rk2YvN0cH4bT9sWm1x"])
    at: Instant
    result: str = Field(
        description=(
            "`signed_in`, or why not: `wrong_password`, `throttled`, `code_needed` (none came), "
            "`wrong_code`, `refused` (an organization's sign-on manages the account, or that "
            "way in is shut)."
        ),
        examples=["signed_in"],
    )
    method: str = Field(
        description=(
            "`password`, `api`, `google`, `apple` or `sso`; with a second factor, `+` and "
            "`totp`, `email_code` or `recovery_code`."
        ),
        examples=["password"],
    )
    two_factor_verified: bool = Field(serialization_alias="2fa_verified")
    new_device: bool = Field(description="Whether the device had never signed in before.")
    device: str = Field(examples=["Chrome on Windows"])
    location: str = Field(description="Rough place; may be empty.", examples=["Portugal"])
    ip: str = Field(examples=["198.51.100.7"])


@router.get(
    "/login-history",
    response_description="One page of the history",
    responses=refusals(401, 403, 422),
)
async def login_history(
    actor: Caller, cursor: Cursor = "", limit: PageSize = DEFAULT_PAGE_SIZE
) -> PageOf[LoginItem]:
    """List every try to sign in to the account, newest first."""
    async with reading() as db:
        page = await activity.sign_ins(db, actor.account_id, limit=limit, cursor=cursor)
    return PageOf(items=[_item(sign_in) for sign_in in page.items], next=page.next or None)


def _item(sign_in: SignIn) -> LoginItem:
    return LoginItem(
        id=sign_in.id,
        at=sign_in.at,
        result=sign_in.result,
        method=sign_in.method,
        two_factor_verified=sign_in.two_factor_verified,
        new_device=sign_in.is_new_device,
        device=sign_in.device,
        location=sign_in.place,
        ip=sign_in.ip,
    )
