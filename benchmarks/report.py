"""The figures as a table on the terminal and as ``docs/performance.md``."""

import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.figures import Line

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"

_TITLES = {
    "B-1": "Sign-ins per second, 16 clients",
    "B-2": "Sign-in latency, one client",
    "B-3": "Another person's click while 200 sign in",
    "B-4": "Second factor step alone",
    "B-5": "Click to screen on the Sessions card",
    "B-6": "The Security page, cold and warm",
    "B-6b": "The Security page on a slow phone",
    "B-6c": "A second visit",
    "B-7": "Many sessions, long history",
    "B-8": "Sign-in, revoke and history write with full tables",
    "B-8b": "Sign out all other sessions",
    "B-9": "Revoked elsewhere: the other screen leaves",
    "B-10": "Events per second, 50 sockets",
    "B-11": "Memory of an open Security page",
    "B-12": "Start to first answer",
    "B-13": "API requests with a key",
    "B-14": "Longest block of the event loop",
    "B-15": "Two workers",
}
_INTRO = """# Performance

Written by `make bench ARGS=--write`; do not edit by hand. Every figure of a section comes
from one run: ours and what it is compared with were measured in turn, on one machine, over
loopback. Compare the ratios; the milliseconds belong to the machine.

Medians over at least three rounds; *p95* where single times were taken. "Bare Reflex" is a
counter of ten lines, built and served by the same tools, with nothing of ours. "Bare hash"
is Argon2id with the product's parameters (19 MiB, t=2, p=1) in as many threads as the machine
has cores.

`make bench` takes a few minutes; `make bench ARGS="--only B-5"` measures one thing,
`ARGS=--full` takes longer and uses the sizes the budgets name.
"""


def show(lines: Sequence[Line]) -> str:
    """The figures as a table for a terminal."""
    rows = [("", "what", "ours", "p95", "floor", "ratio", "budget", "")]
    rows += [
        (line.budget, line.what, *_values(line), line.allowed, _verdict(line)) for line in lines
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def machine() -> str:
    """What measured, in one line."""
    model = "unknown processor"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(), re.MULTILINE)
        model = found[1].strip() if found else model
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({model}), {memory_gb:.0f} GB, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}, Reflex {version('reflex')}"
    )


def write(lines: Sequence[Line], *, is_full: bool) -> None:
    """Put the figures into the page; sections that were not measured stay."""
    sections = _sections(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    run = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {'full' if is_full else 'quick'} run"
    load = f"load average at the end {os.getloadavg()[0]:.1f}"
    for budget in dict.fromkeys(line.budget for line in lines):
        own = [line for line in lines if line.budget == budget]
        sections[budget] = _section(budget, own, f"{run}, {machine()}, {load}.")
    ordered = sorted(sections, key=lambda budget: list(_TITLES).index(budget))
    text = _INTRO + "".join(f"\n{sections[budget].strip()}\n" for budget in ordered)
    PAGE.write_text(text, encoding="utf-8")


def _sections(text: str) -> dict[str, str]:
    found = re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]
    named = {section[3:].partition(" ")[0]: section for section in found}
    return {budget: section for budget, section in named.items() if budget in _TITLES}


def _section(budget: str, lines: Sequence[Line], source: str) -> str:
    head = f"## {budget} {_TITLES[budget]}\n\n{source}\n\n"
    table = (
        "| what | ours | p95 | compared with | ratio | budget | |\n|---|---|---|---|---|---|---|\n"
    )
    for line in lines:
        ours, tail, floor, ratio = _values(line)
        against = f"{floor} ({line.floor_name})" if line.floor is not None else "–"
        cells = (line.what, ours, tail, against, ratio, line.allowed or "–", _verdict(line))
        table += "| " + " | ".join(cells) + " |\n"
    return head + table


def _values(line: Line) -> tuple[str, str, str, str]:
    return (
        _with_unit(line.ours, line.unit),
        "–" if line.p95 is None else _with_unit(line.p95, line.unit),
        "–" if line.floor is None else _with_unit(line.floor, line.unit),
        "–" if line.ratio is None else f"{line.ratio:.2f}",
    )


def _with_unit(value: float, unit: str) -> str:
    digits = 0 if value >= 100 or (not unit and value == int(value)) else 1
    separator = "" if unit.startswith("/") else " "
    return f"{value:,.{digits}f}{separator}{unit}".strip()


def _verdict(line: Line) -> str:
    return {None: "", True: "met", False: "NOT met"}[line.is_met]
