"""The FastAPI application: the JSON API, what browsers post and come back to, the metrics."""

import re

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from security_app.api import (
    api_keys,
    connections,
    email_code,
    health,
    login_history,
    me,
    organizations,
    password,
    pin,
    problems,
    reference,
    releases,
    sessions,
    sign_in,
    sign_up,
    two_factor,
)
from security_app.api.answers import refusals
from security_app.api.barrier import FaultBarrier, fault_as_problem, fault_as_text
from security_app.web import handoff, provider_routes
from security_app.web.monitoring import MetricsRoute

_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


def build_api() -> FastAPI:
    """Put everything that speaks HTTP together.

    Returns:
        An application without a route for other paths: the framework's own
        application is mounted below and answers those.
    """
    site = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=_NO_TELEMETRY,
    )
    site.add_middleware(FaultBarrier, answer=fault_as_text)
    for router in (handoff.router, provider_routes.router):
        site.include_router(router)
    for route in handoff.router.routes:
        # Without these the page's own application would answer other methods with a page.
        site.router.routes.append(Route(getattr(route, "path", ""), _MethodNotAllowed()))
    site.router.routes.append(MetricsRoute())
    api = Mount("/api", build_json_api())
    # A path may hold line breaks, which the pattern of a mount does not match by itself.
    api.path_regex = re.compile(api.path_regex.pattern, re.DOTALL)
    site.router.routes.append(api)
    return site


def build_json_api() -> FastAPI:
    """The JSON API on its own: it answers every path below ``/api``, known or not."""
    api = FastAPI(
        version="1",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        root_path_in_servers=False,
        generate_unique_id_function=lambda route: route.name,
        responses=refusals(500, 503),
        telemetry=_NO_TELEMETRY,
    )
    api.openapi = lambda: reference.describe(api)
    api.add_middleware(FaultBarrier, answer=fault_as_problem)
    problems.install(api)
    for resource in (
        sign_up,
        sign_in,
        me,
        password,
        two_factor,
        email_code,
        pin,
        sessions,
        login_history,
        connections,
        api_keys,
        organizations,
        releases,
        health,
        reference,
    ):
        api.include_router(resource.router)
    return api


class _MethodNotAllowed:
    """Answers every method; the routes before it take those that are meant."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        raise HTTPException(405, headers={"Allow": "POST"})
