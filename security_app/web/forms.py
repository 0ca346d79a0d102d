"""Reading a submitted form, and showing what was refused beside its field."""

import contextlib
from collections.abc import AsyncGenerator
from typing import Annotated, Any, TypeVar

import reflex as rx
import structlog
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from security_app.accounts.errors import FieldRefused, Refused
from security_app.db.errors import DatabaseUnavailable
from security_app.web.notices import notify

log = structlog.get_logger(__name__)

#: Bounds checked before anything is normalised, compared or hashed.
Email = Annotated[str, StringConstraints(max_length=320)]
Secret = Annotated[str, StringConstraints(max_length=1024)]
Line = Annotated[str, StringConstraints(max_length=200)]


class Form(BaseModel):
    """Base of all forms: strict, its errors never repeat the input."""

    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True, frozen=True)


FormT = TypeVar("FormT", bound=Form)


def parse(model: type[FormT], form: dict[str, Any]) -> FormT:
    """Read a form.

    Args:
        model: what is expected.
        form: as the browser, or anybody, sent it.

    Raises:
        FieldRefused: for the first field that is missing or too long.
    """
    try:
        return model.model_validate(dict(form))
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False, include_context=False)[0]
        field = str(problem["loc"][0]) if problem["loc"] else "form"
        if problem["type"] == "string_too_long":
            sentence = "This is too long."
        elif problem["type"] == "missing":
            sentence = "Fill this in."
        else:
            sentence = "Enter this as text."
        raise FieldRefused(sentence, field=field) from None


def required(value: str, field: str, sentence: str) -> str:
    """Refuse an empty field.

    Raises:
        FieldRefused: nothing was typed.
    """
    if not value.strip():
        raise FieldRefused(sentence, field=field)
    return value


class HasErrors(rx.State, mixin=True):
    """Vars of every state that can refuse.

    Browser: ``errors`` (field name to sentence, "form" for the whole form) and
    ``is_busy`` (the button shows a spinner and cannot be pressed twice).
    """

    errors: dict[str, str] = {}
    is_busy: bool = False


async def tell_refusal(state: HasErrors) -> None:
    """Show the refusal of a whole form as a notice, where there is no form to show it in."""
    if sentence := state.errors.get("form"):
        await notify(state, "error", sentence)


@contextlib.asynccontextmanager
async def refusals(state: HasErrors) -> AsyncGenerator[None]:
    """Turn refusals inside the block into ``state.errors``; clears them first."""
    state.errors = {}
    try:
        yield
    except Refused as refusal:
        state.errors = {refusal.field: refusal.sentence}
    except DatabaseUnavailable as trouble:
        log.error("database_unavailable", reason=str(trouble))  # noqa: TRY400 - the reason is all
        state.errors = {"form": "Nothing was changed: our storage does not answer. Try again."}
    finally:
        state.is_busy = False
