"""The second factor: status, set-up, turning off, recovery codes."""

from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from security_app.accounts import accounts, email_codes, recovery_codes, step_up, totp
from security_app.accounts.actor import Actor
from security_app.accounts.methods import methods_of
from security_app.accounts.recovery_codes import Kit
from security_app.accounts.step_up import Proofs
from security_app.api.answers import Answer, Instant, refusals, with_body
from security_app.api.bodies import Body, JsonRoute, Line, ProofBody, Secret
from security_app.api.callers import CurrentActor
from security_app.db.engine import reading
from security_app.web.qr import png_data_url

router = APIRouter(prefix="/v1/auth/2fa", tags=["Second factor"], route_class=JsonRoute)

Code = Line


class Method(Answer):
    """One method."""

    enabled: bool
    enabled_at: Instant | None = Field(description="Since when, null while off.")


class MailedMethod(Method):
    """A method whose codes are mailed."""

    sent_to: str | None = Field(description="Where codes go, null while off.")


class AllMethods(Answer):
    """Every method there is."""

    totp: Method = Field(description="The authenticator app.")
    email_code: MailedMethod = Field(description="Codes by e-mail.")


class CodesLeft(Answer):
    """The recovery codes, as numbers."""

    left: int = Field(examples=[9])
    total: int = Field(examples=[10])


class Status(Answer):
    """How the second factor stands."""

    enabled: bool = Field(description="Whether any method is on.")
    methods: AllMethods
    recovery_codes: CodesLeft


class SetUp(Answer):
    """What an authenticator app needs. It is shown only here."""

    otpauth_url: str = Field(
        examples=["otpauth://totp/Security%20Centre:ada@example.com?secret=JBSWY3DPEHPK3PXP"]
    )
    qr_code: str = Field(description="A PNG as a data URL.")
    secret: str = Field(description="Base32, to type by hand.")
    expires_at: Instant = Field(description="Until when a code must prove it.")


class CodeBody(Body):
    """One code of the authenticator app."""

    code: Code = Field(examples=["287082"])


class Enabled(Answer):
    """The app is on; the codes are shown only here."""

    enabled: Literal[True] = True
    backup_codes: list[str] = Field(description="Ten recovery codes, each works once.")


class DisableBody(Body):
    """Password and a code of the method to turn off."""

    method: Literal["totp", "email_code"]
    password: Secret = Field(default="", examples=["demo-passphrase-42"])
    code: Code = Field(
        default="",
        description="Of that method; for the authenticator app a recovery code serves too.",
        examples=["287082"],
    )


class RecoveryCode(Answer):
    """One recovery code."""

    code: str
    used_at: Instant | None


class RecoveryCodes(Answer):
    """The set of recovery codes."""

    codes: list[RecoveryCode]


@router.get("", response_description="How it stands", responses=refusals(401, 403))
async def read_status(actor: CurrentActor) -> Status:
    """Read which methods are on and how many recovery codes are left."""
    return await _status(actor)


@router.post(
    "/setup",
    response_description="A set-up to be proven",
    responses=with_body(401, 403, 409, 429, code="wrong_password"),
)
async def set_up(body: ProofBody, actor: CurrentActor) -> SetUp:
    """Begin turning the authenticator app on: nothing is on until a code proves it.

    With no method on the password is the proof. A newer set-up replaces this one.
    """
    await step_up.prove(actor, "enable_totp", Proofs(body.password, body.code, body.method))
    staged = await totp.start_set_up(actor)
    return SetUp(
        otpauth_url=staged.otpauth_url,
        qr_code=await png_data_url(staged.otpauth_url),
        secret=staged.secret,
        expires_at=staged.expires_at,
    )


@router.post(
    "/verify",
    response_description="The app is on",
    responses=with_body(401, 403, 409, 410, 429, code="invalid_code"),
)
async def verify(body: CodeBody, actor: CurrentActor) -> Enabled:
    """Turn the authenticator app on with a first code; it counts as used.

    A code that fits a phone clock one to ten minutes off is refused with
    `clock_offset_seconds`.
    """
    kit = await totp.confirm_set_up(actor, body.code)
    return Enabled(backup_codes=[item.code for item in kit.codes])


@router.post(
    "/disable",
    response_description="How it stands now",
    responses=with_body(401, 403, 409, 429, code="invalid_code"),
)
async def disable(body: DisableBody, actor: CurrentActor) -> Status:
    """Turn a method off; the recovery codes go with the authenticator app.

    For e-mail codes, `email-otp` with `action: disable_email_code` sends the code.
    """
    turn_off = {"totp": totp.disable, "email_code": email_codes.disable}[body.method]
    await step_up.prove(actor, f"disable_{body.method}", Proofs(body.password, body.code))
    await turn_off(actor)
    return await _status(actor)


@router.post(
    "/recovery-codes/view",
    response_description="The codes",
    responses=with_body(401, 403, 409, 429, code="invalid_code"),
)
async def view_recovery_codes(body: ProofBody, actor: CurrentActor) -> RecoveryCodes:
    """Read the recovery codes, with a fresh authenticator code."""
    await step_up.prove(actor, "view_recovery_codes", Proofs(body.password, body.code, "totp"))
    return _codes(await recovery_codes.view(actor))


@router.post(
    "/recovery-codes/regenerate",
    response_description="The new codes",
    responses=with_body(401, 403, 409, 429, code="invalid_code"),
)
async def regenerate_recovery_codes(body: ProofBody, actor: CurrentActor) -> RecoveryCodes:
    """Make ten new recovery codes; all former ones stop working at once."""
    proofs = Proofs(body.password, body.code, "totp")
    await step_up.prove(actor, "regenerate_recovery_codes", proofs)
    return _codes(await recovery_codes.regenerate(actor))


async def _status(actor: Actor) -> Status:
    async with reading() as db:
        methods = await methods_of(db, actor.account_id)
        kit = await recovery_codes.status(db, actor.account_id)
        profile = await accounts.profile(db, actor.account_id)
    is_mailed = methods.email_code_at is not None
    return Status(
        enabled=bool(methods.on),
        methods=AllMethods(
            totp=Method(enabled=methods.totp_at is not None, enabled_at=methods.totp_at),
            email_code=MailedMethod(
                enabled=is_mailed,
                enabled_at=methods.email_code_at,
                sent_to=profile.email if is_mailed else None,
            ),
        ),
        recovery_codes=CodesLeft(left=kit.left, total=kit.total),
    )


def _codes(kit: Kit) -> RecoveryCodes:
    return RecoveryCodes(
        codes=[RecoveryCode(code=item.code, used_at=item.used_at) for item in kit.codes]
    )
