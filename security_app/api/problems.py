"""Every refusal of the API as RFC 9457 ``application/problem+json``.

``code`` is stable and for programs, ``detail`` is a sentence for people. Neither
ever repeats what was sent (S-79).
"""

import http
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from security_app.accounts.errors import ClockOff, Refused
from security_app.api.methods import allow_header
from security_app.db.errors import DatabaseUnavailable
from security_app.settings import get_settings

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
#: Where the codes are explained, below the public origin.
CATALOGUE_PATH = "/api/problems"
#: When to come back after the storage did not answer: its own patience is 5 s.
_STORAGE_RETRY_S = 5

#: What each code means, in words that do not depend on the single case.
TITLES = {
    "refused": "The request was refused",
    "malformed_json": "The body is not JSON in UTF-8",
    "invalid_credentials": "E-mail or password is wrong",
    "wrong_password": "The current password is wrong",
    "sign_in_required": "No live session",
    "not_found": "There is nothing here",
    "method_not_allowed": "This address does not know this method",
    "conflict": "The account was changed at the same moment",
    "email_not_confirmed": "The e-mail address is not confirmed",
    "email_taken": "The e-mail address belongs to an account by now",
    "link_dead": "The mailed link no longer works",
    "ticket_dead": "The sign-in took too long",
    "too_large": "The request is too large",
    "unsupported_media_type": "The body must be application/json",
    "invalid_field": "A field cannot be used",
    "invalid_email": "This is not an e-mail address",
    "password_refused": "The new password breaks a rule",
    "passwords_differ": "The two passwords are not the same",
    "too_many_attempts": "Too many attempts",
    "invalid_code": "The code does not count",
    "mail_unavailable": "The mail could not be sent",
    "pin_required": "The action asks for the PIN",
    "pin_wrong": "The PIN is wrong",
    "pin_locked": "The PIN is locked",
    "session_required": "An API key cannot do this",
    "scope_required": "The API key has not got this scope",
    "already_replaced": "The API key was replaced before",
    "too_many_api_keys": "There are as many API keys as there may be",
    "step_up_required": "The action needs a proof of identity",
    "challenge_expired": "The sign-in that waited for a code is over",
    "set_up_expired": "The set-up is over",
    "already_enabled": "It is on already",
    "not_enabled": "It is not on",
    "not_retrievable": "It cannot be shown again",
    "managed_by_sso": "The organization's sign-on takes care of this",
    "role_required": "The role in the organization does not allow it",
    "two_factor_required": "The organization requires two-factor authentication",
    "last_owner": "An organization needs an owner who can sign in",
    "in_organization": "The account belongs to an organization already",
    "release_state": "The release is not in the state this needs",
    "provider_unavailable": "The identity provider does not answer",
    "provider_denied": "The person cancelled at the identity provider",
    "provider_refused": "The identity provider's answer proves nothing",
    "trip_dead": "The round trip to the identity provider is over",
    "not_fresh": "The identity provider did not ask anew",
    "connected_elsewhere": "The identity is connected to another account",
    "last_way_in": "Without it nobody could sign in any more",
    "address_unproven": "The identity provider does not vouch for the address",
    "address_taken": "The address has an account already",
    "organization_full": "The organization has no room for another member",
    "fault": "Something went wrong on our side",
    "storage_unavailable": "The storage does not answer",
    "overloaded": "Too much to do at the moment",
    "not_ready": "Not ready to serve",
}
_CODES_OF_STATUS = {
    400: "malformed_json",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
}
#: Of pydantic's error types, those people meet, in plain words.
_SENTENCES = {
    "missing": "This field is required.",
    "string_type": "Must be a string.",
    "string_unicode": "Must be valid Unicode text.",
    "string_pattern_mismatch": "Has characters that are not allowed here.",
    "model_attributes_type": "Send a JSON object.",
    "int_parsing": "Must be a whole number.",
}


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str = Field(description="Name of the field, as it was sent.")
    message: str = Field(description="A sentence for people.")


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str = Field(description="Address of an explanation of the code.")
    title: str = Field(description="What the code means.")
    status: int = Field(description="The HTTP status.")
    code: str = Field(description="Stable name of the refusal, for programs.")
    detail: str = Field(description="What happened and what to do, for people.")
    errors: list[FieldError] | None = Field(
        default=None, description="Present when single fields are to blame."
    )
    reference: str | None = Field(
        default=None, description="Present on status 500: name it to the operator."
    )
    clock_offset_seconds: int | None = Field(
        default=None,
        description=(
            "Present when a set-up code fits another time: how far the phone's clock is ahead, "
            "negative when it is behind."
        ),
    )


class UnsupportedMediaType(Refused):
    """The body is not declared to be JSON."""

    code = "unsupported_media_type"
    status = 415
    sentence = "Send the body as application/json."


class MalformedJson(Refused):
    """The body is no JSON text in UTF-8 (RFC 8259)."""

    code = "malformed_json"
    status = 400
    sentence = "The body could not be read as JSON in UTF-8."


class NotReady(Refused):
    """A service this process depends on does not answer."""

    code = "not_ready"
    status = 503
    wait_s = 5
    sentence = "Not ready. Try again in a moment."


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[FieldError] = (),
    reference: str | None = None,
    clock_offset_s: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Build the answer to a request that was not fulfilled.

    Args:
        status: HTTP status, 400 to 599.
        code: a key of :data:`TITLES`.
        detail: a sentence for people, without anything that was sent.
        errors: which fields are to blame.
        reference: the id under which a fault was logged.
        clock_offset_s: seconds the phone's clock is ahead of ours (D9).
        headers: for example ``Retry-After``.
    """
    content = Problem(
        type=f"{get_settings().public_url}{CATALOGUE_PATH}#{code}",
        title=TITLES.get(code, TITLES["refused"]),
        status=status,
        code=code,
        detail=detail,
        errors=list(errors) or None,
        reference=reference,
        clock_offset_seconds=clock_offset_s,
    )
    sent_headers = dict(headers or {})
    if status == http.HTTPStatus.UNAUTHORIZED:
        sent_headers["WWW-Authenticate"] = "Bearer"  # RFC 9110 §15.5.2
    return JSONResponse(
        content.model_dump(exclude_none=True), status, sent_headers, media_type=MEDIA_TYPE
    )


def install(api: FastAPI) -> None:
    """Answer every exception this API can foresee with a problem."""
    api.add_exception_handler(Refused, _on_refused)
    api.add_exception_handler(RequestValidationError, _on_invalid)
    api.add_exception_handler(HTTPException, _on_http)
    api.add_exception_handler(DatabaseUnavailable, _on_database)


async def _on_refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 - narrows the type Starlette leaves open
    wait_s = getattr(error, "wait_s", None)
    return problem(
        error.status,
        error.code,
        error.sentence,
        errors=[FieldError(field=error.field, message=error.sentence)]
        if error.field != "form"
        else (),
        clock_offset_s=error.offset_s if isinstance(error, ClockOff) else None,
        headers={"Retry-After": str(wait_s)} if wait_s else None,
    )


async def _on_invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    faults = error.errors()
    if any(fault["loc"][0] == "path" for fault in faults):
        # Ids are opaque: one that cannot exist is as unknown as any other (S-56).
        return problem(404, "not_found", "There is nothing at this address.")
    errors = [FieldError(field=_field_of(fault), message=_sentence_of(fault)) for fault in faults]
    return problem(422, "invalid_field", "Check the fields named in `errors`.", errors=errors)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    code = _CODES_OF_STATUS.get(error.status_code, "refused")
    headers = dict(error.headers or {})
    if "Allow" in headers and (methods := allow_header(request)):
        headers["Allow"] = methods
    return problem(error.status_code, code, f"{TITLES[code]}.", headers=headers)


async def _on_database(_request: Request, error: Exception) -> Response:
    log.error("database_unavailable", reason=str(error))
    return problem(
        503,
        "storage_unavailable",
        "Nothing was changed: our storage does not answer. Try again in a moment.",
        headers={"Retry-After": str(_STORAGE_RETRY_S)},
    )


def _field_of(fault: Mapping[str, Any]) -> str:
    # ("body", "email") or ("query", "limit"); ("body",) when the body as a whole is wrong.
    return ".".join(str(part) for part in fault["loc"][1:]) or str(fault["loc"][0])


def _sentence_of(fault: Mapping[str, Any]) -> str:
    return _SENTENCES.get(fault["type"], f"{fault['msg']}.")
