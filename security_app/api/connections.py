"""Connected accounts: listed and disconnected. Connecting takes a browser."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from security_app.accounts import connections, identities, step_up
from security_app.accounts.step_up import Proofs, Target
from security_app.api.answers import Answer, Instant, refusals, with_body
from security_app.api.bodies import JsonRoute, ProofBody
from security_app.api.callers import CurrentActor
from security_app.db.engine import reading

router = APIRouter(prefix="/v1/connections", tags=["Connected accounts"], route_class=JsonRoute)

ConnectionId = Annotated[str, Path(max_length=24, pattern="^[A-Za-z0-9_-]+$")]


class ConnectionItem(Answer):
    """One connected account."""

    id: str = Field(examples=["Zk3pQ0vY8mT1xW6uR9bE"])
    provider: str = Field(
        description="`google`, `apple`, or `sso-` and an id.", examples=["google"]
    )
    name: str = Field(description="What people call the provider.", examples=["Google"])
    email: str = Field(
        description="As the provider says; may be empty.", examples=["ada@example.com"]
    )
    provider_account_id: str = Field(
        description="The id the provider knows the person by.", examples=["104729384756102938475"]
    )
    connected_at: Instant
    last_used_at: Instant | None = Field(description="Null when it never signed in.")


class Connections(Answer):
    """Every connected account, oldest first."""

    items: list[ConnectionItem]


@router.get("", response_description="All of them", responses=refusals(401, 403))
async def list_connections(actor: CurrentActor) -> Connections:
    """List the connected accounts: the identities at other providers that sign in here."""
    async with reading() as db:
        found = await identities.of_account(db, actor.account_id)
    return Connections(
        items=[
            ConnectionItem(
                id=each.id,
                provider=each.provider,
                name=each.name,
                email=each.email,
                provider_account_id=each.subject,
                connected_at=each.connected_at,
                last_used_at=each.last_used_at,
            )
            for each in found
        ]
    )


@router.delete(
    "/{connection_id}",
    status_code=204,
    response_description="It signs in no more",
    responses=with_body(401, 403, 404, 409, 429, code="wrong_password"),
)
async def disconnect(body: ProofBody, actor: CurrentActor, connection_id: ConnectionId) -> None:
    """Disconnect an account.

    Asks for the password, and for a code when a second factor is on; an account without
    a password gives a code alone. Where it comes by e-mail, `email-otp` with
    `action: disconnect_provider` sends it. The only way to sign in stays: 409
    `last_way_in`. Unknown and other people's ids answer alike.
    """
    target = await connections.target_to_disconnect(actor, connection_id)
    proofs = Proofs(body.password, body.code, body.method)
    await step_up.prove(actor, "disconnect_provider", proofs, Target(target.id))
    await connections.disconnect(actor, target.id)
