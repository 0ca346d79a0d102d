"""Reading request bodies: JSON in UTF-8 and nothing else, strict, bounded, never echoed."""

import functools
import json
from collections.abc import Callable, Coroutine
from email.message import Message
from typing import Annotated, Any, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from security_app.api.problems import MalformedJson, UnsupportedMediaType

#: PostgreSQL keeps no NUL in text, and nobody has one in an address or a name.
_NO_NUL = r"^[^\x00]*$"

#: Bounds checked before anything is normalised, compared or hashed (S-01: no cutting).
Email = Annotated[
    str,
    StringConstraints(max_length=320, pattern=_NO_NUL),
    Field(examples=["ada@example.com"]),
]
Secret = Annotated[
    str, StringConstraints(max_length=1024), Field(json_schema_extra={"format": "password"})
]
Line = Annotated[str, StringConstraints(max_length=200, pattern=_NO_NUL)]


class Body(BaseModel):
    """Base of all request bodies: no conversion, unknown fields ignored, input never shown."""

    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True, frozen=True)


class ProofBody(Body):
    """The proof an action asks for: see `What 2FA covers` on the Security page."""

    password: Secret = Field(default="", examples=["demo-passphrase-42"])
    code: Line = Field(default="", examples=[""])
    method: Line = Field(default="", description="Which method the code is of.", examples=[""])


class _JsonRequest(Request):
    """A request whose body is read by RFC 8259: no NaN, no other encodings."""

    async def json(self) -> Any:  # noqa: ANN401 - whatever JSON says
        try:
            return json.loads((await self.body()).decode(), parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            # Bad syntax, bad UTF-8, an integer of thousands of digits, or nesting without end.
            raise MalformedJson from None


class JsonRoute(APIRoute):
    """A route that takes ``application/json`` only (S-60)."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler."""
        handle = super().get_route_handler()

        async def handle_json(request: Request) -> Response:
            request = _JsonRequest(request.scope, request.receive)
            content_type = request.headers.get("content-type", "")
            if self.body_field and await request.body() and not _is_json(content_type):
                raise UnsupportedMediaType
            return await handle(request)

        return handle_json


@functools.lru_cache(maxsize=32)
def _is_json(content_type: str) -> bool:
    header = Message()
    header["content-type"] = content_type
    charset = str(header.get_param("charset") or "utf-8").lower()
    return header.get_content_type() == "application/json" and charset in {"utf-8", "utf8"}


def _refuse_constant(name: str) -> NoReturn:
    """NaN and Infinity are no JSON, though Python reads them."""
    raise ValueError(name)
