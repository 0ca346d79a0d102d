"""The shape of arguments, checked before anything converts or logs them (S-58, S-89)."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reflex_base.event import EventHandler
from reflex_base.utils.form import FORM_DATA_ENTRIES_KEY

from security_app.web.payload import is_well_formed


class _Handlers:
    def text(self, value: str) -> None: ...

    def flag(self, is_open: bool) -> None: ...

    def form(self, form: dict) -> None: ...

    def nothing(self) -> None: ...


TEXT = EventHandler(fn=_Handlers.text)
FLAG = EventHandler(fn=_Handlers.flag)
FORM = EventHandler(fn=_Handlers.form)
NOTHING = EventHandler(fn=_Handlers.nothing)

#: As a form arrives from a page: names and values in document order.
ENTRIES = FORM_DATA_ENTRIES_KEY

HOSTILE: list[Any] = [
    None,
    0,
    -1,
    1.5,
    10**400,
    float("nan"),
    float("inf"),
    [],
    ["a"],
    {"a": "b"},
    "\ud800",
    "a\udfffb",
    "x" * 4097,
    "a\x00b",
]


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value)[:20])
def test_what_is_no_text_is_refused(value: object) -> None:
    assert not is_well_formed(TEXT, {"value": value})


@pytest.mark.parametrize("value", [*HOSTILE, "true", "", 1], ids=lambda value: repr(value)[:20])
def test_what_is_no_yes_or_no_is_refused(value: object) -> None:
    assert not is_well_formed(FLAG, {"is_open": value})


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value)[:20])
def test_a_form_with_a_field_that_is_no_text_is_refused(value: object) -> None:
    assert not is_well_formed(FORM, {"form": {"email": value}})


@pytest.mark.parametrize(
    "form",
    [
        None,
        "email=a",
        [["email", "a"]],
        True,
        {"a\ud800": "b"},
        {str(number): "" for number in range(21)},
        {"x" * 4097: ""},
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_form_is_refused(form: object) -> None:
    assert not is_well_formed(FORM, {"form": form})


@pytest.mark.parametrize("payload", [None, 7, 1.5, "value", ["value"], [["value", "a"]], True])
def test_arguments_that_are_no_mapping_are_refused(payload: Any) -> None:  # noqa: ANN401
    for handler in (TEXT, FLAG, FORM, NOTHING):
        assert not is_well_formed(handler, payload)


def test_missing_and_surplus_arguments_are_refused() -> None:
    assert not is_well_formed(TEXT, {})
    assert not is_well_formed(TEXT, {"value": "a", "account_id": "b"})
    assert not is_well_formed(NOTHING, {"is_admin": True})
    assert not is_well_formed(FORM, {"email": "a"})
    assert not is_well_formed(TEXT, {"self": "a"})


def test_the_right_shapes_pass() -> None:
    assert is_well_formed(TEXT, {"value": ""})
    assert is_well_formed(TEXT, {"value": "Zoë 🦆"})
    assert is_well_formed(FLAG, {"is_open": False})
    assert is_well_formed(FORM, {"form": {}})
    assert is_well_formed(FORM, {"form": {"email": "a@b.example"}})
    assert is_well_formed(FORM, {"form": {ENTRIES: [["email", "a"], ["email", "b"]]}})
    assert is_well_formed(NOTHING, {})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(payload=st.dictionaries(st.sampled_from(["value", "form", "is_open", ENTRIES]), _JSON))
def test_nothing_that_json_can_say_raises(payload: dict[str, Any]) -> None:
    for handler in (TEXT, FLAG, FORM, NOTHING):
        if is_well_formed(handler, payload):
            assert len(payload) <= 1


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(entries=_JSON)
def test_no_list_of_form_entries_raises(entries: object) -> None:
    is_well_formed(FORM, {"form": {ENTRIES: entries}})
