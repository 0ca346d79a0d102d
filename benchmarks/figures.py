"""Figures: what was measured, against what, and what was allowed."""

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """How long to measure.

    Attributes:
        is_full: more repetitions, the sizes the budgets name.
        rounds: ours and the floor are measured this often, in turn.
    """

    is_full: bool = False
    rounds: int = 3

    def pick(self, quick: int, full: int) -> int:
        """A number of repetitions."""
        return full if self.is_full else quick


@dataclass(frozen=True, slots=True)
class Line:
    """One figure.

    Attributes:
        budget: its id, "B-1".
        what: in words.
        ours: the median.
        unit: "ms", "/s", "KB" or "".
        p95: the 95th percentile, where single times were taken.
        floor: the median of what it is compared with.
        floor_name: what that is.
        ratio: the median of the rounds' ratios.
        allowed: the budget in words.
        is_met: None when there is nothing to meet.
    """

    budget: str
    what: str
    ours: float
    unit: str
    p95: float | None = None
    floor: float | None = None
    floor_name: str = ""
    ratio: float | None = None
    allowed: str = ""
    is_met: bool | None = None


def median(values: Iterable[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def p95(values: Iterable[float]) -> float:
    """The value 95 of 100 do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(0.95 * len(ordered)) - 1)]


def in_turn(
    rounds: int, *measures: Callable[[], Sequence[float]]
) -> tuple[list[Sequence[float]], ...]:
    """Measure several things in turn, so that a noisy minute hits them all.

    Returns:
        Per measure, the values of each round.
    """
    found: tuple[list[Sequence[float]], ...] = tuple([] for _ in measures)
    for _ in range(rounds):
        for values, measure in zip(found, measures, strict=True):
            values.append(measure())
    return found


def ratio(ours: Sequence[Sequence[float]], floor: Sequence[Sequence[float]]) -> float:
    """The median over the rounds of ours : floor, each by its median."""
    return median(median(one) / median(other) for one, other in zip(ours, floor, strict=True))


def flat(rounds: Sequence[Sequence[float]]) -> list[float]:
    """All values of all rounds."""
    return [value for values in rounds for value in values]


def against_at_most(
    budget: str,
    what: str,
    ours: Sequence[Sequence[float]],
    floor: Sequence[Sequence[float]],
    *,
    floor_name: str,
    factor: float,
    unit: str = "ms",
    extra: float = 0.0,
    extra_name: str = "",
) -> Line:
    """A line for a time that may be ``factor`` times the floor, plus ``extra``."""
    allowed = median(flat(floor)) * factor + extra
    found = median(flat(ours))
    return Line(
        budget=budget,
        what=what,
        ours=found,
        unit=unit,
        p95=p95(flat(ours)),
        floor=median(flat(floor)),
        floor_name=floor_name,
        ratio=ratio(ours, floor),
        allowed=f"≤ {factor:g} × {floor_name}" + (f" + {extra_name}" if extra_name else ""),
        is_met=found <= allowed,
    )
