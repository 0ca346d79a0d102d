"""Getting in with a password, and out again."""

from typing import Literal, cast

from fastapi import APIRouter
from pydantic import Field

from security_app.accounts import sessions, sign_in_code
from security_app.accounts import sign_in as rules
from security_app.accounts.sessions import NewSession
from security_app.api.answers import Answer, Instant, refusals, with_body
from security_app.api.bodies import Body, Email, JsonRoute, Line, Secret
from security_app.api.callers import CurrentActor, CurrentVisitor
from security_app.db.engine import transaction

router = APIRouter(prefix="/v1/auth", tags=["Getting in"], route_class=JsonRoute)


class SignInBody(Body):
    """E-mail and password."""

    email: Email
    password: Secret = Field(examples=["demo-passphrase-42"])


class SignedIn(Answer):
    """A complete sign-in. `status` tells it from sign-ins that wait for a second factor."""

    status: Literal["signed_in"] = "signed_in"
    token: str = Field(
        description="Send it as `Authorization: Bearer <token>`. It is shown only here.",
        examples=["n3xQm0iJ1rA5yq8cVgkPz7Lw2TtEo6Sd4fBhUuK9ZyM"],
    )
    expires_at: Instant = Field(description="The session ends then at the latest.")


class CodeNeeded(Answer):
    """The password was right, and a second factor is on."""

    status: Literal["2fa_required"] = "2fa_required"
    challenge: str = Field(description="Bring it to `verify-2fa-code`; it opens nothing else.")
    methods: list[str] = Field(examples=[["totp", "email_code", "recovery_code"]])
    expires_at: Instant = Field(description="The code must come before.")


class VerifyBody(Body):
    """The challenge of the first call and one code."""

    challenge: Line
    method: Literal["totp", "email_code", "recovery_code"]
    code: Line = Field(examples=["287082"])


@router.post(
    "/sign-in",
    response_description="Signed in, or a code is needed",
    responses=with_body(401, 403, 429, code="invalid_credentials"),
)
async def sign_in(body: SignInBody, visitor: CurrentVisitor) -> SignedIn | CodeNeeded:
    """Sign in with e-mail and password.

    Unknown addresses and wrong passwords answer alike. With a second factor on,
    the answer is a challenge for `verify-2fa-code`.
    """
    answer = await rules.sign_in_api(visitor, email=body.email, password=body.password)
    if answer.session is None:
        needed = cast("rules.CodeNeeded", answer.code_needed)
        return CodeNeeded(
            challenge=needed.challenge, methods=list(needed.methods), expires_at=needed.expires_at
        )
    return signed_in(answer.session)


@router.post(
    "/verify-2fa-code",
    response_description="Signed in",
    responses=with_body(401, 403, 410, 429, code="invalid_code"),
)
async def verify_2fa_code(body: VerifyBody, visitor: CurrentVisitor) -> SignedIn:
    """Finish a sign-in with a code of the second factor."""
    session = await sign_in_code.verify_api(
        visitor, challenge=body.challenge, code=body.code, method=body.method
    )
    return signed_in(session)


def signed_in(session: NewSession) -> SignedIn:
    """The answer of every way to finish a sign-in."""
    return SignedIn(token=session.secret, expires_at=session.expires_at)


@router.post(
    "/sign-out",
    status_code=204,
    response_description="Signed out",
    responses=refusals(401, 403, 422),
)
async def sign_out(actor: CurrentActor) -> None:
    """End the session of this token."""
    async with transaction() as db:
        await sessions.sign_out(db, actor)
