"""The PIN: a brake before irreversible actions."""

from fastapi import APIRouter
from pydantic import Field

from security_app.accounts import pins, step_up
from security_app.accounts.step_up import Proofs
from security_app.api.answers import with_body
from security_app.api.bodies import JsonRoute, Line
from security_app.api.callers import CurrentActor
from security_app.api.two_factor import ProofBody

router = APIRouter(prefix="/v1/auth", tags=["PIN"], route_class=JsonRoute)


class SetPinBody(ProofBody):
    """The new PIN, and the proofs it asks for."""

    pin: Line = Field(
        description="4 to 6 digits; rows, repeats and years are refused.",
        examples=["2580"],
        json_schema_extra={"format": "password"},
    )


@router.put(
    "/pin",
    status_code=204,
    response_description="The PIN is set",
    responses=with_body(401, 403, 409, 429, code="wrong_password"),
)
async def set_pin(body: SetPinBody, actor: CurrentActor) -> None:
    """Set the PIN, or another one; also ends a lock.

    Asks for the password, and for a code when a second factor is on. Where that is one
    by e-mail, `email-otp` with `action: set_pin` sends it.
    """
    proofs = Proofs(body.password, body.code, body.method)
    await pins.set_pin(actor, pin=body.pin, repeat=body.pin, proofs=proofs)


@router.delete(
    "/pin",
    status_code=204,
    response_description="There is no PIN any more",
    responses=with_body(401, 403, 409, 429, code="wrong_password"),
)
async def remove_pin(body: ProofBody, actor: CurrentActor) -> None:
    """Remove the PIN, with the same proofs (`action: remove_pin` for a code by e-mail)."""
    await step_up.prove(actor, "remove_pin", Proofs(body.password, body.code, body.method))
    await pins.remove_pin(actor)
