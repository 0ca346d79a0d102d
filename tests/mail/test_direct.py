"""Mail somebody waits for: taken at once or refused, whatever the server does: S-22, S-23, S-88."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from security_app.mail import direct
from security_app.mail.direct import send_now
from security_app.mail.envelope import sender_address
from security_app.mail.errors import DeliveryFailed, PermanentFailure, TemporaryFailure
from security_app.mail.outbox import Sender
from security_app.mail.transports import SmtpServer, SmtpTransport, Transport

from .conftest import Mailbox, StartServer

StartScript = Callable[[list[str | None]], Awaitable[SmtpServer]]
Use = Callable[[SmtpServer | Transport], None]

GREETED: list[str | None] = ["220 hi", "250 hi"]
ACCEPTED: list[str | None] = [*GREETED, "250 ok", "250 ok", "354 go"]
PARAMS = {
    "when": "2026-05-04T12:31:00Z",
    "device": "Chrome on Windows",
    "place": "Lisbon",
    "name": "Ada",
    "code": "024681",
    "purpose": "Sign-in",
}


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Use:
    """Say which server, or which transport, the mail goes to."""

    def change(target: SmtpServer | Transport) -> None:
        transport = SmtpTransport(target, "x") if isinstance(target, SmtpServer) else target
        sender = Sender(transport, sender_address("noreply@example.com"))
        monkeypatch.setattr(direct, "sender", lambda: sender)

    return change


async def send(to: str = "ada@example.com") -> None:
    await send_now("email_code", to, PARAMS)


async def failure(to: str = "ada@example.com") -> DeliveryFailed:
    """Why it was not taken; every place is free again."""
    with pytest.raises(DeliveryFailed) as refused:
        await send(to)
    assert not direct._places
    return refused.value


async def test_it_arrives_before_the_call_returns(start_server: StartServer, use: Use) -> None:
    mailbox = Mailbox()
    use(await start_server(mailbox))
    await send()
    received = mailbox.received.get_nowait()
    assert received["To"] == "ada@example.com"
    assert received["Subject"] == "Your Security Centre code"
    text = received.get_body(("plain",))
    assert text is not None
    assert "    024681" in text.get_content()
    assert mailbox.envelopes[0].rcpt_tos == ["ada@example.com"]
    assert not direct._places


async def test_s23_nobody_listens(use: Use) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        use(SmtpServer.parse(f"smtp://127.0.0.1:{taken.getsockname()[1]}"))
        refused = await failure()
    assert isinstance(refused, TemporaryFailure)


@pytest.mark.parametrize(
    ("mailbox", "expected"),
    [
        (Mailbox(rcpt_reply="450 try later"), TemporaryFailure),
        (Mailbox(rcpt_reply="550 no ada@example.com"), PermanentFailure),
        (Mailbox(data_reply="451 busy 024681"), TemporaryFailure),
        (Mailbox(data_reply="554 spam 024681"), PermanentFailure),
    ],
)
async def test_s23_what_the_server_refuses_is_told_without_its_words(
    start_server: StartServer, use: Use, mailbox: Mailbox, expected: type[DeliveryFailed]
) -> None:
    use(await start_server(mailbox))
    refused = await failure()
    assert type(refused) is expected
    assert "ada" not in repr(refused)
    assert "024681" not in repr(refused)
    assert mailbox.envelopes == []


@pytest.mark.parametrize("replies", [[None], [*GREETED, None], [*ACCEPTED[:-1], None]])
async def test_s23_a_connection_that_breaks_off(
    start_script: StartScript, use: Use, replies: list[str | None]
) -> None:
    use(await start_script(replies))
    assert isinstance(await failure(), TemporaryFailure)


async def test_s23_dropped_after_data_is_a_failure_not_a_guess(
    start_script: StartScript, use: Use
) -> None:
    use(await start_script([*ACCEPTED, None]))
    assert isinstance(await failure(), TemporaryFailure)


@pytest.mark.parametrize("replies", [[], GREETED, ACCEPTED])
async def test_s23_a_tarpit_is_left_at_the_end_of_our_patience(
    start_script: StartScript,
    use: Use,
    replies: list[str | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(direct, "PATIENCE_S", 0.2)
    use(await start_script(replies))
    refused = await failure()
    assert isinstance(refused, TemporaryFailure)
    assert refused.kind == "timeout"


def test_s23_our_patience_leaves_room_within_ten_seconds() -> None:
    assert direct.PATIENCE_S <= 8


class Gate:
    """Takes messages once it is opened; counts who stands before it."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.arrived: asyncio.Queue[str] = asyncio.Queue()

    async def send(self, message: object) -> None:
        self.arrived.put_nowait("one")
        await self.opened.wait()


async def test_s88_who_comes_when_all_places_are_taken_is_told_at_once(use: Use) -> None:
    gate = Gate()
    use(gate)
    waiting = [asyncio.ensure_future(send()) for _ in range(direct._PLACES)]
    for _ in waiting:
        await gate.arrived.get()
    with pytest.raises(TemporaryFailure) as refused:
        await send()
    assert refused.value.kind == "no_place"
    assert not any(task.done() for task in waiting)
    gate.opened.set()
    await asyncio.gather(*waiting)
    await send()
    assert not direct._places


async def test_s88_a_sender_that_is_cancelled_frees_its_place(use: Use) -> None:
    gate = Gate()
    use(gate)
    waiting = asyncio.ensure_future(send())
    await gate.arrived.get()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert not direct._places


@pytest.mark.parametrize(
    "to",
    [
        "ada@example.com\r\nBcc: eve@example.com",
        "ada@example.com\nRCPT TO:<eve@example.com>",
        "ada@example.com, eve@example.com",
        "ada@example.com,eve@example.com",
        "ada@example.com;eve@example.com",
        "<ada@example.com> eve@example.com",
        "ada@example.com\x00",
        " ada@example.com",
        "ada@example.com\r\n.\r\nMAIL FROM:<eve@example.com>",
        "",
    ],
)
async def test_s22_a_recipient_that_is_not_one_mailbox_starts_no_conversation(
    start_server: StartServer, use: Use, to: str
) -> None:
    mailbox = Mailbox()
    use(await start_server(mailbox))
    assert isinstance(await failure(to), PermanentFailure)
    assert mailbox.greetings == []


@pytest.mark.parametrize("field", ["name", "device", "place", "purpose"])
async def test_s22_nothing_a_person_chose_becomes_a_header(
    start_server: StartServer, use: Use, field: str
) -> None:
    mailbox = Mailbox()
    use(await start_server(mailbox))
    text = "x\r\nBcc: eve@example.com\r\n\r\n.\r\nQUIT"
    await send_now("email_code", "ada@example.com", PARAMS | {field: text})
    received = mailbox.received.get_nowait()
    assert "Bcc" not in received
    assert mailbox.envelopes[0].rcpt_tos == ["ada@example.com"]
    body = received.get_body(("plain",))
    assert body is not None
    assert "024681" in body.get_content()
