"""Where a browser leaves for a provider, and where it comes back (S-61).

An answer with a missing, repeated or overlong parameter is one that was never
asked for: the same neutral page, and nothing is looked at.
"""

import html
from urllib.parse import quote, urlencode

import structlog
from fastapi import APIRouter, Request
from starlette.datastructures import ImmutableMultiDict, UploadFile
from starlette.responses import HTMLResponse, RedirectResponse, Response

from security_app.accounts import provider_sign_in, provider_trips, sessions, sign_in
from security_app.accounts.actor import Actor
from security_app.accounts.errors import Refused, SessionGone, TicketDead
from security_app.accounts.provider_errors import TripDead
from security_app.accounts.provider_sign_in import Arrived
from security_app.accounts.tokens import digest
from security_app.db.engine import reading, transaction
from security_app.settings import get_settings
from security_app.web.context import session_cookie_name
from security_app.web.cookies import cookies_of, session_cookie
from security_app.web.door import HOME_PATH, SIGN_IN_PATH, VERIFY_PATH
from security_app.web.handoff import to_page, visitor_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)

#: Longest value of each parameter of an answer that means something to us.
_PARAMETERS = {"code": 2048, "error": 100, "iss": 255, "user": 2048}
_STATE_MAX_CHARS = 100


@router.get("/auth/go/{trip_id}")
async def leave(request: Request, trip_id: str) -> Response:
    """Send the browser that began a round trip on to its provider."""
    visitor = visitor_of(request)
    try:
        async with reading() as db:
            url = await provider_trips.destination(db, visitor, trip_id)
    except TripDead as refusal:
        return _neutral(refusal)
    return RedirectResponse(url, status_code=303)


@router.get("/auth/callback/{provider}")
async def come_back(request: Request, provider: str) -> Response:
    """Finish a round trip, whatever it was for."""
    try:
        state, answer = _answer(request.query_params)
        visitor, actor = visitor_of(request), await _actor(request)
        arrived = await provider_sign_in.arrive(
            visitor, actor, provider, state=state, answer=answer
        )
    except TripDead as refusal:
        return _neutral(refusal)
    if arrived.kind == "sign_in":
        return await _into_session(request, arrived, provider)
    return await _back_to_page(arrived, actor, provider)


@router.post("/auth/callback/{provider}")
async def come_back_by_post(request: Request, provider: str) -> Response:
    """Keep an answer that came by form_post, as Apple's do, and ask the browser to come itself.

    A cross-site POST carries no cookie of ours, so nothing is done with it here. The
    page, not a redirect, asks again: a request of our own site carries the cookie.
    """
    try:
        state, answer = _answer(await request.form())
        await provider_trips.keep_answer(provider, state, answer)
    except TripDead as refusal:
        return _neutral(refusal)
    path = f"/auth/callback/{quote(provider)}?{urlencode({'state': state})}"
    url = html.escape(f"{get_settings().public_url}{path}")
    return HTMLResponse(
        "<!doctype html><html lang='en'><title>Signing in</title>"
        f"<meta http-equiv='refresh' content='0;url={url}'>"
        f"<p><a href='{url}'>Continue</a></p></html>"
    )


async def _into_session(request: Request, arrived: Arrived, provider: str) -> Response:
    if arrived.refusal is not None:
        query = {"refusal": arrived.refusal.code, "provider": provider}
        if arrived.next_path:
            query["next"] = arrived.next_path
        return to_page(f"{SIGN_IN_PATH}?{urlencode(query)}")
    if arrived.needs_code:
        return to_page(VERIFY_PATH)
    cookies = cookies_of(request.scope)
    try:
        handed = await sign_in.redeem_ticket(
            visitor_of(request),
            arrived.ticket,
            former_secret=cookies.get(session_cookie_name(), ""),
        )
    except (TicketDead, SessionGone):
        return to_page(f"{SIGN_IN_PATH}?notice=ticket_dead")
    response = to_page(handed.next_path or HOME_PATH)
    response.headers.append("set-cookie", session_cookie(handed.session.secret))
    return response


async def _back_to_page(arrived: Arrived, actor: Actor | None, provider: str) -> Response:
    """Back to the page that began it, which says how it went."""
    refusal = arrived.refusal
    if actor is None:
        return to_page(f"{SIGN_IN_PATH}?notice=trip_dead")
    kind = provider.partition("-")[0]
    notice = f"refused:{refusal.code}:{kind}" if refusal else f"{arrived.kind}:{kind}"
    async with transaction() as db:
        await sessions.leave_notice(db, actor.session_id, notice)
    return to_page(arrived.next_path or HOME_PATH)


def _answer(parameters: ImmutableMultiDict[str, str | UploadFile]) -> tuple[str, dict[str, str]]:
    """The state and what else an answer says.

    Raises:
        TripDead: it is none.
    """
    found: dict[str, str] = {}
    for name, limit in {"state": _STATE_MAX_CHARS, **_PARAMETERS}.items():
        values = parameters.getlist(name)
        if not values:
            continue
        value = values[0]
        if len(values) > 1 or not isinstance(value, str) or not 0 < len(value) <= limit:
            raise TripDead
        found[name] = value
    state = found.pop("state", "")
    if not state:
        raise TripDead
    return state, found


async def _actor(request: Request) -> Actor | None:
    secret = cookies_of(request.scope).get(session_cookie_name())
    if not secret:
        return None
    return await sessions.find_actor(digest(secret), visitor_of(request))


def _neutral(refusal: Refused) -> Response:
    log.info("trip_refused", reason=refusal.code)
    return to_page(f"{SIGN_IN_PATH}?notice=trip_dead")
