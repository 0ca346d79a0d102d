"""Codes by e-mail: asking for one, turning the method on, finishing a sign-in."""

from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from security_app.accounts import email_codes, sign_in_code
from security_app.accounts.email_codes import MailedCode
from security_app.accounts.errors import SignInRequired
from security_app.accounts.step_up import Proofs
from security_app.api.answers import Answer, with_body
from security_app.api.bodies import JsonRoute, Line
from security_app.api.callers import CurrentVisitor, MaybeActor
from security_app.api.sign_in import SignedIn, signed_in
from security_app.api.two_factor import CodeBody, ProofBody
from security_app.clock import now
from security_app.limits import EMAIL_CODE_LIFE

router = APIRouter(prefix="/v1/auth/2fa", tags=["Second factor"], route_class=JsonRoute)

_CHALLENGE = "The challenge of a sign-in that waits for a code; sent without a token."


class EmailCodeBody(ProofBody):
    """A proof to turn e-mail codes on, or what else a code is wanted for."""

    challenge: Line = Field(default="", description=_CHALLENGE, examples=[""])
    action: Literal[
        "enable_email_code",
        "disable_email_code",
        "enable_totp",
        "change_password",
        "change_email",
        "delete_account",
        "set_pin",
        "remove_pin",
        "create_api_key",
        "set_first_password",
        "disconnect_provider",
    ] = Field(
        default="enable_email_code",
        description="What a signed-in caller wants the code for; it counts for nothing else.",
    )


class CodeSent(Answer):
    """A code is in the mailbox."""

    sent_to: str = Field(examples=["a•••@example.com"])
    expires_in: int = Field(description="Seconds the code counts.", examples=[300])
    retry_after: int = Field(description="Seconds until another one may be asked.", examples=[60])


class VerifyEmailCodeBody(CodeBody):
    """The code of the mail, with the challenge of a sign-in where it is for one."""

    challenge: Line = Field(default="", description=_CHALLENGE, examples=[""])


class EmailCodeOn(Answer):
    """Codes by e-mail are on."""

    enabled: Literal[True] = True
    method: Literal["email_code"] = "email_code"


@router.post(
    "/email-otp",
    status_code=202,
    response_description="A code was sent",
    responses=with_body(401, 403, 409, 410, 429, 503, code="wrong_password"),
)
async def mail_code(body: EmailCodeBody, actor: MaybeActor, visitor: CurrentVisitor) -> CodeSent:
    """Send a code: for a sign-in (`challenge`), to turn e-mail codes on, or for another action.

    Turning on asks for the password, or a code of the method that is on; asking
    again within the set-up needs no proof. One mail a minute, 5 an hour, 10 a day.
    """
    if body.challenge:
        return _sent(await sign_in_code.mail_code_of_client(visitor, body.challenge))
    if actor is None:
        raise SignInRequired
    if body.action != "enable_email_code":
        return _sent(await email_codes.send_for_step_up(actor, body.action))
    proofs = Proofs(body.password, body.code, body.method)
    return _sent(await email_codes.prove_and_send(actor, proofs))


@router.post(
    "/verify-email-otp",
    response_description="It is on, or signed in",
    responses=with_body(401, 403, 409, 410, 429, code="invalid_code"),
)
async def verify_mailed_code(
    body: VerifyEmailCodeBody, actor: MaybeActor, visitor: CurrentVisitor
) -> EmailCodeOn | SignedIn:
    """Turn e-mail codes on with the mailed code, or finish the sign-in of a challenge."""
    if body.challenge:
        session = await sign_in_code.verify_api(
            visitor, challenge=body.challenge, code=body.code, method="email_code"
        )
        return signed_in(session)
    if actor is None:
        raise SignInRequired
    await email_codes.confirm_set_up(actor, body.code)
    return EmailCodeOn()


def _sent(mailed: MailedCode) -> CodeSent:
    wait = mailed.again_at - now() if mailed.again_at else None
    return CodeSent(
        sent_to=mailed.sent_to,
        expires_in=int(EMAIL_CODE_LIFE.total_seconds()),
        retry_after=max(0, round(wait.total_seconds())) if wait else 0,
    )
