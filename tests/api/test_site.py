"""The API as the framework puts it together: its CORS layer around, its pages below."""

import pytest
from httpx import ASGITransport, AsyncClient
from reflex.app import App
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from security_app.api.app import build_api
from security_app.web.asgi import Door
from tests.api.people import SITE
from tests.api.refusals import assert_problem


@pytest.fixture
def whole_site() -> ASGIApp:
    """Put it together as the framework does."""

    async def page(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"page {request.url.path}")

    site = build_api()
    App._add_cors(site)
    site.mount("", Starlette(routes=[Route("/{path:path}", page)]))
    return Door(site)


@pytest.mark.parametrize("path", ["/", "/sign-in", "/apis", "/api", "/settings/personal/security"])
async def test_other_paths_go_to_the_frontend(whole_site: ASGIApp, path: str) -> None:
    async with AsyncClient(transport=ASGITransport(app=whole_site), base_url=SITE) as caller:
        answer = await caller.get(path)
    assert answer.status_code == 200
    assert answer.text.startswith(f"page {path}")


async def test_api_paths_and_form_routes_never_do(whole_site: ASGIApp) -> None:
    async with AsyncClient(transport=ASGITransport(app=whole_site), base_url=SITE) as caller:
        assert_problem(await caller.get("/api/v1/nowhere"), 404, "not_found")
        assert_problem(await caller.put("/api/v1/me"), 405, "method_not_allowed")
        for path in ("/auth/session", "/auth/sign-out"):
            answer = await caller.get(path)
            assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3998"])
async def test_other_origins_cannot_read_the_api(whole_site: ASGIApp, origin: str) -> None:
    async with AsyncClient(transport=ASGITransport(app=whole_site), base_url=SITE) as caller:
        preflight = await caller.options(
            "/api/v1/me",
            headers={
                "origin": origin,
                "access-control-request-method": "GET",
                "access-control-request-headers": "authorization",
            },
        )
        simple = await caller.get("/api/v1/health/live", headers={"origin": origin})
    assert preflight.status_code >= 400
    for answer in (preflight, simple):
        assert "access-control-allow-origin" not in answer.headers
