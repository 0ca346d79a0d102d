"""Who calls the API: the visitor, and the person behind a session token or an API key."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from security_app.accounts import api_keys, sessions
from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.errors import SignInRequired
from security_app.accounts.tokens import digest

#: As wide as the column it is kept in.
_USER_AGENT_CHARS = 512

_bearer = HTTPBearer(
    scheme_name="sessionToken",
    bearerFormat="opaque",
    description="The `token` of a sign-in. Cookies are never read.",
    auto_error=False,
)


async def current_visitor(request: Request) -> Visitor:
    """Address and user agent of this request; the address is settled by the door (S-51).

    Asynchronous, though it waits for nothing: FastAPI runs others in a thread.
    """
    return Visitor(
        ip=request.client.host if request.client else "",
        user_agent=request.headers.get("user-agent", "")[:_USER_AGENT_CHARS],
    )


CurrentVisitor = Annotated[Visitor, Depends(current_visitor)]


Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


async def bearer(visitor: CurrentVisitor, credentials: Credentials) -> Actor:
    """Who the bearer token or API key acts for, read from its row each time (S-39, S-70).

    Raises:
        SignInRequired: no token, an unknown or ended one, or the value of a browser's cookie.
    """
    if credentials is None:
        raise SignInRequired
    text = credentials.credentials
    if text.startswith(api_keys.PREFIX):
        actor = await api_keys.find_actor(text, visitor)
    else:
        actor = await sessions.find_actor(digest(text), visitor)
        if actor is not None and actor.kind == "api":
            await sessions.touch(actor)
    if actor is None or actor.kind not in {"api", "api_key"}:
        raise SignInRequired
    return actor


Bearer = Annotated[Actor, Depends(bearer)]


async def current_actor(actor: Bearer) -> Actor:
    """The person behind a session token; no API key will do (S-71).

    Raises:
        SignInRequired: as :func:`bearer`.
        SessionRequired: it is an API key.
    """
    api_keys.require(actor)
    return actor


def allowing(scope: str) -> Callable[..., Awaitable[Actor]]:
    """Build the dependency of a route that API keys with a scope may call too.

    Args:
        scope: a key of ``API_KEY_SCOPES``; the description of the API names it.
    """

    async def actor_with_scope(
        actor: Annotated[Actor, Security(bearer, scopes=[scope])],
    ) -> Actor:
        api_keys.require(actor, scope)
        return actor

    return actor_with_scope


async def maybe_actor(
    visitor: CurrentVisitor,
    credentials: Credentials,
) -> Actor | None:
    """The person behind the bearer token, None when none was sent.

    Raises:
        SignInRequired: a token was sent that opens nothing.
        SessionRequired: it is an API key.
    """
    if credentials is None:
        return None
    return await current_actor(await bearer(visitor, credentials))


#: The PIN, for actions that cannot be taken back; "" where none was sent.
AccountPin = Annotated[
    str,
    Header(
        alias="X-Account-PIN",
        # Longer than any PIN; refused before it is looked at.
        max_length=64,
        description="The PIN of the account, where one is set. Never stored, never logged.",
        json_schema_extra={"format": "password"},
    ),
]
MaybeActor = Annotated[Actor | None, Depends(maybe_actor)]
CurrentActor = Annotated[Actor, Depends(current_actor)]
