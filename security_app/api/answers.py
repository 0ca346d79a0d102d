"""What answers are made of, and how the OpenAPI description says what can go wrong."""

import http
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field, PlainSerializer, WithJsonSchema

from security_app.api.problems import CATALOGUE_PATH, MEDIA_TYPE, TITLES
from security_app.clock import iso

#: RFC 3339 in UTC, whole seconds, as everywhere in the product.
Instant = Annotated[
    datetime,
    PlainSerializer(iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-05-04T10:00:00Z"]}),
]
#: A cursor is the id of the last row seen (S-40: lists are paged).
Cursor = Annotated[
    str,
    Query(
        max_length=24,
        pattern="^[A-Za-z0-9_-]*$",
        description="`next` of the page before; left out for the first page.",
    ),
]
PageSize = Annotated[int, Query(ge=1, le=100, description="Rows at most.")]
DEFAULT_PAGE_SIZE = 20

T = TypeVar("T")


class Answer(BaseModel):
    """Base of all answers."""


class PageOf(Answer, Generic[T]):
    """One page of a list, newest first."""

    items: list[T]
    next: str | None = Field(
        description="Cursor of the next page, null on the last one.", examples=[None]
    )


class EndedSessions(Answer):
    """How many other sessions were signed out."""

    ended_sessions: int = Field(examples=[1])


_EXAMPLES: dict[int, tuple[str, str]] = {
    400: ("malformed_json", "The body could not be read as JSON in UTF-8."),
    401: ("sign_in_required", "Please sign in."),
    403: ("step_up_required", "Please confirm it is you, then try again."),
    404: ("not_found", "That session has already ended."),
    409: ("conflict", "Your account was changed somewhere else a moment ago. Please try again."),
    410: ("link_dead", "This link no longer works. Ask for a new one."),
    413: ("too_large", "The request is too large."),
    415: ("unsupported_media_type", "Send the body as application/json."),
    422: ("invalid_field", "Check the fields named in `errors`."),
    429: ("too_many_attempts", "Too many attempts. Try again in 5 minutes."),
    500: ("fault", "Something went wrong on our side."),
    503: ("storage_unavailable", "Nothing was changed: our storage does not answer."),
}
_HEADERS = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "Always `Bearer`."}},
    429: {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}},
    503: {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}},
}


def refusals(*statuses: int, code: str = "") -> dict[int | str, dict[str, Any]]:
    """The ``responses=`` of a route: one problem for each status it can answer with.

    Args:
        statuses: HTTP statuses, keys of the examples above.
        code: the code to show for 401, when it is not the missing session.
    """
    codes: dict[int, str] = {http.HTTPStatus.UNAUTHORIZED: code}
    return {status: _refusal(status, codes.get(status, "")) for status in statuses}


def with_body(*statuses: int, code: str = "") -> dict[int | str, dict[str, Any]]:
    """As :func:`refusals`, with what can be wrong with any body."""
    return refusals(400, 413, 415, 422, *statuses, code=code)


def _refusal(status: int, code: str) -> dict[str, Any]:
    usual_code, detail = _EXAMPLES[status]
    code = code or usual_code
    example: dict[str, Any] = {
        "type": f"{CATALOGUE_PATH}#{code}",
        "title": TITLES[code],
        "status": status,
        "code": code,
        "detail": detail if code == usual_code else f"{TITLES[code]}.",
    }
    if status == http.HTTPStatus.UNPROCESSABLE_ENTITY:
        example["errors"] = [{"field": "email", "message": "This field is required."}]
    return {
        "description": TITLES[code],
        "headers": _HEADERS.get(status, {}),
        "content": {
            MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
        },
    }
