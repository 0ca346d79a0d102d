"""Arguments no page would send: no effect, no fault, no trace (S-57, S-58, S-83)."""

import contextlib
import importlib
import inspect
import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
import websockets
from reflex_base.registry import RegistrationContext

from security_app.web import surface
from security_app.web.guard import Access
from tests.attacks.conftest import Victim, make_victim
from tests.attacks.people import HOME
from tests.attacks.raw_client import STATE, RawClient, handler
from tests.server import Browser, Server

importlib.import_module("security_app.security_app")

SESSIONS = "cards.sessions.state.SessionsState"
OWN = [
    each
    for each in surface.handlers()
    if each.access in {Access.SIGNED_IN, Access.PUBLIC} and "setvar" not in each.wire_name
]
TAKING = [each for each in OWN if each.arguments]
HYDRATIONS = [
    "hydrate",
    "hydrate_and_load",
    "set_is_hydrated",
    "reflex___state____on_load_internal_state.on_load_internal",
    "reflex___state____on_load_internal_state.set_is_hydrated",
]


def _mark() -> str:
    """A text to look for in the log afterwards."""
    return f"mark{secrets.token_hex(8)}"


def _parameters(each: surface.Handler) -> dict[str, object]:
    registered = RegistrationContext.get().event_handlers[each.wire_name]
    parameters = list(inspect.signature(registered.handler.fn).parameters.values())[1:]
    return {parameter.name: parameter.annotation for parameter in parameters}


def _right(annotation: object) -> object:
    return "x" if annotation is str else True if annotation is bool else {}


def _hostile_payloads(each: surface.Handler, mark: str) -> Iterator[Any]:
    """Every argument wrong in every way, one at a time; then too many and too few."""
    parameters = _parameters(each)
    right = {name: _right(annotation) for name, annotation in parameters.items()}
    wrong: list[Any] = [
        None,
        7,
        10**400,
        float("nan"),
        float("inf"),
        [mark],
        [[mark, mark]],
        {mark: {mark: mark}},
        {mark: [mark]},
        {mark: None},
        {f"{mark}{number}": "" for number in range(21)},
        f"{mark}\ud800",
        f"{mark}\x00",
        {"email": f"{mark}\udfff", "password": mark},
        mark + "x" * 4097,
        {"email": mark + "x" * 5000},
    ]
    for name, annotation in parameters.items():
        for value in wrong:
            yield right | {name: value}
        if annotation is not str:
            yield right | {name: mark}
        if annotation is not bool:
            yield right | {name: True}
    yield right | {mark: mark}
    yield right | {"self": mark}
    if parameters:
        yield {}
    yield from ([mark], mark, 7, [[mark, mark]])


@pytest.fixture
def calm(server: Server) -> Iterator[list[str]]:
    """Collect marks here: none of them may stand in the log, nor any fault of this test's time."""
    marks: list[str] = []
    start = len(server.log_text())
    yield marks
    log = server.log_text()[start:]
    assert [mark for mark in marks if mark in log] == []
    assert "Traceback" not in log
    assert '"event": "fault"' not in log


@pytest.mark.parametrize("each", OWN, ids=lambda each: f"{each.state}.{each.name}")
async def test_wrong_arguments_do_nothing(
    server: Server, victim: Victim, calm: list[str], each: surface.Handler
) -> None:
    mark = _mark()
    browser = victim.here if each.access is Access.SIGNED_IN else None
    calm.append(mark)
    server.settle()
    before = server.dump()
    async with RawClient(server, browser=browser, path=HOME) as page:
        await page.load()
        seen = len(page.updates)
        for payload in _hostile_payloads(each, mark):
            if page.is_closed:
                break
            with contextlib.suppress(websockets.ConnectionClosed):
                await page.emit(page.event(each.wire_name) | {"payload": payload})
        if not page.is_closed:
            await page.fence()
        answers = [update for update in page.updates[seen:-1] if update["delta"]]
        assert answers == []
        assert mark not in "\n".join(page.frames)
    assert server.dump() == before


@pytest.mark.parametrize("name", HYDRATIONS)
async def test_hydration_takes_no_forged_vars(
    server: Server, victim: Victim, calm: list[str], name: str
) -> None:
    """S-57: the framework's own events decide nothing, whatever they carry."""
    mark = _mark()
    calm.append(mark)
    shell = handler("web.shell_state.ShellState", "email")
    door = handler("web.door.DoorState", "_session_id")
    payloads: list[Any] = [
        {"vars": {shell: mark, door: victim.here.session_id, f"{STATE}.is_hydrated": True}},
        {"vars": {f"{shell}_rx_state_": mark}},
        {"vars": {f"no.such.state.{mark}": mark}},
        {"vars": [mark]},
        {"vars": mark},
        {"vars": {}, "hashes": mark},
        {"vars": {}, "hashes": [[mark]]},
        {"vars": {}, "hashes": {mark: mark}},
        {"value": mark},
        {"value": [mark], mark: mark},
        {mark: mark},
    ]
    before = server.dump()
    async with RawClient(server, path=HOME) as attacker:
        for payload in payloads:
            await attacker.send(f"{STATE}.{name}", payload)
        await attacker.fence()
        await attacker.load()
        assert attacker.leave_to
        victim.assert_absent(attacker.text)
        assert mark not in attacker.text
    assert server.dump() == before


ROUTER_DATA: list[Any] = [
    {"headers": {"cookie": "session={digest}; browser=b"}, "ip": "192.0.2.1"},
    {"headers": {"cookie": "session={secret}"}},
    {"token": "{token}", "client_token": "{token}", "session_id": "x", "sid": "x"},
    {"pathname": "/settings/personal/security", "asPath": "//evil.example/{mark}"},
    {"pathname": ["{mark}"], "asPath": {"{mark}": 1}, "query": ["{mark}"]},
    {"pathname": 7, "asPath": None, "query": 7},
    {"pathname": "/{mark}" * 800, "asPath": "/{mark}" * 800},
    {"query": {"token": ["{mark}", "{mark}"], "next": {"{mark}": 1}}},
    {"pathname": "/sign-in\u0000{mark}", "asPath": "http://[{mark}"},
    {"{mark}": "{mark}"},
]


@pytest.mark.parametrize("index", range(len(ROUTER_DATA)))
async def test_router_data_is_not_believed(
    server: Server, victim: Victim, calm: list[str], index: int
) -> None:
    """S-57: cookie, address and session of an event are those of the handshake."""
    mark = _mark()
    calm.append(mark)
    row = server.session_row(victim.here.session_id)
    text = json.dumps(ROUTER_DATA[index])
    async with RawClient(server, browser=victim.here, path=HOME) as page:
        await page.load()
        for name, value in {
            "digest": row.secret_hash,
            "secret": victim.here.session,
            "token": page.token,
            "mark": mark,
        }.items():
            text = text.replace(f"{{{name}}}", value)
        before = server.dump()
        async with RawClient(server, path=HOME) as attacker:
            await attacker.load()
            seen = len(attacker.frames)
            for name in (handler(SESSIONS, "load"), f"{STATE}.hydrate"):
                await attacker.send(name, {}, router_data=json.loads(text))
                await attacker.send(
                    name, {}, router_data=json.loads(text), token=page.token, client_state="x"
                )
            await attacker.fence()
            for trace in (victim.person.email, victim.person.name, victim.session_name):
                assert trace not in "\n".join(attacker.frames[seen:])
            assert not attacker.value(SESSIONS, "is_loaded")
    assert server.dump() == before


TEXTS = [
    "\x00",
    "a\x00b",
    "\x1b[31m",
    "\r\n",
    "\u202e",
    "\ufeff",
    "𝔘" * 100,
    "'; DROP TABLE account;--",
]


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text)[:12])
async def test_strange_text_is_refused_or_kept_but_never_a_fault(
    request: pytest.FixtureRequest, kind: str, text: str
) -> None:
    """S-58, S-83: PostgreSQL keeps no NUL, terminals obey escapes; nobody may notice either."""
    server: Server = request.getfixturevalue("server" if kind == "sqlite" else "postgres_server")
    victim = make_victim(server)
    start = len(server.log_text())
    async with RawClient(server, browser=victim.here, path="/reset-password?token=%00") as page:
        await page.load(HOME)
        for each in TAKING:
            registered = RegistrationContext.get().event_handlers[each.wire_name]
            form = surface.form_of(registered)
            payload: dict[str, Any] = {}
            for name, annotation in _parameters(each).items():
                fields = dict.fromkeys(form.model_fields, text) if form else {text: text}
                payload[name] = (
                    text if annotation is str else True if annotation is bool else fields
                )
            await page.send(each.wire_name, payload)
        await page.fence()
        form = {"session_id": victim.there.session_id, "name": f"Desk{text}"}
        await page.call(handler(SESSIONS, "rename"), {"form": form})
        form = {"email": f"a{text}@example.com", "password": f"p{text}word 1", "name": text}
        for state in ("sign_in.SignInState", "sign_up.SignUpState"):
            await page.call(handler(f"web.entry.{state}", "submit"), {"form": form})
        page.path = "/confirm-email?token=%00"
        await page.call(
            handler("web.entry.confirm_email.ConfirmEmailState", "submit"), {"form": {}}
        )
    agent = Browser(victim.here.session_id, victim.here.session, victim.here.browser)
    headers = {"User-Agent": "<img src=x onerror=alert(1)> \t forged"}
    async with RawClient(server, browser=agent, headers=headers, path=HOME) as page:
        await page.load()
    log = server.log_text()[start:]
    assert '"event": "fault"' not in log
    assert "Traceback" not in log
    assert "\x1b" not in log
