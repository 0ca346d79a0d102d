"""Demo mode's identity providers: a child process that stands in for Google and the others."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import typer

from security_app.settings import Settings

_ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def start(settings: Settings) -> Iterator[dict[str, str]]:
    """Run the stand-ins the settings name, for as long as the block runs.

    A port that is taken costs one line of warning and that provider, nothing else.

    Returns:
        The issuers that run, by "google", "apple" and "sso".
    """
    with contextlib.ExitStack() as open_sockets:
        listeners: dict[str, socket.socket] = {}
        for name, port in settings.demo_providers.items():
            listener = _listen(port)
            if listener is None:
                warning = f"Port {port} is taken: the demo's {name.capitalize()} does not run."
                typer.echo(warning, err=True)
                continue
            listeners[name] = open_sockets.enter_context(listener)
        if not listeners:
            yield {}
            return
        issuers = {
            name: f"http://127.0.0.1:{listener.getsockname()[1]}"
            for name, listener in listeners.items()
        }
        child = _launch(listeners)
    with child:
        try:
            yield issuers
        finally:
            child.kill()


def _listen(port: int) -> socket.socket | None:
    """Listen here, so that who comes before the child is ready waits instead of failing."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen()
    except OSError:
        listener.close()
        return None
    return listener


def _launch(listeners: dict[str, socket.socket]) -> subprocess.Popen[bytes]:
    descriptors = {name: listener.fileno() for name, listener in listeners.items()}
    return subprocess.Popen(  # noqa: S603 - our own program, with numbers
        [
            *(sys.executable, "-m", "security_app.demo.stand_ins"),
            *(f"{name}={descriptor}" for name, descriptor in descriptors.items()),
        ],
        cwd=_ROOT,
        # The libraries beneath refuse to work without TLS unless told so.
        env=os.environ | {"AUTHLIB_INSECURE_TRANSPORT": "1"},
        # Never written to: it ends with this process, and the child with it.
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        pass_fds=tuple(descriptors.values()),
        # Ctrl-C is for the parent, which ends the child in its own time.
        start_new_session=True,
    )
