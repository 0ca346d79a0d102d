"""Serves the product as its command line does, and notes how long the event loop was blocked.

A task asks to be woken every millisecond. How late it is woken is how long
nobody else was served; how much of that the loop's own thread was computing
tells a block from a busy machine. A thread beside looks where the loop is while
it is late.
"""

import asyncio
import json
import sys
import threading
import time
import traceback
from pathlib import Path
from socket import socket
from types import FrameType

import uvicorn

_EVERY_S = 0.001
#: Shorter delays are the scheduler's, and of no interest.
_NOTED_FROM_S = 0.002
#: From here on the thread beside looks.
_LOOK_FROM_S = 0.012
#: The start is not what people wait for.
_AFTER_S = 2.0


class _Watch:
    """What was seen: per late wake-up its length, its own computing, and where it was."""

    def __init__(self) -> None:
        self.lags: list[tuple[float, float, list[str]]] = []
        self._last = time.perf_counter()
        self._places: list[str] = []
        self._loop_thread = threading.get_ident()
        self._is_over = False

    async def run(self) -> None:
        """Be woken, and note how late."""
        await asyncio.sleep(_AFTER_S)
        self._last = time.perf_counter()
        threading.Thread(target=self._look, daemon=True).start()
        while True:
            computed = time.thread_time()
            await asyncio.sleep(_EVERY_S)
            woken = time.perf_counter()
            late_s = woken - self._last - _EVERY_S
            if late_s > _NOTED_FROM_S:
                own_s = time.thread_time() - computed
                self.lags.append((late_s * 1000, own_s * 1000, self._places))
            self._places = []
            self._last = woken

    def stop(self) -> None:
        """End the thread beside."""
        self._is_over = True

    def _look(self) -> None:
        while not self._is_over:
            time.sleep(0.003)
            frame = sys._current_frames().get(self._loop_thread)
            if frame is not None and time.perf_counter() - self._last > _LOOK_FROM_S:
                self._places.append(_place(frame))


def _place(frame: FrameType) -> str:
    """The innermost calls, the product's own included however deep."""
    calls = [
        f"{Path(call.filename).name}:{call.lineno} {call.name}"
        for call in traceback.extract_stack(frame)
        if "/asyncio/" not in call.filename
    ]
    ours = [call.name for call in traceback.extract_stack(frame) if "security_app" in call.filename]
    return " > ".join([*ours[-2:], "...", *calls[-3:]])


class _WatchingServer(uvicorn.Server):
    async def serve(self, sockets: list[socket] | None = None) -> None:
        """Serve with the watch running beside."""
        watch = _Watch()
        task = asyncio.create_task(watch.run())
        try:
            await super().serve(sockets)
        finally:
            watch.stop()
            task.cancel()
            Path(_lags_file).write_text(json.dumps(watch.lags), encoding="utf-8")


if __name__ == "__main__":
    from security_app import cli

    _lags_file = sys.argv[1]
    uvicorn.Server = _WatchingServer
    sys.argv = [sys.argv[0], "serve"]
    cli.main()
