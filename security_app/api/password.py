"""Changing the password, or setting the first one."""

from fastapi import APIRouter
from pydantic import Field

from security_app.accounts import passwords
from security_app.api.answers import EndedSessions, with_body
from security_app.api.bodies import Body, JsonRoute, Line, Secret
from security_app.api.callers import CurrentActor

router = APIRouter(prefix="/v1/auth", tags=["Account"], route_class=JsonRoute)


class ChangePasswordBody(Body):
    """The current password and the new one."""

    current_password: Secret | None = Field(
        default=None,
        description="Left out only by an account that has no password yet.",
        examples=["demo-passphrase-42"],
    )
    new_password: Secret = Field(examples=["four quiet herons 7"])
    code: Line | None = Field(
        default=None,
        description="Code of the second factor, when one is on; for a first password one always.",
        examples=[None],
    )
    method: Line | None = Field(
        default=None, description="Which factor the code is of.", examples=[None]
    )


@router.post(
    "/password",
    response_description="The password is changed",
    responses=with_body(401, 403, 409, 429, code="wrong_password"),
)
async def change_password(body: ChangePasswordBody, actor: CurrentActor) -> EndedSessions:
    """Change the password.

    Every other session of the account ends; this token stays valid. An account without a
    password sets its first one with a code of its second factor, else with one by e-mail
    (`email-otp` with `action: set_first_password`); its sessions stay.
    """
    ended = await passwords.change_or_set(
        actor,
        current=body.current_password or "",
        new=body.new_password,
        code=body.code or "",
        method=body.method or "",
    )
    return EndedSessions(ended_sessions=ended)
