"""What every refusal of the API must look like."""

import httpx

from security_app.api.problems import TITLES


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict:
    """Check an RFC 9457 problem and give its members."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["status"] == status
    assert body["code"] == code
    assert body["title"] == TITLES[code]
    assert body["type"] == f"http://localhost:3999/api/problems#{code}"
    assert body["detail"].endswith(".")
    known = {"type", "title", "status", "code", "detail", "errors", "reference"}
    assert set(body) <= known | {"clock_offset_seconds"}
    assert ("www-authenticate" in answer.headers) == (status == 401)
    # A locked PIN says when it unlocks; one that is disabled never does.
    if code != "pin_locked":
        assert ("retry-after" in answer.headers) == (status in {429, 503})
    return body


def fields_of(body: dict) -> list[str]:
    """Which fields a problem blames."""
    return [error["field"] for error in body.get("errors", ())]
