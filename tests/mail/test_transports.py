"""Delivery: real conversations with real servers, and files."""

import email
import socket
import stat
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path

import pytest
from pydantic import SecretStr

from security_app.mail import transports
from security_app.mail.envelope import build_message, sender_address
from security_app.mail.errors import DeliveryFailed, PermanentFailure, TemporaryFailure
from security_app.mail.messages import Message
from security_app.mail.transports import (
    FileTransport,
    SmtpServer,
    SmtpTransport,
    transport_from,
)
from security_app.settings import get_settings

from .conftest import Authority, Mailbox, StartServer

StartScript = Callable[[list[str | None]], Awaitable[SmtpServer]]


def mail(to: str = "ada@example.com") -> EmailMessage:
    return build_message(
        Message("Hello", "text é\n", "<p>html</p>\n"),
        to=to,
        sender=sender_address("noreply@example.com"),
        message_id="abc",
    )


async def failure_of(transport: SmtpTransport, to: str = "ada@example.com") -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failure:
        await transport.send(mail(to))
    return failure.value


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "smtp://user:pass@mail.example.com:587?tls=starttls",
            ("mail.example.com", 587, "starttls", "user", "pass"),
        ),
        ("smtp://mail.example.com", ("mail.example.com", 587, "starttls", None, None)),
        ("smtp://mail.example.com:25?tls=none", ("mail.example.com", 25, "none", None, None)),
        (
            "smtps://u%40x:p%3A%2F%25@mail.example.com",
            ("mail.example.com", 465, "implicit", "u@x", "p:/%"),
        ),
        ("smtp://127.0.0.1:1025", ("127.0.0.1", 1025, "none", None, None)),
        ("smtp://localhost:1025?tls=starttls", ("localhost", 1025, "starttls", None, None)),
        ("smtp://[::1]:25", ("::1", 25, "none", None, None)),
    ],
)
def test_the_url_is_read(url: str, expected: tuple[object, ...]) -> None:
    server = SmtpServer.parse(url)
    assert (server.host, server.port, server.tls, server.user, server.password) == expected
    assert "pass" not in repr(server)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://user:canary@mail.example.com",
        "smtp://user:canary@",
        "smtp://user:canary@mail.example.com:abc",
        "smtp://user:canary@mail.example.com:99999",
        "smtp://user:canary@mail.example.com?tls=maybe",
        "smtps://user:canary@mail.example.com?tls=none",
    ],
)
def test_a_wrong_url_is_named_without_its_secret_s76(url: str) -> None:
    with pytest.raises(ValueError, match="SMTP_URL") as error:
        SmtpServer.parse(url)
    assert "canary" not in str(error.value)
    assert error.value.__cause__ is None


async def test_a_message_arrives_whole(start_server: StartServer) -> None:
    mailbox = Mailbox()
    transport = SmtpTransport(await start_server(mailbox), "account.example.com")
    await transport.send(mail())
    received = await mailbox.received.get()
    assert received["Subject"] == "Hello"
    assert received["To"] == "ada@example.com"
    text = received.get_body(("plain",))
    assert text is not None
    assert text.get_content().replace("\r\n", "\n") == "text é\n"
    assert mailbox.envelopes[0].mail_from == "noreply@example.com"
    assert mailbox.envelopes[0].rcpt_tos == ["ada@example.com"]
    assert mailbox.greetings[0] == "account.example.com"


async def test_an_address_in_another_script_arrives(start_server: StartServer) -> None:
    mailbox = Mailbox()
    await SmtpTransport(await start_server(mailbox), "x").send(mail("用户@example.com"))
    assert mailbox.envelopes[0].rcpt_tos == ["用户@example.com"]


async def test_an_address_in_another_script_needs_a_server_that_can(
    start_script: StartScript,
) -> None:
    server = await start_script(["220 hi", "250 hi", "250 ok"])
    failure = await failure_of(SmtpTransport(server, "x"), "用户@example.com")
    assert isinstance(failure, PermanentFailure)
    assert failure.kind == "not_supported"


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_tls_encrypts_and_checks_the_certificate(
    start_server: StartServer, authority: Authority, tls: str
) -> None:
    mailbox = Mailbox()
    server = await start_server(mailbox, tls=tls)
    await SmtpTransport(server, "x", authority.client).send(mail())
    assert mailbox.was_encrypted == [True]
    # The system's authorities do not know this certificate.
    failure = await failure_of(SmtpTransport(server, "x"))
    assert isinstance(failure, TemporaryFailure)
    assert failure.kind == "certificate"
    assert len(mailbox.envelopes) == 1


async def test_starttls_is_not_given_up_when_the_server_does_not_offer_it(
    start_server: StartServer, authority: Authority
) -> None:
    mailbox = Mailbox()
    server = await start_server(mailbox, tls="starttls", is_offered=False)
    failure = await failure_of(SmtpTransport(server, "x", authority.client))
    assert isinstance(failure, TemporaryFailure)
    assert mailbox.envelopes == []


async def test_credentials_are_used_and_a_wrong_one_waits_for_the_operator(
    start_server: StartServer, authority: Authority
) -> None:
    mailbox = Mailbox(accounts={"us@er": "p:%/"})
    server = await start_server(mailbox, tls="starttls")
    url = f"smtp://us%40er:p%3A%25%2F@127.0.0.1:{server.port}?tls=starttls"
    await SmtpTransport(SmtpServer.parse(url), "x", authority.client).send(mail())
    assert len(mailbox.envelopes) == 1
    wrong = SmtpServer.parse(url.replace("p%3A", "canary"))
    failure = await failure_of(SmtpTransport(wrong, "x", authority.client))
    assert isinstance(failure, TemporaryFailure)
    assert failure.kind == "log_in_refused:535"


@pytest.mark.parametrize(
    ("mailbox", "expected", "kind"),
    [
        (Mailbox(rcpt_reply="450 try later"), TemporaryFailure, "recipient_refused:450"),
        (Mailbox(rcpt_reply="550 no ada@example.com"), PermanentFailure, "recipient_refused:550"),
        (Mailbox(data_reply="451 busy"), TemporaryFailure, "message_refused:451"),
        (Mailbox(data_reply="554 spam"), PermanentFailure, "message_refused:554"),
    ],
)
async def test_refusals_are_told_apart_s23(
    start_server: StartServer, mailbox: Mailbox, expected: type[DeliveryFailed], kind: str
) -> None:
    failure = await failure_of(SmtpTransport(await start_server(mailbox), "x"))
    assert type(failure) is expected
    assert failure.kind == kind
    # The server's text repeats addresses.
    assert "ada" not in str(failure)


GREETED: list[str | None] = ["220 hi", "250 hi"]


@pytest.mark.parametrize(
    ("replies", "kind"),
    [
        ([None], "unreachable"),
        (["421 too busy"], "refused:421"),
        (["554 go away"], "refused:554"),
        ([*GREETED, "550 sender unknown", "250 reset"], "sender_refused:550"),
        ([*GREETED, "250 ok", "250 ok", None], "dropped"),
        ([*GREETED, "250 ok", "250 ok", "354 go", None], "dropped"),
        (["gibberish", "gibberish"], "refused:-1"),
    ],
)
async def test_what_breaks_off_is_tried_again_s23(
    start_script: StartScript, replies: list[str | None], kind: str
) -> None:
    failure = await failure_of(SmtpTransport(await start_script(replies), "x"))
    assert isinstance(failure, TemporaryFailure)
    assert failure.kind == kind


@pytest.mark.parametrize("replies", [[], GREETED, [*GREETED, "250 ok", "250 ok", "354 go"]])
async def test_a_tarpit_is_left_in_time_s23(
    start_script: StartScript, replies: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transports, "STEP_TIMEOUT_S", 0.2)
    failure = await failure_of(SmtpTransport(await start_script(replies), "x"))
    assert isinstance(failure, TemporaryFailure)
    assert failure.kind == "timeout"


async def test_a_dropped_goodbye_is_not_a_failure(start_script: StartScript) -> None:
    server = await start_script([*GREETED, "250 ok", "250 ok", "354 go", "250 taken", None])
    await SmtpTransport(server, "x").send(mail())


async def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server = SmtpServer.parse(f"smtp://127.0.0.1:{taken.getsockname()[1]}")
        failure = await failure_of(SmtpTransport(server, "x"))
    assert isinstance(failure, TemporaryFailure)
    assert failure.kind == "unreachable"


def files_in(directory: Path) -> list[Path]:
    return sorted(directory.iterdir())


async def test_files_are_private_complete_and_in_order_s77(tmp_path: Path) -> None:
    transport = FileTransport(tmp_path / "data" / "outbox")
    for number in range(12):
        await transport.send(mail(f"n{number}@example.com"))
    directory = transport.directory
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    files = files_in(directory)
    assert [file.suffix for file in files] == [".eml"] * 12
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    read = [email.message_from_bytes(file.read_bytes(), policy=modern) for file in files]
    assert [one["To"] for one in read] == [f"n{number}@example.com" for number in range(12)]


async def test_a_file_for_an_address_in_another_script(tmp_path: Path) -> None:
    await FileTransport(tmp_path).send(mail("用户@example.com"))
    (file,) = files_in(tmp_path)
    assert "用户@example.com" in file.read_text()


async def test_an_unusable_directory_is_a_temporary_failure(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file is in the way")
    with pytest.raises(TemporaryFailure):
        await FileTransport(tmp_path / "outbox").send(mail())


def test_the_environment_chooses() -> None:
    settings = get_settings()
    chosen = transport_from(settings)
    assert isinstance(chosen, FileTransport)
    assert chosen.directory == settings.data_dir / "outbox"
    with_server = settings.model_copy(update={"smtp_url": SecretStr("smtp://localhost:25")})
    assert isinstance(transport_from(with_server), SmtpTransport)
