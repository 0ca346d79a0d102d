"""What a browser can name and what it is sent, walked in the live registry (S-54, S-57, S-59)."""

import dataclasses
import importlib
import inspect
import typing

import pytest
from reflex.state import BaseState
from reflex_base.registry import RegisteredEventHandler, RegistrationContext
from sqlmodel import SQLModel

from security_app.accounts.activity_words import ACTIONS
from security_app.web import surface
from security_app.web.access import Public, SignedIn
from security_app.web.code_proof import CodeProof
from security_app.web.guard import FRAMEWORK_HANDLERS, Access, access_of

importlib.import_module("security_app.security_app")

#: What may stand in a var of the browser; lists and dicts of the same, and frozen dataclasses.
_PLAIN = {str, int, bool}


def _registered() -> dict[str, RegisteredEventHandler]:
    return {
        name: registered
        for name, registered in RegistrationContext.get().event_handlers.items()
        if registered.states[0].__module__.startswith(("security_app.", "reflex."))
    }


def _is_ours(registered: RegisteredEventHandler) -> bool:
    return registered.states[0].__module__.startswith("security_app.")


def _own_handlers() -> dict[str, RegisteredEventHandler]:
    return {
        name: registered
        for name, registered in _registered().items()
        if _is_ours(registered) and not name.endswith(".setvar")
    }


def _states() -> list[type[BaseState]]:
    found: list[type[BaseState]] = []
    for registered in _registered().values():
        state = registered.states[0]
        if _is_ours(registered) and state not in found:
            found.append(state)
    return found


def _parameters(registered: RegisteredEventHandler) -> list[inspect.Parameter]:
    return list(inspect.signature(registered.handler.fn).parameters.values())[1:]


def _id(value: object) -> str:
    return value.__name__ if isinstance(value, type) else str(value).rpartition("___")[2]


@pytest.fixture(params=sorted(_own_handlers()), ids=_id)
def own(request: pytest.FixtureRequest) -> RegisteredEventHandler:
    return _own_handlers()[request.param]


@pytest.fixture(params=_states(), ids=_id)
def state(request: pytest.FixtureRequest) -> type[BaseState]:
    return request.param


def test_the_documented_handlers_are_the_live_ones() -> None:
    """S-54: regenerate with ``python -m security_app.web.surface`` and look at the difference."""
    assert surface.PAGE.read_text(encoding="utf-8") == surface.render()


def test_every_registered_handler_stands_on_the_page() -> None:
    documented = {each.wire_name for each in surface.handlers()}
    assert documented == set(_registered())


def test_a_handler_is_open_only_by_the_mark_of_its_state() -> None:
    """S-54: nothing is open because somebody forgot something."""
    for name, registered in _registered().items():
        access = access_of(name, registered)
        cls = registered.states[0]
        if name in FRAMEWORK_HANDLERS:
            assert access is Access.FRAMEWORK
        elif name.endswith(".setvar") or not (issubclass(cls, SignedIn) or issubclass(cls, Public)):
            assert access is Access.NOBODY
        else:
            assert access is (Access.SIGNED_IN if issubclass(cls, SignedIn) else Access.PUBLIC)


def test_no_state_is_both_public_and_signed_in(state: type[BaseState]) -> None:
    assert issubclass(state, SignedIn) != issubclass(state, Public)


def test_an_unknown_name_is_nobodys() -> None:
    assert access_of("reflex___state____state.no_such", None) is Access.NOBODY


def test_the_framework_list_holds_hydration_and_nothing_else() -> None:
    assert {name.rpartition(".")[2] for name in FRAMEWORK_HANDLERS} == {
        "hydrate",
        "hydrate_and_load",
        "set_is_hydrated",
        "on_load_internal",
    }


def test_no_automatic_setter_is_reachable() -> None:
    """S-57: ``setvar`` calls any method named set_<x>: there is none, and it is refused itself."""
    for name, registered in _registered().items():
        last = name.rpartition(".")[2]
        if last == "setvar":
            assert access_of(name, registered) is Access.NOBODY
        elif _is_ours(registered):
            assert not last.startswith("set_"), name


def test_helpers_are_underscored(state: type[BaseState]) -> None:
    """P8: whatever a state class defines without an underscore can be called from the wire."""
    for name, member in vars(state).items():
        if inspect.isfunction(member) and not name.startswith("_"):
            assert name in state.event_handlers, f"{state.__name__}.{name}"
    for name in state.event_handlers:
        assert not name.startswith("_"), f"{state.__name__}.{name}"


def test_arguments_are_text_yes_or_no_or_a_form(own: RegisteredEventHandler) -> None:
    """S-58: the payload check knows these three; Reflex logs what it fails to convert to others."""
    for parameter in _parameters(own):
        assert parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
        assert parameter.default is inspect.Parameter.empty
        annotation = parameter.annotation
        assert annotation in {str, bool, dict} or typing.get_origin(annotation) is dict


def test_a_handler_never_blocks_the_loop(own: RegisteredEventHandler) -> None:
    """S-88: a plain function would run on the event loop."""
    fn = own.handler.fn
    assert inspect.iscoroutinefunction(fn) or inspect.isasyncgenfunction(fn)


def test_every_field_of_a_form_is_bounded(own: RegisteredEventHandler) -> None:
    """S-89: length is checked before anything looks at the value."""
    form = surface.form_of(own)
    if form is None:
        return
    for name, field in form.model_fields.items():
        limits = [getattr(limit, "max_length", None) for limit in field.metadata]
        assert any(limits), f"{form.__name__}.{name}"
    assert form.model_config.get("hide_input_in_errors")
    assert form.model_config.get("strict")


def test_the_docstring_names_who_may_call(own: RegisteredEventHandler) -> None:
    docstring = " ".join((inspect.getdoc(own.handler.fn) or "").split())
    policy = "signed in" if issubclass(own.states[0], SignedIn) else "anybody"
    if own.handler.fn.__module__ == CodeProof.__module__:
        # A mixin of both kinds: who may call it depends on the state it is mixed into.
        policy = "whoever may send the form"
    assert f"Policy: {policy}" in docstring


def test_the_audit_tags_are_those_of_the_log() -> None:
    """S-82: a tag in a docstring is one the security log writes."""
    tags = {tag for each in surface.handlers() for tag in surface.AUDIT_TAG.findall(each.audit)}
    assert tags
    assert tags <= set(ACTIONS)


def test_browser_vars_are_plain(state: type[BaseState]) -> None:
    """S-59: never a table row, nothing mutable of ours, nothing the page cannot name."""
    for name in state.base_vars:
        _assert_plain(state.get_fields()[name].outer_type_, f"{state.__name__}.{name}")


def test_no_computed_var_reads_anything(state: type[BaseState]) -> None:
    """P12: a cached computed var can outlive a revoked session."""
    assert not state.computed_vars


def _assert_plain(annotation: object, where: str) -> None:
    origin = typing.get_origin(annotation)
    if origin in {list, dict, tuple}:
        for part in typing.get_args(annotation):
            _assert_plain(part, where)
        return
    assert isinstance(annotation, type), f"{where}: {annotation}"
    if dataclasses.is_dataclass(annotation):
        assert annotation.__dataclass_params__.frozen, where  # pyright: ignore[reportAttributeAccessIssue]
        for name, part in typing.get_type_hints(annotation).items():
            _assert_plain(part, f"{where}.{name}")
        return
    assert not issubclass(annotation, SQLModel), where
    assert annotation in _PLAIN, f"{where}: {annotation}"
