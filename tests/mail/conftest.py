"""Real SMTP servers on loopback, in the test's own event loop."""

import asyncio
import email
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path
from typing import Any, cast

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from aiosmtpd.smtp import Session as SmtpSession

from security_app.mail.transports import SmtpServer
from tests.certificates import write_certificate


@dataclass
class Mailbox:
    """What a server does with mail, and what it got.

    Attributes:
        rcpt_reply, data_reply: what to answer; None takes the message.
        accounts: user to password; empty asks for none.
    """

    rcpt_reply: str | None = None
    data_reply: str | None = None
    accounts: dict[str, str] = field(default_factory=dict)
    received: asyncio.Queue[EmailMessage] = field(default_factory=asyncio.Queue)
    envelopes: list[Envelope] = field(default_factory=list)
    was_encrypted: list[bool] = field(default_factory=list)
    greetings: list[str] = field(default_factory=list)

    async def handle_EHLO(  # noqa: N802 - the library's name
        self, server: SMTP, session: SmtpSession, envelope: Envelope, name: str, replies: list[str]
    ) -> list[str]:
        session.host_name = name
        self.greetings.append(name)
        return replies

    async def handle_RCPT(  # noqa: N802 - the library's name
        self,
        server: SMTP,
        session: SmtpSession,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if self.rcpt_reply:
            return self.rcpt_reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the library's name
        self, server: SMTP, session: SmtpSession, envelope: Envelope
    ) -> str:
        if self.data_reply:
            return self.data_reply
        self.envelopes.append(envelope)
        transport = cast("asyncio.Transport", server.transport)
        self.was_encrypted.append(transport.get_extra_info("ssl_object") is not None)
        content = cast("bytes", envelope.content)
        self.received.put_nowait(
            cast("EmailMessage", email.message_from_bytes(content, policy=modern))
        )
        return "250 taken"

    def authenticate(
        self, server: SMTP, session: SmtpSession, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        login = cast("LoginPassword", data)
        is_right = self.accounts.get(login.login.decode()) == login.password.decode()
        return AuthResult(success=is_right, handled=False)


class Conversation(SMTP):
    """One connection, which can be ended for sure."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._transports: list[asyncio.BaseTransport] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Twice with STARTTLS: in clear, then encrypted."""
        self._transports.append(transport)
        super().connection_made(transport)

    async def finish(self) -> None:
        for transport in reversed(self._transports):
            # What the client closed has nothing left to abort.
            if not transport.is_closing():
                cast("asyncio.Transport", transport).abort()
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()
            await asyncio.gather(self._handler_coroutine, return_exceptions=True)
        # A socket is closed in the turn after its transport.
        await asyncio.sleep(0)
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Authority:
    """A certificate for 127.0.0.1, and contexts for both ends."""

    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A fresh self-signed certificate."""
    path: Path = tmp_path_factory.mktemp("tls") / "server.pem"
    write_certificate(path, "127.0.0.1")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return Authority(server, ssl.create_default_context(cafile=str(path)))


StartServer = Callable[..., Awaitable[SmtpServer]]


@pytest.fixture
async def start_server(authority: Authority) -> AsyncIterator[StartServer]:
    """Start a server: ``await start_server(mailbox, tls="none" | "starttls" | "implicit")``."""
    servers: list[asyncio.Server] = []
    conversations: list[Conversation] = []
    loop = asyncio.get_running_loop()

    async def start(mailbox: Mailbox, *, tls: str = "none", is_offered: bool = True) -> SmtpServer:
        def protocol() -> Conversation:
            conversation = Conversation(
                mailbox,
                hostname="test.invalid",
                loop=loop,
                enable_SMTPUTF8=True,
                tls_context=authority.server if tls == "starttls" and is_offered else None,
                authenticator=mailbox.authenticate,
                auth_require_tls=bool(mailbox.accounts),
                auth_required=bool(mailbox.accounts),
            )
            conversations.append(conversation)
            return conversation

        context = authority.server if tls == "implicit" else None
        server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=context)
        servers.append(server)
        port = server.sockets[0].getsockname()[1]
        scheme = "smtps" if tls == "implicit" else "smtp"
        query = "" if tls == "implicit" else f"?tls={tls}"
        return SmtpServer.parse(f"{scheme}://127.0.0.1:{port}{query}")

    yield start
    for server in servers:
        server.close()
    for conversation in conversations:
        await conversation.finish()


@pytest.fixture
async def start_script() -> AsyncIterator[Callable[[list[str | None]], Awaitable[SmtpServer]]]:
    """Start a server that answers line by line from a list; None closes the connection.

    At the end of the list it keeps the connection open and says nothing.
    """
    servers: list[asyncio.Server] = []
    released = asyncio.Event()

    async def start(replies: list[str | None]) -> SmtpServer:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for reply in replies:
                if reply is None:
                    writer.close()
                    return
                writer.write(reply.encode() + b"\r\n")
                # After "354" the client sends the message up to a lone full stop.
                end = b"\r\n.\r\n" if reply.startswith("354") else b"\n"
                if not (await reader.readuntil(end)):
                    break
            await released.wait()
            writer.close()

        async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await handle(reader, writer)
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()

        server = await asyncio.start_server(quietly, "127.0.0.1", 0)
        servers.append(server)
        return SmtpServer.parse(f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}?tls=none")

    yield start
    released.set()
    for server in servers:
        server.close()
