"""Whether an event's arguments have the shape its handler declares (S-58).

Checked before Reflex converts anything, because Reflex logs what it fails to
convert. Handlers declare ``str``, ``bool`` and ``dict[str, Any]`` (a form) only;
``tests/states/test_surface.py`` holds them to it.
"""

import inspect
from collections.abc import Mapping
from typing import TypeGuard, cast

from reflex_base.event import EventHandler
from reflex_base.utils.form import FORM_DATA_ENTRIES_KEY

#: A form has few fields; a text argument is an id or a password being typed.
_MAX_FIELDS = 20
_MAX_TEXT_CHARS = 4096
#: One for each state of the app.
_MAX_HASHES = 200


def is_well_formed(handler: EventHandler, payload: object) -> bool:
    """Whether the arguments are exactly those the handler takes, of the right types."""
    if not isinstance(payload, Mapping):
        return False
    payload = cast("Mapping[str, object]", payload)
    parameters = list(inspect.signature(handler.fn).parameters.values())[1:]
    if set(payload) != {parameter.name for parameter in parameters}:
        return False
    return all(_fits(parameter.annotation, payload[parameter.name]) for parameter in parameters)


def is_well_formed_hydration(handler: EventHandler, payload: object) -> bool:
    """Whether a framework event carries what our pages send: no storage, hashes, a yes or no."""
    if not isinstance(payload, Mapping):
        return False
    payload = cast("Mapping[str, object]", payload)
    parameters = list(inspect.signature(handler.fn).parameters.values())[1:]
    required = {each.name for each in parameters if each.default is inspect.Parameter.empty}
    if not required <= set(payload) <= {parameter.name for parameter in parameters}:
        return False
    hashes = payload.get("hashes")
    return (
        not payload.get("vars")
        and isinstance(payload.get("value", False), bool)
        and (hashes is None or (_is_list(hashes) and _are_hashes(hashes)))
    )


def is_fresh_page(payload: object) -> bool:
    """Whether a hydration is the first of a freshly loaded page: reconnects bring no hashes."""
    return isinstance(payload, Mapping) and "hashes" in payload


def _are_hashes(values: list[object]) -> bool:
    return len(values) <= _MAX_HASHES and all(_is_text(value) for value in values)


def _fits(annotation: object, value: object) -> bool:
    if annotation is str:
        return _is_text(value)
    if annotation is bool:
        return isinstance(value, bool)
    return isinstance(value, dict) and _is_form(cast("dict[object, object]", value))


def _is_form(value: dict[object, object]) -> bool:
    if set(value) == {FORM_DATA_ENTRIES_KEY}:
        entries = value[FORM_DATA_ENTRIES_KEY]
        return (
            _is_list(entries)
            and len(entries) <= _MAX_FIELDS
            and all(
                _is_list(entry) and len(entry) == 2 and all(_is_text(part) for part in entry)
                for entry in entries
            )
        )
    return len(value) <= _MAX_FIELDS and all(
        _is_text(name) and _is_text(text) for name, text in value.items()
    )


def _is_list(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)


def _is_text(value: object) -> bool:
    if not isinstance(value, str) or len(value) > _MAX_TEXT_CHARS or "\0" in value:
        return False
    # A lone surrogate is no text, and NUL is in none: neither can be stored or mailed.
    return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)
