"""The description of the API: OpenAPI, a page to try it out, and the catalogue of codes.

The viewer's files come from the pinned ``fastapi-swagger`` package and are served
from here: the Content-Security-Policy allows our own origin only.
"""

import html
import importlib.resources
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import FileResponse, HTMLResponse
from starlette.responses import Response

from security_app.api.problems import MEDIA_TYPE, TITLES, Problem
from security_app.policy import get_policy

router = APIRouter(include_in_schema=False)

_VIEWER_FILES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
}
#: The files change with the package only, but their names do not tell which release.
_KEEP_A_DAY = {"cache-control": "public, max-age=86400"}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="/favicon.svg">
{head}</head>
<body>
{body}
</body>
</html>
"""
_VIEWER_HEAD = """<link rel="stylesheet" href="/api/docs/swagger-ui.css">
<script src="/api/docs/swagger-ui-bundle.js" defer></script>
<script src="/api/docs/start.js" defer></script>
"""
# No validatorUrl: the viewer would show the description to a stranger's service.
# No persistAuthorization: a token would rest in the browser's storage.
_START = """SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#viewer",
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
});
"""

_ABOUT = """Accounts, sessions and their history, for programs.

Sign in, then send the token as `Authorization: Bearer <token>`; where an operation
lists `apiKey`, an API key with the scope named there serves in its place. Cookies are
never read. Times are RFC 3339 in UTC, ids are opaque strings, bodies are JSON in UTF-8 of
at most 16 KiB. Refusals are [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)
problems with a stable `code`; [all codes](/api/problems).
"""
#: OpenAPI 3.1 lets a requirement of any kind list what the bearer must be allowed.
_API_KEY = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "sapp_ and 46 letters and digits",
    "description": "An API key with the scope the operation names; see `POST /v1/api-keys`.",
}


def describe(api: FastAPI) -> dict[str, Any]:
    """The OpenAPI description, made once.

    FastAPI adds its own form of 422 where a route lists none: ours is another.
    """
    if api.openapi_schema is None:
        schema = get_openapi(
            title=f"{get_policy().product_name} API",
            version=api.version,
            description=_ABOUT,
            routes=api.routes,
            servers=[{"url": "/api"}],
            tags=api.openapi_tags,
        )
        schemas = schema["components"]["schemas"]
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= problem.pop("$defs", {})
        schemas["Problem"] = problem
        schema["components"]["securitySchemes"]["apiKey"] = _API_KEY
        for path in schema["paths"].values():
            for operation in path.values():
                _split_docstring(operation)
                _name_scopes(operation)
                if MEDIA_TYPE not in operation["responses"].get("422", {}).get("content", {}):
                    operation["responses"].pop("422", None)
        api.openapi_schema = schema
    return api.openapi_schema


@router.get("/docs")
async def docs() -> Response:
    """The page to read and try the API."""
    title = f"{html.escape(get_policy().product_name)} API"
    return HTMLResponse(
        _PAGE.format(title=title, head=_VIEWER_HEAD, body='<main id="viewer"></main>')
    )


@router.get("/docs/start.js")
async def start() -> Response:
    """What starts the viewer; inline it would be forbidden."""
    return Response(_START, media_type="text/javascript", headers={"cache-control": "no-cache"})


@router.get("/docs/swagger-ui-bundle.js")
async def viewer_script() -> Response:
    """The viewer."""
    return _viewer_file("swagger-ui-bundle.js")


@router.get("/docs/swagger-ui.css")
async def viewer_style() -> Response:
    """The viewer's look."""
    return _viewer_file("swagger-ui.css")


@router.get("/problems")
async def catalogue() -> Response:
    """What each code means; `type` of a problem points here."""
    rows = "\n".join(
        f'<dt id="{code}"><code>{code}</code></dt><dd>{html.escape(title)}</dd>'
        for code, title in sorted(TITLES.items())
    )
    body = f"<main><h1>Problem codes</h1>\n<dl>\n{rows}\n</dl></main>"
    return HTMLResponse(_PAGE.format(title="Problem codes", head="", body=body))


def _name_scopes(operation: dict[str, Any]) -> None:
    """A scope is what a key needs: a session may do all its person may."""
    for requirement in list(operation.get("security", ())):
        if scopes := requirement.get("sessionToken"):
            requirement["sessionToken"] = []
            operation["security"].append({"apiKey": scopes})


def _split_docstring(operation: dict[str, Any]) -> None:
    """Make a docstring's first line the summary: FastAPI would use the function's name."""
    summary, _, rest = operation["description"].partition("\n\n")
    operation["summary"] = summary.removesuffix(".")
    if rest:
        operation["description"] = rest
    else:
        del operation["description"]


def _viewer_file(name: str) -> Response:
    file = importlib.resources.files("fastapi_swagger") / "resources" / name
    return FileResponse(str(file), media_type=_VIEWER_FILES[name], headers=_KEEP_A_DAY)
