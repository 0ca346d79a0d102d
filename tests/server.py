"""The real product as a process of its own, on its own port, data folder and database.

``Server`` is what the browser tests and the attack tests share. A test package
gets it by importing the fixture: ``from tests.server import server``.
"""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import pytest

from security_app.db.migrations import upgrade
from security_app.web import frontend
from tests.seeded_database import (
    MAIL_WITHIN_S,
    PASSWORD,
    POLL_S,
    Browser,
    Person,
    SeededDatabase,
)

__all__ = ["PASSWORD", "Browser", "Person", "Server", "server"]

#: A cold start on a busy machine; a usual one takes three seconds.
READY_WITHIN_S = 90
STOPPED_WITHIN_S = 10
_PORT_TAKEN = 4
#: The first ports of blocks of four.
_PORTS = range(20_000, 32_000, 4)


class Server(SeededDatabase):
    """A running product; a context manager.

    Attributes:
        base_url: where it is reached, ``http://localhost:<port>``.
        data_dir: its folder: database file, outbox.
        log_file: all it wrote to stdout and stderr.
        engine: a synchronous engine on the same database; see ``SeededDatabase``.
    """

    def __init__(
        self, environment: Mapping[str, str] | None = None, *, postgresql: bool = False
    ) -> None:
        """Prepare; nothing runs yet.

        Args:
            environment: variables that replace the test's own ones.
            postgresql: use a PostgreSQL database made for this server instead of SQLite.
        """
        self.folder = Path(tempfile.mkdtemp(prefix="security-centre-server-"))
        self.data_dir = self.folder / "data"
        self.data_dir.mkdir(mode=0o700)
        self.log_file = self.folder / "log"
        self._overrides = dict(environment or {})
        super().__init__(self.data_dir, postgresql=postgresql)
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Migrate, start, wait for the first answer."""
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop and remove everything."""
        self.close()

    @property
    def base_url(self) -> str:
        """The one origin people use."""
        return f"http://localhost:{self.port}"

    @property
    def socket_url(self) -> str:
        """Where Reflex listens for events."""
        return f"ws://127.0.0.1:{self.port}/_event/"

    def start(self) -> None:
        """Start on a free port; again after :meth:`stop` keeps port, data and database."""
        if not (frontend.STATIC_DIR / "index.html").exists():
            frontend.ensure_built()
        for _ in range(3):
            self.port = self.port or free_port()
            # With its port: the demo's accounts are connected to stand-ins on the next ones.
            self._migrate()
            self._launch()
            if self._is_answering():
                return
            self.port = 0
        raise RuntimeError(f"no free port\n{self.log_text()}")

    def stop(self) -> None:
        """End the process and wait for it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def close(self) -> None:
        """Stop, and remove folder and database."""
        self.stop()
        self.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log_text(self) -> str:
        """All that was logged so far."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def mails(self) -> list[EmailMessage]:
        """The mail written so far, oldest first (without ``SMTP_URL``)."""
        return [
            message_from_bytes(file.read_bytes(), policy=policy.default)
            for file in sorted((self.data_dir / "outbox").glob("*.eml"))
        ]

    def mails_to(self, address: str) -> list[EmailMessage]:
        """The mail written so far to exactly this address, oldest first."""
        return [
            mail
            for mail in self.mails()
            if address in (to.addr_spec for to in mail["To"].addresses)
        ]

    def mail_to(self, address: str, *, count: int = 1) -> EmailMessage:
        """Wait for the mail number ``count`` to an address; returns it.

        Raises:
            AssertionError: it did not come in time.
        """
        deadline = time.monotonic() + MAIL_WITHIN_S
        while time.monotonic() < deadline:
            found = self.mails_to(address)
            if len(found) >= count:
                return found[count - 1]
            time.sleep(POLL_S)
        raise AssertionError(f"no mail number {count} to {address}\n{self.log_text()[-2000:]}")

    def _environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("POLICY", "PYTEST_", "SMTP_", "REDIS_"))
        }
        ours = {
            "DEMO": "0",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "PUBLIC_URL": self.base_url,
            "DATA_DIR": str(self.data_dir),
            "DATABASE_URL": self.url,
            "LOG_FORMAT": "json",
            # Once, at the start: tests compare the tables before and after.
            "SWEEP_MINUTES": "1440",
            "PYTHONPATH": str(frontend.ROOT),
        }
        return kept | frontend.toolchain() | ours | self._overrides

    def _migrate(self) -> None:
        if self._overrides.get("DEMO") != "1":
            upgrade(self.url)
            return
        subprocess.run(
            [sys.executable, "-m", "security_app.cli", "migrate"],
            cwd=frontend.ROOT,
            env=self._environment(),
            check=True,
        )

    def _launch(self) -> None:
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "security_app.cli", "serve"],
                cwd=frontend.ROOT,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _is_answering(self) -> bool:
        """Wait for the first answer; False when the port was taken meanwhile."""
        assert self._process is not None
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                if self._process.returncode == _PORT_TAKEN:
                    return False
                break
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"http://127.0.0.1:{self.port}/sign-in", timeout=5)
                return True
            time.sleep(POLL_S)
        raise RuntimeError(f"the server does not answer\n{self.log_text()}")


def free_port() -> int:
    """A port with three free ones after it, for the stand-ins of demo mode.

    Below those the system gives out by itself: it would hand the next ones to somebody else.
    """
    while True:
        port = _PORTS.start + secrets.randbelow(len(_PORTS)) * _PORTS.step
        if all(map(_is_free, range(port, port + _PORTS.step))):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


class _Shared:
    """The one server of this worker, however many test packages ask for it."""

    server: Server | None = None
    users = 0


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One running product on SQLite, for all tests of this worker that do not disturb it."""
    if _Shared.server is None:
        _Shared.server = Server().__enter__()
    _Shared.users += 1
    yield _Shared.server
    _Shared.users -= 1
    if not _Shared.users:
        _Shared.server.close()
        _Shared.server = None
