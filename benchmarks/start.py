"""B-12: from the command to the first answer, nothing changed since the last start."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time

import httpx

from benchmarks import bare_app, product
from benchmarks.figures import Line, Scale, median
from security_app.web import frontend
from tests.server import free_port

_WITHIN_S = 180


def first_answer(scale: Scale) -> list[Line]:
    """B-12: `make run` as a whole, and the server alone."""
    whole: list[float] = []
    alone: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory() as data_dir:
        _make_run(data_dir)  # migrates and makes the demo accounts once
        for _ in range(scale.rounds):
            whole.append(_make_run(data_dir))
            with product.serving() as server:
                server.stop()
                start = time.perf_counter()
                server._launch()
                assert server._is_answering()
                alone.append(time.perf_counter() - start)
            with bare_app.serving() as running:
                bare.append(running.start_s)
    return [
        Line(
            budget="B-12",
            what="`make run` to the first answer, nothing changed",
            ours=median(whole),
            unit="s",
            p95=max(whole),
            allowed="≤ 8 s",
            is_met=median(whole) <= 8,
        ),
        Line(
            budget="B-12",
            what="server alone",
            ours=median(alone),
            unit="s",
            p95=max(alone),
            floor=median(bare),
            floor_name="bare Reflex server",
            ratio=median(alone) / median(bare),
            allowed="≤ 2 s",
            is_met=median(alone) <= 2,
        ),
    ]


def _make_run(data_dir: str) -> float:
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if name != "PUBLIC_URL"}
    start = time.perf_counter()
    process = subprocess.Popen(
        ["make", "--no-print-directory", "run"],
        cwd=frontend.ROOT,
        env=kept | {"PORT": str(port), "DATA_DIR": data_dir, "DEMO": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        while time.perf_counter() - start < _WITHIN_S and process.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"http://127.0.0.1:{port}/sign-in", timeout=5)
                return time.perf_counter() - start
            time.sleep(0.02)
        raise RuntimeError(f"`make run` does not answer\n{_said(process)}")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def _said(process: subprocess.Popen[bytes]) -> str:
    if process.poll() is None or process.stdout is None:
        return ""
    return process.stdout.read().decode(errors="replace")[-2000:]
