"""When something on our side is wrong: one clear problem, no detail, a log entry (S-79, S-90)."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from httpx import ASGITransport, AsyncClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from structlog.testing import capture_logs

from security_app.accounts.errors import Refused
from security_app.api.app import build_api, build_json_api
from security_app.api.barrier import FaultBarrier, fault_as_text
from security_app.api.problems import TITLES
from security_app.db.engine import Database, use_database
from security_app.db.engine import database as current_database
from security_app.web.asgi import Door
from tests.api.people import PASSWORD, SITE, MakeClient, Person
from tests.api.refusals import assert_problem


async def test_an_unforeseen_fault_shows_a_reference_and_logs_no_input() -> None:
    """S-79."""
    api = build_json_api()

    async def broken() -> None:
        raise RuntimeError("canary-4711")

    api.add_api_route("/v1/broken", broken)
    site = build_api()
    site.router.routes.clear()
    site.mount("/api", api)
    transport = ASGITransport(app=Door(site))
    async with AsyncClient(transport=transport, base_url=SITE) as caller:
        with capture_logs() as logs:
            answer = await caller.get("/api/v1/broken?secret=canary-4711")
    problem = assert_problem(answer, 500, "fault")
    [entry] = [log for log in logs if log["event"] == "fault"]
    assert entry["reference"] == problem["reference"]
    assert entry["type"] == "RuntimeError"
    for text in (answer.text, str(logs)):
        assert "canary" not in text
    assert "Traceback" not in answer.text


async def test_a_fault_beside_the_api_shows_a_reference_too() -> None:
    async def broken(request: Request) -> PlainTextResponse:
        raise RuntimeError("canary-4711")

    barrier = FaultBarrier(Starlette(routes=[Route("/x", broken)]).router, answer=fault_as_text)
    async with AsyncClient(transport=ASGITransport(app=barrier), base_url=SITE) as caller:
        answer = await caller.get("/x")
    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("text/plain")
    assert "Reference: " in answer.text
    assert "canary" not in answer.text


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(params=["sqlite", "postgresql"])
def lost_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """A database that is not there."""
    urls = {
        "sqlite": f"sqlite+aiosqlite:///{tmp_path}/gone/security.db",
        "postgresql": f"postgresql+psycopg://postgres@127.0.0.1:{_free_port()}/gone",
    }
    use_database(Database(urls[request.param]))
    yield
    use_database(None)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/me", None),
        ("POST", "/auth/sign-in", {"email": "ada@example.com", "password": PASSWORD}),
        (
            "POST",
            "/auth/sign-up",
            {"email": "ada@example.com", "password": PASSWORD},
        ),
        ("POST", "/auth/confirm-email", {"token": "x"}),
    ],
)
async def test_a_lost_database_is_a_503_without_detail(
    lost_database: None, method: str, path: str, body: dict[str, str] | None
) -> None:
    """S-90."""
    transport = ASGITransport(app=Door(build_api()))
    headers = {"authorization": "Bearer " + "A" * 43}
    async with AsyncClient(transport=transport, base_url=f"{SITE}/api/v1") as caller:
        answer = await caller.request(method, path, json=body, headers=headers)
    assert_problem(answer, 503, "storage_unavailable")
    for word in ("sqlite", "postgres", "127.0.0.1", "connection", "gone"):
        assert word not in answer.text
    await current_database().dispose()


async def test_health_tells_the_truth(lost_database: None) -> None:
    transport = ASGITransport(app=Door(build_api()))
    async with AsyncClient(transport=transport, base_url=f"{SITE}/api/v1") as caller:
        assert (await caller.get("/health/live")).json() == {"status": "ok"}
        assert_problem(await caller.get("/health/ready"), 503, "not_ready")
    await current_database().dispose()


async def test_healthy_is_ready(client: AsyncClient) -> None:
    for path in ("/health/live", "/health/ready"):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_one_burst_of_everything_at_once_has_no_500(
    make_client: MakeClient, ada: Person
) -> None:
    caller = make_client()
    body = {"email": ada.email, "password": PASSWORD}
    token = (await caller.post("/auth/sign-in", json=body)).json()["token"]
    caller.headers["authorization"] = f"Bearer {token}"
    requests = [
        call
        for _ in range(6)
        for call in (
            caller.get("/me"),
            caller.get("/sessions"),
            caller.get("/login-history"),
            caller.post("/sessions/sign-out-others"),
            caller.post("/auth/sign-in", json=body),
            caller.get("/health/ready"),
        )
    ]
    answers: list[httpx.Response] = await asyncio.gather(*requests)
    assert {answer.status_code for answer in answers} <= {200, 401, 429}


def test_every_refusal_of_the_rules_has_a_title() -> None:
    def kinds(base: type[Refused]) -> Iterator[type[Refused]]:
        yield base
        for kind in base.__subclasses__():
            yield from kinds(kind)

    assert {kind.code for kind in kinds(Refused)} <= set(TITLES)
