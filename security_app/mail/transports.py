"""How a mail leaves: by SMTP, or as a file in ``DATA_DIR/outbox`` when there is no server."""

import asyncio
import contextlib
import ipaddress
import os
import secrets
import ssl
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from security_app.mail.errors import DeliveryFailed, PermanentFailure, TemporaryFailure
from security_app.settings import Settings

#: For each step of the conversation, and for all of it: a tarpit holds one of four places.
STEP_TIMEOUT_S = 10.0
TOTAL_TIMEOUT_S = 30.0
Tls = Literal["implicit", "starttls", "none"]


class Transport(Protocol):
    """Takes one complete message."""

    async def send(self, message: EmailMessage) -> None:
        """Hand the message over.

        Raises:
            TemporaryFailure: worth another try.
            PermanentFailure: not worth another try.
        """
        ...


def transport_from(settings: Settings) -> Transport:
    """The transport the environment asks for.

    Raises:
        ValueError: ``SMTP_URL`` cannot be used; the message holds no secret.
    """
    if settings.smtp_url is None:
        return FileTransport(settings.data_dir / "outbox")
    own_name = urlsplit(settings.public_url).hostname or "localhost"
    return SmtpTransport(SmtpServer.parse(settings.smtp_url.get_secret_value()), own_name)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where and how to deliver: ``smtp://user:password@host:port?tls=starttls``.

    Attributes:
        host: name or address; certificates are checked against it.
        port: 587, or 465 for ``smtps``, unless given.
        tls: ``smtps`` is implicit; ``smtp`` asks for STARTTLS, except on loopback
            or with ``?tls=none``.
        user: percent-decoded, or None.
        password: percent-decoded, or None.
    """

    host: str
    port: int
    tls: Tls
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> "SmtpServer":
        """Read ``SMTP_URL``.

        Raises:
            ValueError: says which part is wrong, without repeating it.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError("SMTP_URL: the port is not a number") from None
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ValueError("SMTP_URL must be smtp://user:password@host:port or smtps://…")
        wanted = parse_qs(parts.query).get("tls", [""])[-1]
        if wanted not in {"", "starttls", "none"} or (wanted and parts.scheme == "smtps"):
            raise ValueError("SMTP_URL: tls must be starttls or none, and only with smtp://")
        tls: Tls = "none" if wanted == "none" else "starttls"
        if parts.scheme == "smtps":
            tls = "implicit"
        elif not wanted and _is_loopback(parts.hostname):
            tls = "none"
        user = unquote(parts.username) if parts.username else None
        password = unquote(parts.password or "") if user else None
        return cls(parts.hostname, port or (465 if tls == "implicit" else 587), tls, user, password)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class SmtpTransport:
    """One SMTP conversation per message."""

    def __init__(
        self, server: SmtpServer, own_name: str, tls_context: ssl.SSLContext | None = None
    ) -> None:
        """Prepare; nothing is connected yet.

        Args:
            server: where to deliver.
            own_name: what to say in EHLO; looking it up could block.
            tls_context: by default the system's trusted authorities.
        """
        self._server = server
        self._own_name = own_name
        self._tls_context = tls_context or ssl.create_default_context()

    async def send(self, message: EmailMessage) -> None:
        """Deliver; see :class:`Transport`."""
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            local_hostname=self._own_name,
            timeout=STEP_TIMEOUT_S,
            use_tls=server.tls == "implicit",
            start_tls=server.tls == "starttls",
            tls_context=None if server.tls == "none" else self._tls_context,
        )
        try:
            async with asyncio.timeout(TOTAL_TIMEOUT_S):
                await client.connect()
                await client.send_message(message)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise _failure(error) from None
        finally:
            await _part(client)


async def _part(client: aiosmtplib.SMTP) -> None:
    """Say goodbye; what happens now no longer matters, the message is taken or not."""
    with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        if client.is_connected:
            await client.quit(timeout=1)
    client.close()


#: Failures without a reply code, most special first. None of them is about the message.
_BROKEN: tuple[tuple[type[BaseException], str], ...] = (
    (TimeoutError, "timeout"),
    (aiosmtplib.SMTPServerDisconnected, "dropped"),
    (OSError, "unreachable"),
)
_REFUSED: dict[type[BaseException], str] = {
    aiosmtplib.SMTPAuthenticationError: "log_in_refused",
    aiosmtplib.SMTPDataError: "message_refused",
    aiosmtplib.SMTPRecipientRefused: "recipient_refused",
    aiosmtplib.SMTPSenderRefused: "sender_refused",
}


def _failure(error: BaseException) -> DeliveryFailed:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        error = error.recipients[0]
    if isinstance(error, aiosmtplib.SMTPResponseException):
        kind = f"{_REFUSED.get(type(error), 'refused')}:{error.code}"
        is_about_message = isinstance(
            error, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError
        )
        # A refused log-in or sender is for the operator to mend; the message waits for it.
        is_final = is_about_message and error.code >= 500
        return PermanentFailure(kind) if is_final else TemporaryFailure(kind)
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return PermanentFailure("not_supported")
    if _caused_by(error, ssl.SSLError):
        return TemporaryFailure("certificate")
    return TemporaryFailure(
        next((word for kind, word in _BROKEN if isinstance(error, kind)), "protocol")
    )


def _caused_by(error: BaseException | None, kind: type[Exception]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False


class FileTransport:
    """One ``.eml`` file per message, complete or not there at all."""

    def __init__(self, directory: Path) -> None:
        """Remember the directory; it is made with the first message."""
        self.directory = directory

    async def send(self, message: EmailMessage) -> None:
        """Write the file; see :class:`Transport`."""
        try:
            await asyncio.to_thread(self._write, message)
        except OSError as error:
            raise TemporaryFailure(f"file:{error.errno}") from None

    def _write(self, message: EmailMessage) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        # Nanoseconds with a fixed width sort by name; the random part keeps writers apart.
        name = f"{time.time_ns():020d}-{secrets.token_hex(4)}.eml"
        partial = self.directory / f".{name}.part"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(message.as_bytes(policy=SMTP if _is_ascii(message) else SMTPUTF8))
            partial.rename(self.directory / name)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def _is_ascii(message: EmailMessage) -> bool:
    return all(address.addr_spec.isascii() for address in message["To"].addresses)
