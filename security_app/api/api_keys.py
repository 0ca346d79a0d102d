"""API keys: listed, made, replaced, revoked. By a session alone: no key makes keys (S-71)."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from security_app.accounts import api_key_changes, api_key_list, step_up
from security_app.accounts.api_key_changes import NewKey
from security_app.accounts.api_key_list import ShownKey
from security_app.accounts.step_up import Proofs, Target
from security_app.api.answers import (
    DEFAULT_PAGE_SIZE,
    Answer,
    Cursor,
    Instant,
    PageOf,
    PageSize,
    refusals,
    with_body,
)
from security_app.api.bodies import JsonRoute, Line, ProofBody
from security_app.api.callers import AccountPin, CurrentActor
from security_app.db.engine import reading
from security_app.policy import API_KEY_SCOPES

router = APIRouter(prefix="/v1/api-keys", tags=["API keys"], route_class=JsonRoute)

KeyId = Annotated[str, Path(max_length=24, pattern="^[A-Za-z0-9_-]+$")]
Scope = Annotated[
    str,
    StringConstraints(max_length=40),
    WithJsonSchema({"type": "string", "enum": list(API_KEY_SCOPES)}),
]
_INSTANT_MAX_CHARS = 40


def _as_instant(value: object) -> datetime:
    """RFC 3339 with its offset, as text and nothing else."""
    try:
        if isinstance(value, str) and len(value) <= _INSTANT_MAX_CHARS:
            instant = datetime.fromisoformat(value)
            if instant.tzinfo is not None:
                return instant
    except ValueError:
        pass
    raise PydanticCustomError("instant", "Must be a time like 2026-05-04T10:00:00Z")


SentInstant = Annotated[
    datetime,
    BeforeValidator(_as_instant),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class CreateBody(ProofBody):
    """What the key is to be, and the proof."""

    name: Line = Field(description="What it is for; plain text.", examples=["Nightly backup"])
    scopes: list[Scope] = Field(
        description="What it may do.", max_length=20, examples=[["account:read"]]
    )
    expires_at: SentInstant | None = Field(
        default=None,
        description="Within a year; 90 days from now when left out.",
        examples=[None],
    )


class RotateBody(ProofBody):
    """How the old key ends, and the proof."""

    cut_at_once: bool = Field(
        default=False, description="Whether the old key stops now; else it works for 24 hours."
    )


class ApiKeyItem(Answer):
    """One key, without the key."""

    id: str = Field(examples=["Zk3pQ0vY8mT1xW6uR9bE"])
    name: str = Field(examples=["Nightly backup"])
    prefix: str = Field(description="Its beginning.", examples=["sapp_3fKd"])
    last_four: str = Field(description="Its end.", examples=["9xQz"])
    scopes: list[str] = Field(examples=[["account:read"]])
    status: Literal["active", "replaced", "expired"] = Field(
        description="A replaced key works until `expires_at`."
    )
    created_at: Instant
    expires_at: Instant
    last_used_at: Instant | None = Field(description="Null when it was never used.")
    last_used_location: str = Field(description="Rough place; may be empty.", examples=["Portugal"])


class CreatedApiKey(ApiKeyItem):
    """A key just made."""

    key: str = Field(
        description="The key. It is shown only here.",
        examples=["sapp_" + "0" * 40 + "2Vw1AZ"],
    )


class RevokedApiKeys(Answer):
    """How many keys were revoked."""

    revoked_keys: int = Field(examples=[3])


@router.get("", response_description="One page of keys", responses=refusals(401, 403, 422))
async def list_api_keys(
    actor: CurrentActor, cursor: Cursor = "", limit: PageSize = DEFAULT_PAGE_SIZE
) -> PageOf[ApiKeyItem]:
    """List the API keys, newest first.

    Those that work, and for 30 days those that have expired.
    """
    async with reading() as db:
        page = await api_key_list.list_keys(db, actor, limit=limit, cursor=cursor)
    return PageOf(
        items=[ApiKeyItem.model_validate(_item(key)) for key in page.items], next=page.next or None
    )


@router.post(
    "",
    status_code=201,
    response_description="The key, shown once",
    responses=with_body(401, 403, 409, 429, code="wrong_password"),
)
async def create_api_key(body: CreateBody, actor: CurrentActor) -> CreatedApiKey:
    """Make an API key, with the password, and a code when a second factor is on."""
    made = await api_key_changes.create(
        actor,
        name=body.name,
        scopes=body.scopes,
        expires_at=body.expires_at,
        proofs=Proofs(body.password, body.code, body.method),
    )
    return _created(made)


@router.post(
    "/{key_id}/rotate",
    status_code=201,
    response_description="The new key, shown once",
    responses=with_body(401, 403, 404, 409, 429, code="wrong_password"),
)
async def rotate_api_key(body: RotateBody, actor: CurrentActor, key_id: KeyId) -> CreatedApiKey:
    """Replace a key by a new one of the same name, scopes and length of life.

    The old one works for 24 hours more, or is cut at once.
    """
    proofs = Proofs(body.password, body.code, body.method)
    made = await api_key_changes.rotate(actor, key_id, cut_at_once=body.cut_at_once, proofs=proofs)
    return _created(made)


@router.delete(
    "/{key_id}",
    status_code=204,
    response_description="It works no more",
    responses=refusals(401, 403, 404, 422),
)
async def revoke_api_key(actor: CurrentActor, key_id: KeyId, pin: AccountPin = "") -> None:
    """Revoke a key, at once; with the PIN when one is set.

    Unknown, dead and other people's ids answer alike.
    """
    target = await api_key_changes.find_target(actor, key_id)
    # Without a name: a program shows by its request that it means it.
    await step_up.prove(actor, "revoke_api_key", Proofs(pin=pin), Target(target.id))
    await api_key_changes.revoke(actor, key_id)


@router.post(
    "/revoke-all",
    response_description="How many worked",
    responses=refusals(401, 403, 404, 422),
)
async def revoke_all_api_keys(actor: CurrentActor, pin: AccountPin = "") -> RevokedApiKeys:
    """Revoke every key of the account, at once; with the PIN when one is set.

    Without a key that works the answer is 404.
    """
    target = await api_key_changes.find_all(actor, "")
    await step_up.prove(actor, "revoke_api_keys", Proofs(pin=pin), Target(target.id))
    return RevokedApiKeys(revoked_keys=await api_key_changes.revoke_all(actor, target.id))


def _item(key: ShownKey) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "last_four": key.last_four,
        "scopes": list(key.scopes),
        "status": key.status,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "last_used_location": key.last_used_place,
    }


def _created(made: NewKey) -> CreatedApiKey:
    return CreatedApiKey.model_validate(_item(made.shown) | {"key": made.key})
