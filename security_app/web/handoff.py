"""Where a ticket becomes a cookie, and where a session is signed out: plain form POSTs."""

import structlog
from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from security_app.accounts import sessions, sign_in
from security_app.accounts.actor import Visitor
from security_app.accounts.errors import SessionGone, TicketDead
from security_app.accounts.tokens import digest
from security_app.db.engine import transaction
from security_app.settings import get_settings
from security_app.web.context import browser_cookie_name, session_cookie_name
from security_app.web.cookies import cookies_of, no_session_cookie, session_cookie
from security_app.web.door import HOME_PATH, SIGN_IN_PATH

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)


@router.post("/auth/session")
async def take_session(request: Request) -> Response:
    """Spend a ticket and set the cookie; goes on to a path on this site."""
    if not _is_own_site(request):
        return _refused()
    form = await request.form()
    cookies = cookies_of(request.scope)
    try:
        handed = await sign_in.redeem_ticket(
            visitor_of(request),
            _text(form, "ticket"),
            former_secret=cookies.get(session_cookie_name(), ""),
        )
    except (TicketDead, SessionGone):
        return to_page(f"{SIGN_IN_PATH}?notice=ticket_dead")
    response = to_page(handed.next_path or HOME_PATH)
    response.headers.append("set-cookie", session_cookie(handed.session.secret))
    return response


@router.post("/auth/sign-out")
async def leave_session(request: Request) -> Response:
    """End the session of this browser and forget its cookie."""
    if not _is_own_site(request):
        return _refused()
    cookies = cookies_of(request.scope)
    if secret := cookies.get(session_cookie_name()):
        actor = await sessions.find_actor(digest(secret), visitor_of(request))
        if actor is not None:
            async with transaction() as db:
                await sessions.sign_out(db, actor)
    response = to_page(f"{SIGN_IN_PATH}?notice=signed_out")
    response.headers.append("set-cookie", no_session_cookie())
    return response


def _is_own_site(request: Request) -> bool:
    """Whether one of our own pages sent this form (S-60, also against login CSRF).

    Under our ``no-referrer`` policy browsers send ``Origin: null`` with a form,
    so their ``Sec-Fetch-Site`` speaks first; without it the origin must be ours.
    """
    is_same_origin = request.headers.get("sec-fetch-site") == "same-origin"
    return is_same_origin or request.headers.get("origin") == get_settings().public_url


def _refused() -> Response:
    log.warning("form_refused", reason="foreign origin")
    return Response("This form did not come from our own page.", status_code=403)


def to_page(path: str) -> Response:
    """Send the browser to a page of ours."""
    return RedirectResponse(f"{get_settings().public_url}{path}", status_code=303)


def visitor_of(request: Request) -> Visitor:
    """Who sends a request, signed in or not."""
    browser = cookies_of(request.scope).get(browser_cookie_name(), "")
    return Visitor(
        ip=request.client.host if request.client else "",
        user_agent=request.headers.get("user-agent", "")[:512],
        browser_hash=digest(browser) if browser else "",
    )


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value[:200] if isinstance(value, str) else ""
