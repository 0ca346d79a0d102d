"""``python -m benchmarks``: measure, print, and with ``--write`` keep it in docs/performance.md."""

import argparse
import sys
import time
import traceback

from benchmarks.environment import settle


def main() -> int:
    """Measure what was asked for.

    Returns:
        1 when something could not be measured; a budget that is not met is no failure.
    """
    settle()
    from benchmarks import (
        clicks,
        events,
        full_tables,
        keys,
        live,
        pages,
        report,
        second_factor,
        sign_ins,
        start,
    )
    from benchmarks.figures import Line, Scale

    catalogue = {
        "B-1": sign_ins.throughput,
        "B-2": sign_ins.latency,
        "B-3": sign_ins.bystander,
        "B-4": second_factor.second_factor,
        "B-5": clicks.sessions_card,
        "B-6": pages.on_a_desktop,
        "B-6b": pages.on_a_phone,
        "B-7": full_tables.sessions_card,
        "B-8": full_tables.writes,
        "B-8b": full_tables.sign_out_others,
        "B-9": live.leaving,
        "B-10": events.throughput,
        "B-11": events.memory,
        "B-12": start.first_answer,
        "B-13": keys.throughput,
        "B-14": sign_ins.loop_blocks,
        "B-15": events.workers,
    }
    asked = _arguments(list(catalogue))
    scale = Scale(is_full=asked.full, rounds=asked.rounds or (5 if asked.full else 3))
    lines: list[Line] = []
    has_failed = False
    print(f"On {report.machine()}\n", flush=True)
    for budget in asked.only or catalogue:
        began = time.perf_counter()
        try:
            found = catalogue[budget](scale)
        except Exception:  # noqa: BLE001 - the other figures are still wanted
            traceback.print_exc()
            print(f"{budget} could not be measured\n", flush=True)
            has_failed = True
            continue
        lines += found
        print(f"{report.show(found)}\n({time.perf_counter() - began:.0f} s)\n", flush=True)
    if asked.write and lines:
        report.write(lines, is_full=asked.full)
        print(f"Written to {report.PAGE}")
    missed = sum(line.is_met is False for line in lines)
    print(f"{len(lines)} figures, {missed} outside their budget.")
    return int(has_failed)


def _arguments(budgets: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=budgets, metavar="B-…", help="these only")
    parser.add_argument("--rounds", type=int, help="3, with --full 5")
    parser.add_argument("--full", action="store_true", help="longer, with the sizes of the budgets")
    parser.add_argument("--write", action="store_true", help="keep them in docs/performance.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
