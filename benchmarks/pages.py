"""B-6, B-6b, B-6c: what a visit costs, cold and warm, against a bare Reflex page."""

from playwright.sync_api import Browser

from benchmarks import bare_app, product
from benchmarks.browser import FirstClick, Visit, chromium, context_of, visit
from benchmarks.figures import Line, Scale, against_at_most, median
from benchmarks.wire import SECURITY

_OURS = FirstClick(
    ready='main[data-hydrated="true"]',
    press='[data-testid="session-row"] [aria-label="Rename"]',
    done='[data-testid="session-row"] form',
)
_BARE = FirstClick(ready='main[data-hydrated="true"]', press="#count", done='[data-count="1"]')

Visits = list[Visit]


def on_a_desktop(scale: Scale) -> list[Line]:
    """B-6 and B-6c."""
    (cold, warm), (bare_cold, bare_warm) = _visits(scale.rounds * scale.pick(1, 3), is_slow=False)
    return [
        _size("cold: bytes over the wire", cold, bare_cold),
        _time("B-6", "cold: socket live", "hydrated_ms", cold, bare_cold, 1.25),
        _time("B-6", "cold: first click answered", "working_ms", cold, bare_cold, 1.25),
        _time("B-6", "warm: first click answered", "working_ms", warm, bare_warm, 1.25),
        Line(
            budget="B-6c",
            what="requests of a second visit",
            ours=max(one.requests for one in warm),
            unit="",
            floor=max(one.requests for one in bare_warm),
            floor_name="bare Reflex",
            allowed="1",
            is_met=max(one.requests for one in warm) == 1,
        ),
        Line(
            budget="B-6c",
            what="bytes of a second visit",
            ours=median(one.received_kb for one in warm),
            unit="KB",
            floor=median(one.received_kb for one in bare_warm),
            floor_name="bare Reflex",
        ),
    ]


def on_a_phone(scale: Scale) -> list[Line]:
    """B-6b."""
    (cold, warm), (bare_cold, bare_warm) = _visits(scale.rounds * scale.pick(1, 2), is_slow=True)
    return [
        _time("B-6b", "cold: first click answered", "working_ms", cold, bare_cold, 1.15),
        _time("B-6b", "warm: first click answered", "working_ms", warm, bare_warm, 1.15),
    ]


def _visits(count: int, *, is_slow: bool) -> tuple[tuple[Visits, Visits], tuple[Visits, Visits]]:
    ours: tuple[Visits, Visits] = ([], [])
    floor: tuple[Visits, Visits] = ([], [])
    with product.serving(behind_proxy=False) as server, bare_app.serving() as bare:
        person = product.add_people(server, 1)[0]
        cookies = server.add_session(person).cookies
        with chromium() as browser:
            for number in range(count + 1):
                mine = _twice(browser, server.base_url, SECURITY, _OURS, cookies, is_slow)
                theirs = _twice(browser, bare.base_url, "/", _BARE, {}, is_slow)
                if number == 0:
                    continue  # the servers read their files for the first time
                for cold_and_warm, pair in ((ours, mine), (floor, theirs)):
                    for kept, one in zip(cold_and_warm, pair, strict=True):
                        kept.append(one)
    return ours, floor


def _twice(
    browser: Browser,
    base_url: str,
    path: str,
    first: FirstClick,
    cookies: dict[str, str],
    is_slow: bool,
) -> tuple[Visit, Visit]:
    with context_of(browser, base_url, cookies) as context:
        return (
            visit(context, path, first, is_slow=is_slow),
            visit(context, path, first, is_slow=is_slow),
        )


def _time(budget: str, what: str, field: str, ours: Visits, floor: Visits, factor: float) -> Line:
    return against_at_most(
        budget,
        what,
        [[getattr(one, field)] for one in ours],
        [[getattr(one, field)] for one in floor],
        floor_name="bare Reflex",
        factor=factor,
    )


def _size(what: str, ours: Visits, floor: Visits) -> Line:
    return against_at_most(
        "B-6",
        what,
        [[one.received_kb] for one in ours],
        [[one.received_kb] for one in floor],
        floor_name="bare Reflex",
        factor=1.15,
        unit="KB",
    )
