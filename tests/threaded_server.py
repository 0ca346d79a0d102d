"""An ASGI application in a thread of the test process, on a port of this machine."""

import socket
import threading
import time
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

STARTED_WITHIN_S = 20
STOPPED_WITHIN_S = 10
#: How long an answer that is under way may take once the server is to stop.
SHUTDOWN_GRACE_S = 1
_POLL_S = 0.005


class ThreadedServer:
    """Serves until it is stopped; then connections are refused.

    Attributes:
        port: where on 127.0.0.1; 0 until the first start chose it, the same ever after.
    """

    def __init__(self, app: ASGIApp, certificate: Path | None = None) -> None:
        self.port = 0
        self._app = app
        self._certificate = certificate
        self._running: tuple[uvicorn.Server, threading.Thread] | None = None

    def start(self) -> None:
        """Listen and serve; nothing happens when it runs already."""
        if self._running is not None:
            return
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", self.port))
        except OSError:
            listener.close()
            raise
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            http="h11",
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level="critical",
            timeout_graceful_shutdown=SHUTDOWN_GRACE_S,
            ssl_certfile=self._certificate,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        self._running = (server, thread)
        thread.start()
        deadline = time.monotonic() + STARTED_WITHIN_S
        while not server.started:
            assert thread.is_alive(), "the server ended while it started"
            assert time.monotonic() < deadline, "the server did not start in time"
            time.sleep(_POLL_S)

    def stop(self) -> None:
        """Stop serving and give the port back; nothing happens when it does not run."""
        if self._running is None:
            return
        server, thread = self._running
        self._running = None
        server.should_exit = True
        thread.join(STOPPED_WITHIN_S)
        assert not thread.is_alive(), "the server did not stop in time"
