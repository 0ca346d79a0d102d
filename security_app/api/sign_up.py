"""Making an account and confirming its address."""

from fastapi import APIRouter, Response
from pydantic import Field

from security_app.accounts import sign_up as rules
from security_app.accounts.errors import PasswordRefused
from security_app.api.answers import with_body
from security_app.api.bodies import Body, Email, JsonRoute, Line, Secret
from security_app.api.callers import CurrentVisitor

router = APIRouter(prefix="/v1/auth", tags=["Getting in"], route_class=JsonRoute)


class SignUpBody(Body):
    """A new account."""

    email: Email
    password: Secret = Field(examples=["four quiet herons 7"])
    name: Line | None = Field(default=None, examples=["Ada"])


class ConfirmEmailBody(Body):
    """The token out of a mailed link."""

    token: Line = Field(examples=["w0b2R4xGqv9Tn5oGZs8yq1bq8m6cQpJtq3d5l0xkW7E"])


@router.post(
    "/sign-up",
    status_code=202,
    response_class=Response,
    response_description="A mail is on its way",
    responses=with_body(429),
)
async def sign_up(body: SignUpBody, visitor: CurrentVisitor) -> None:
    """Make an account.

    The answer is the same whether the address is new or not; the mail says which.
    """
    try:
        await rules.sign_up(
            visitor,
            email=body.email,
            password=body.password,
            repeat=body.password,
            name=body.name or "",
        )
    except PasswordRefused as refusal:
        # The rule speaks of a new password; this body has one field of that kind.
        refusal.field = "password"
        raise


@router.post(
    "/confirm-email",
    status_code=204,
    response_description="The address is confirmed",
    responses=with_body(410),
)
async def confirm_email(body: ConfirmEmailBody, visitor: CurrentVisitor) -> None:
    """Confirm the address a link was mailed to.

    The token is the last part of `PUBLIC_URL/confirm-email?token=…`. It works once.
    """
    await rules.confirm_email(visitor, body.token)
