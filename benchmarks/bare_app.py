"""A bare Reflex app, built and served by the same tools: the floor no page of ours can go below."""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import httpx

from benchmarks.wire import STATE
from security_app.web import frontend
from tests.server import free_port

INCREMENT = f"{STATE}.bare___bare____counter.increment"
COUNTED = "count_rx_state_"

_APP = '''"""A counter."""

import reflex as rx


class Counter(rx.State):
    count: int = 0

    @rx.event
    async def increment(self):
        self.count += 1


def index() -> rx.Component:
    return rx.el.main(
        rx.heading("Counter"),
        rx.text(Counter.count, id="value", custom_attrs={"data-count": Counter.count}),
        rx.button("Count", id="count", on_click=Counter.increment),
        data_hydrated=rx.cond(rx.State.is_hydrated, "true", "false"),
    )


app = rx.App()
app.add_page(index, route="/")
'''
_CONFIG = '''"""As a new project has it; the build talks to its own origin, as ours does."""

import os

import reflex as rx
from reflex_base.constants import StateManagerMode

from security_app.web.frontend import SameOrigin, toolchain

os.environ.update(toolchain())
config = rx.Config(
    app_name="bare",
    telemetry_enabled=False,
    show_built_with_reflex=False,
    state_manager_mode=StateManagerMode.MEMORY,
    plugins=[rx.plugins.RadixThemesPlugin(), SameOrigin()],
)
'''
_READY_WITHIN_S = 90


@dataclass(frozen=True)
class BareServer:
    """A running bare app."""

    base_url: str
    pid: int
    start_s: float


def _folder() -> Path:
    made_from = "\0".join((_APP, _CONFIG, version("reflex"), sys.executable))
    name = hashlib.sha256(made_from.encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"security-centre-bare-{os.getuid()}-{name}"


def build() -> Path:
    """Build the app, unless an earlier run of these versions did."""
    folder = _folder()
    if (folder / "built").exists():
        return folder
    print("Building the bare Reflex app to compare with; once, about a minute ...", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "bare").mkdir(parents=True, mode=0o700)
    (folder / "bare" / "__init__.py").touch()
    (folder / "bare" / "bare.py").write_text(_APP, encoding="utf-8")
    (folder / "rxconfig.py").write_text(_CONFIG, encoding="utf-8")
    outcome = subprocess.run(
        [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip"],
        cwd=folder,
        env=_environment(folder) | frontend.registry(),
        capture_output=True,
        text=True,
        check=False,
    )
    if outcome.returncode != 0:
        raise RuntimeError(f"the bare app does not build\n{outcome.stdout}\n{outcome.stderr}")
    (folder / "built").write_text(json.dumps({"reflex": version("reflex")}), encoding="utf-8")
    return folder


@contextlib.contextmanager
def serving() -> Iterator[BareServer]:
    """Serve it with the options the product's own server has."""
    folder = build()
    port = free_port()
    started = time.perf_counter()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.serve_bare", str(port)],
            cwd=folder,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        base_url = f"http://localhost:{port}"
        _wait_for_answer(base_url, process)
        yield BareServer(base_url, process.pid, time.perf_counter() - started)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_answer(base_url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(base_url.replace("localhost", "127.0.0.1"), timeout=5)
            return
        time.sleep(0.02)
    raise RuntimeError(f"the bare app does not answer; see {_folder() / 'log'}")


def _environment(folder: Path) -> dict[str, str]:
    path = os.pathsep.join((str(folder), str(frontend.ROOT)))
    return os.environ | frontend.toolchain() | {"PYTHONPATH": path, "REFLEX_ENV_MODE": "prod"}
