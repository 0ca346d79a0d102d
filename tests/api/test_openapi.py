"""The description of the API, and that the API does what it says, whatever is sent."""

import asyncio
import json
import shutil
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks
from sqlalchemy import delete

from security_app.accounts import sessions
from security_app.accounts.actor import Visitor
from security_app.api.app import build_api, build_json_api
from security_app.clock import now
from security_app.db.engine import Database, use_database
from security_app.db.tables import Account, ThrottleKey, new_id
from security_app.policy import API_KEY_SCOPES
from security_app.web.asgi import Door
from tests.api.people import IP, SITE

#: Not negative_data_rejection: it counts the token we add as part of what is wrong.
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
    checks.allow_header_conformance,
]
description = build_json_api().openapi()
schema = schemathesis.openapi.from_dict(description)
T = TypeVar("T")


class Api:
    """The application on an event loop of its own: hypothesis does not wait for ours."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self._database = Database(url)
        use_database(self._database)
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=Door(build_api()), client=(IP, 40000))
        )
        self._account_id = self._run(self._make_account())

    def send(self, case: schemathesis.Case) -> httpx.Response:
        """Send what schemathesis made up, with a fresh token and unused budgets."""
        token = self._run(self._fresh_token())
        kwargs = case.as_transport_kwargs(
            base_url=f"{SITE}/api", headers={"Authorization": f"Bearer {token}"}
        )
        prepared = requests.Session().prepare_request(requests.Request(**kwargs))
        body: Any = prepared.body or b""
        return self._run(
            self._client.request(
                str(prepared.method),
                str(prepared.url),
                headers={name: str(value) for name, value in prepared.headers.items()},
                content=body,
            )
        )

    def close(self) -> None:
        """Close connections and loop."""
        self._run(self._client.aclose())
        self._run(self._database.dispose())
        use_database(None)
        self._runner.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    async def _make_account(self) -> str:
        account_id = new_id()
        async with self._database.transaction() as db:
            db.add(
                Account(id=account_id, email="ada@a.test", email_key="ada@a.test", created_at=now())
            )
        return account_id

    async def _fresh_token(self) -> str:
        async with self._database.transaction() as db:
            await db.exec(delete(ThrottleKey))
            session = await sessions.open_session(
                db, self._account_id, Visitor(IP, "curl/8.5.0"), kind="api", opened_by="api"
            )
        return session.secret


@pytest.fixture(scope="module")
def api(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The application on a fresh database."""
    file = tmp_path_factory.mktemp("openapi") / "test.db"
    shutil.copyfile(migrated_sqlite, file)
    api = Api(f"sqlite+aiosqlite:///{file}")
    yield api
    api.close()


@schema.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_the_api_does_what_it_says(case: schemathesis.Case, api: Api) -> None:
    case.validate_response(api.send(case), checks=CHECKS)


def test_every_operation_is_described() -> None:
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            place = f"{method} {path}"
            assert operation["summary"], place
            assert operation["tags"], place
            assert {"500", "503"} <= set(operation["responses"]), place
            for status, response in operation["responses"].items():
                if status >= "400":
                    [media_type] = response["content"]
                    assert media_type == "application/problem+json", place
                    assert response["content"][media_type]["example"]["status"] == int(status)
            if "requestBody" in operation:
                assert list(operation["requestBody"]["content"]) == ["application/json"], place
                assert {"400", "413", "415", "422"} <= set(operation["responses"]), place
            if operation.get("security"):
                assert operation["security"][0] == {"sessionToken": []}, place
                for requirement in operation["security"][1:]:
                    [(scheme, [scope])] = requirement.items()
                    assert scheme == "apiKey", place
                    assert scope in API_KEY_SCOPES, place
                assert "401" in operation["responses"], place


def test_operation_ids_are_unique() -> None:
    ids = [
        operation["operationId"]
        for operations in description["paths"].values()
        for operation in operations.values()
    ]
    assert len(ids) == len(set(ids))


def test_nothing_is_described_that_is_not_there() -> None:
    text = json.dumps(description)
    for name in description["components"]["schemas"]:
        assert f"#/components/schemas/{name}" in text, name
    assert "HTTPValidationError" not in text


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/api/openapi.json", "application/json"),
        ("/api/docs", "text/html; charset=utf-8"),
        ("/api/docs/start.js", "text/javascript; charset=utf-8"),
        ("/api/docs/swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("/api/docs/swagger-ui.css", "text/css; charset=utf-8"),
        ("/api/problems", "text/html; charset=utf-8"),
    ],
)
async def test_the_pages_are_served_from_here(path: str, media_type: str) -> None:
    transport = httpx.ASGITransport(app=Door(build_api()))
    async with httpx.AsyncClient(transport=transport, base_url=SITE) as caller:
        answer = await caller.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert "unsafe-eval" not in answer.headers["content-security-policy"]
    if media_type.startswith("text/html"):
        assert "<script>" not in answer.text
        assert "https://" not in answer.text
