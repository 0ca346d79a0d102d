"""Who calls the API: the visitor, and the person behind a bearer token."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from security_app.accounts import sessions
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


def current_visitor(request: Request) -> Visitor:
    """Address and user agent of this request; the address is settled by the door (S-51)."""
    return Visitor(
        ip=request.client.host if request.client else "",
        user_agent=request.headers.get("user-agent", "")[:_USER_AGENT_CHARS],
    )


CurrentVisitor = Annotated[Visitor, Depends(current_visitor)]


async def current_actor(
    visitor: CurrentVisitor,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Actor:
    """The person behind the bearer token, read from the session's row each time (S-39).

    Raises:
        SignInRequired: no token, an unknown or ended one, or the value of a browser's cookie.
    """
    if credentials is None:
        raise SignInRequired
    actor = await sessions.find_actor(digest(credentials.credentials), visitor)
    if actor is None or actor.kind != "api":
        raise SignInRequired
    await sessions.touch(actor)
    return actor


async def maybe_actor(
    visitor: CurrentVisitor,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Actor | None:
    """The person behind the bearer token, None when none was sent.

    Raises:
        SignInRequired: a token was sent that opens nothing.
    """
    return None if credentials is None else await current_actor(visitor, credentials)


MaybeActor = Annotated[Actor | None, Depends(maybe_actor)]
CurrentActor = Annotated[Actor, Depends(current_actor)]
