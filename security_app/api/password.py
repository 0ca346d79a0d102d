"""Changing the password."""

from fastapi import APIRouter
from pydantic import Field

from security_app.accounts import passwords
from security_app.api.answers import EndedSessions, with_body
from security_app.api.bodies import Body, JsonRoute, Line, Secret
from security_app.api.callers import CurrentActor

router = APIRouter(prefix="/v1/auth", tags=["Account"], route_class=JsonRoute)


class ChangePasswordBody(Body):
    """The current password and the new one."""

    current_password: Secret = Field(examples=["demo-passphrase-42"])
    new_password: Secret = Field(examples=["four quiet herons 7"])
    code: Line | None = Field(
        default=None, description="Code of the second factor, when one is on.", examples=[None]
    )
    method: Line | None = Field(
        default=None, description="Which factor the code is of.", examples=[None]
    )


@router.post(
    "/password",
    response_description="The password is changed",
    responses=with_body(401, 409, 429, code="wrong_password"),
)
async def change_password(body: ChangePasswordBody, actor: CurrentActor) -> EndedSessions:
    """Change the password.

    Every other session of the account ends; this token stays valid.
    """
    changed = await passwords.change_password(
        actor,
        current=body.current_password,
        new=body.new_password,
        repeat=body.new_password,
        code=body.code or "",
        method=body.method or "",
    )
    return EndedSessions(ended_sessions=changed.ended_sessions)
