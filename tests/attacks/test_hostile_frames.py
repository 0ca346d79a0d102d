"""Frames no page would send, and too many, and too large ones (S-58, S-76, S-89)."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator

import pytest
import websockets

from tests.attacks.conftest import Victim
from tests.attacks.people import HOME, web
from tests.attacks.raw_client import NAMESPACE, STATE, RawClient, handler
from tests.server import Server

SESSIONS = "cards.sessions.state.SessionsState"
MAX_MESSAGE_BYTES = 64 * 1024


def _mark() -> str:
    """A text to look for in the log afterwards."""
    return f"mark{secrets.token_hex(8)}"


#: Frames and events outside the protocol; ``{mark}`` is looked for in the log.
FRAMES: list[str | bytes] = [
    "{mark}",
    "9{mark}",
    "4",
    "49{mark}",
    f"42{NAMESPACE},{{mark}}",
    f'42{NAMESPACE},["event",{{"name":"{{mark}}"',
    f"42{NAMESPACE},[]",
    f"42{NAMESPACE},{{}}",
    f"42{NAMESPACE},7",
    f'42{NAMESPACE},["event"]',
    f'42{NAMESPACE},["event",null]',
    f'42{NAMESPACE},["event",7]',
    f'42{NAMESPACE},["event",["{{mark}}"]]',
    f'42{NAMESPACE},["event","{{mark}}"]',
    f'42{NAMESPACE},["event","{{\\"name\\":\\"{{mark}}\\"}}"]',
    f'42{NAMESPACE},["event",{{"name":7,"payload":"{{mark}}"}}]',
    f'42{NAMESPACE},["event",{{"name":["{{mark}}"]}}]',
    f'42{NAMESPACE},["event",{{"name":null,"{{mark}}":1}}]',
    f'42{NAMESPACE},["event",{{"payload":{{"password":"{{mark}}"}}}}]',
    f'42{NAMESPACE},["event",{{"name":"{STATE}.hydrate","payload":["{{mark}}"]}}]',
    f'42{NAMESPACE},["event",{{"name":"{STATE}.hydrate","router_data":"{{mark}}"}}]',
    f'42{NAMESPACE},["event",{{"name":"{STATE}.hydrate","router_data":["{{mark}}"]}}]',
    f'42{NAMESPACE},["event",{{"name":"no.such.{{mark}}","payload":{{"password":"{{mark}}"}}}}]',
    f'42{NAMESPACE},["event",{{"name":"a\\r\\nforged {{mark}}\\u001b[31m"}}]',
    f'42{NAMESPACE},["event",{{"name":"{"x" * 5000}{{mark}}"}}]',
    f'42{NAMESPACE},["event",{{"name":"{STATE}.hydrate"}},"{{mark}}","{{mark}}"]',
    f'42{NAMESPACE},["{{mark}}",{{"password":"{{mark}}"}}]',
    f'42{NAMESPACE},["connect","{{mark}}"]',
    f'42{NAMESPACE},["disconnect"]',
    f'42{NAMESPACE},["client_error",{{"message":"{{mark}}","error_type":"{{mark}}"}}]',
    f'42{NAMESPACE},["client_error","{{mark}}"]',
    f'42{NAMESPACE},["ping","{{mark}}"]',
    '42/other,["event",{"name":"{mark}"}]',
    '42["event",{"name":"{mark}"}]',
    f'427{NAMESPACE},["event",{{"name":"{{mark}}"}}]',
    f'43{NAMESPACE},1["{{mark}}"]',
    f'45{"9" * 9}-{NAMESPACE},["event",{{"_placeholder":true,"num":0}}]',
    f'451-{NAMESPACE},["event",{{"_placeholder":true,"num":0}}]',
    f'451-{NAMESPACE},["event",{{"_placeholder":true,"num":"{{mark}}"}}]',
    f"40{NAMESPACE},{{}}",
    f'40{NAMESPACE},{{"event":"{{mark}}"}}',
    f"41{NAMESPACE},",
    f'42{NAMESPACE},["event",{"[" * 30000}',
    f'42{NAMESPACE},["event",{"7" * 5000}]',
    b"\x00\xff{mark}",
    "b{mark}",
    "3{mark}",
    "2{mark}",
]


@pytest.mark.parametrize("index", range(len(FRAMES)))
async def test_frames_outside_the_protocol_disturb_nobody(
    server: Server, victim: Victim, index: int
) -> None:
    """S-58, S-76: at worst this one socket ends; nothing of what was sent is written down."""
    mark = _mark()
    frame = FRAMES[index]
    start = len(server.log_text())
    before = server.dump()
    attacker = RawClient(server, path="/sign-in")
    await attacker.open()
    await attacker.join()
    async with RawClient(server, browser=victim.here, path=HOME) as bystander:
        await bystander.load()
        if isinstance(frame, bytes):
            await attacker.send_text(frame.replace(b"{mark}", mark.encode()))
        else:
            await attacker.send_text(frame.replace("{mark}", mark))
        # It goes on, or it is over, or it hears nothing more: all are answers.
        with contextlib.suppress(websockets.ConnectionClosed, AssertionError):
            await attacker.emit(kind="ping")
            await attacker.until(lambda: attacker.pongs, within_s=1)
        await bystander.call(handler(SESSIONS, "load"))
        assert len(bystander.value(SESSIONS, "rows")) == 2
    await attacker.close()
    async with RawClient(server) as later:
        await later.fence()
    log = server.log_text()[start:]
    assert mark not in log
    assert "Traceback" not in log
    assert "\x1b" not in log
    assert "\\u001b" not in log
    assert mark not in attacker.text
    assert server.dump() == before


@pytest.mark.parametrize("size", [MAX_MESSAGE_BYTES + 1, 1_000_000])
async def test_a_message_over_64_kib_ends_its_socket_only(
    server: Server, victim: Victim, size: int
) -> None:
    """S-89: also when it comes in pieces."""
    async with RawClient(server, browser=victim.here, path=HOME) as bystander:
        await bystander.load()
        for in_pieces in (False, True):
            attacker = RawClient(server)
            await attacker.open()
            await attacker.join()
            frame = f'42{NAMESPACE},["event",{{"name":"{"x" * size}"}}]'
            with contextlib.suppress(websockets.ConnectionClosed):
                if in_pieces:
                    assert attacker._socket is not None
                    step = 16_000
                    await attacker._socket.send(
                        [frame[at : at + step] for at in range(0, len(frame), step)]
                    )
                else:
                    await attacker.send_text(frame)
            await attacker.until_closed()
            await attacker.close()
        await bystander.call(handler(SESSIONS, "load"))


async def test_a_message_of_almost_64_kib_is_read(server: Server) -> None:
    async with RawClient(server) as client:
        padding = "x" * (MAX_MESSAGE_BYTES - 1000)
        await client.send("no.such.handler", {"padding": padding})
        await client.fence()


@pytest.mark.parametrize("path", ["/auth/session", "/auth/sign-out", "/api/v1/auth/sign-in"])
async def test_a_body_over_its_limit_is_refused(server: Server, path: str) -> None:
    """S-89: whether its length is said or not."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(80):
            yield b"x" * 1024

    async with web(server, headers={"Origin": server.base_url}) as client:
        assert (await client.post(path, content=b"x" * 80 * 1024)).status_code == 413
        assert (await client.post(path, content=chunks())).status_code == 413


async def test_a_flood_of_refused_events_leaves_others_their_service(
    server: Server, victim: Victim
) -> None:
    async with RawClient(server, browser=victim.here, path=HOME) as bystander:
        await bystander.load()
        attackers = [RawClient(server, path=HOME) for _ in range(8)]
        for attacker in attackers:
            await attacker.open()
            await attacker.join()

        async def flood(attacker: RawClient) -> None:
            with contextlib.suppress(websockets.ConnectionClosed):
                for _ in range(40):
                    await attacker.send(handler(SESSIONS, "load"))

        await asyncio.gather(*(flood(attacker) for attacker in attackers))
        await bystander.call(handler(SESSIONS, "load"))
        assert len(bystander.value(SESSIONS, "rows")) == 2
        await asyncio.gather(*(attacker.close() for attacker in attackers))
