"""B-10, B-11, B-15: events per second with the guard, memory of open pages, two workers."""

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import bare_app, product
from benchmarks.bare_app import COUNTED, INCREMENT, BareServer
from benchmarks.figures import Line, Scale, flat, in_turn, median, ratio
from benchmarks.product import Server
from benchmarks.wire import SECURITY, Page, handler

_SOCKETS = 50
_START_RENAMING = handler("cards.sessions.state.SessionsState", "start_renaming")
_PEOPLE = 20
_ALLOWED_KB = 250


def throughput(scale: Scale) -> list[Line]:
    """B-10: events a second, one worker, 50 sockets."""
    lasting_s = scale.pick(4, 15)
    with product.serving() as server, bare_app.serving() as bare:
        cookies = _cookies(server, _SOCKETS)
        ours, floor = in_turn(
            scale.rounds,
            lambda: [_our_rate(server, cookies, lasting_s)],
            lambda: [asyncio.run(_rate(_bare_pages(bare, _SOCKETS), _bare_events, lasting_s))],
        )
    found = ratio(ours, floor)
    return [
        Line(
            budget="B-10",
            what=f"events on {_SOCKETS} sockets, guard and session check included",
            ours=median(flat(ours)),
            unit="/s",
            floor=median(flat(floor)),
            floor_name="bare Reflex",
            ratio=found,
            allowed="≥ 0.5 × bare Reflex",
            is_met=found >= 0.5,
        )
    ]


def memory(scale: Scale) -> list[Line]:
    """B-11: what one more open page costs the server."""
    count = scale.pick(200, 2000)
    with product.serving() as server, bare_app.serving() as bare:
        cookies = _cookies(server, count)
        assert server._process is not None
        ours = asyncio.run(_kb_per_page(server._process.pid, _our_pages(server, cookies)))
        floor = asyncio.run(_kb_per_page(bare.pid, _bare_pages(bare, count)))
    return [
        Line(
            budget="B-11",
            what=f"memory (PSS) per open Security page, {count} open",
            ours=ours,
            unit="KB",
            floor=floor,
            floor_name="a bare Reflex page",
            ratio=ours / floor if floor else None,
            allowed=f"≤ bare Reflex + {_ALLOWED_KB} KB",
            is_met=ours <= floor + _ALLOWED_KB,
        )
    ]


def workers(scale: Scale) -> list[Line]:
    """B-15: what a second worker adds; both keep states in Redis, rows in PostgreSQL."""
    lasting_s = scale.pick(4, 15)
    with product.serving_workers(1) as one, product.serving_workers(2) as two:
        of_one, of_two = _cookies(one, _SOCKETS), _cookies(two, _SOCKETS)
        ours, floor = in_turn(
            scale.rounds,
            lambda: [_our_rate(two, of_two, lasting_s)],
            lambda: [_our_rate(one, of_one, lasting_s)],
        )
    found = ratio(ours, floor)
    return [
        Line(
            budget="B-15",
            what=f"events on {_SOCKETS} sockets, two workers beside the measuring client",
            ours=median(flat(ours)),
            unit="/s",
            floor=median(flat(floor)),
            floor_name="one worker",
            ratio=found,
            allowed="≥ 1.6 × one worker",
            is_met=found >= 1.6,
        )
    ]


def _our_rate(server: Server, cookies: Sequence[str], lasting_s: int) -> float:
    return asyncio.run(_rate(_our_pages(server, cookies), _our_events, lasting_s))


def _cookies(server: Server, count: int) -> list[str]:
    people = product.add_people(server, _PEOPLE)
    return [server.add_session(people[number % _PEOPLE]).header for number in range(count)]


def _our_pages(server: Server, cookies: Sequence[str]) -> list[Page]:
    return [Page(server.base_url, path=SECURITY, cookie=cookie) for cookie in cookies]


def _bare_pages(bare: BareServer, count: int) -> list[Page]:
    return [Page(bare.base_url, path="/") for _ in range(count)]


def _our_events(page: Page) -> tuple[list[str], str]:
    names = ("one", "other")
    return [page.event(_START_RENAMING, {"session_id": name}) for name in names], "renaming_rx"


def _bare_events(page: Page) -> tuple[list[str], str]:
    return [page.event(INCREMENT)] * 2, COUNTED


async def _rate(
    pages: Sequence[Page], events: Callable[[Page], tuple[list[str], str]], lasting_s: int
) -> float:
    answered = 0

    async def click(page: Page, end: float) -> None:
        nonlocal answered
        frames, marker = events(page)
        turn = 0
        while time.perf_counter() < end:
            await page.ask(frames[turn], marker)
            answered += 1
            turn = 1 - turn

    async with contextlib.AsyncExitStack() as stack:
        for page in pages:
            await stack.enter_async_context(page)
            await page.load()
        start = time.perf_counter()
        await asyncio.gather(*(click(page, start + lasting_s) for page in pages))
        return answered / (time.perf_counter() - start)


async def _kb_per_page(pid: int, pages: Sequence[Page]) -> float:
    # A few first: what is loaded once does not belong to a page.
    warm, rest = pages[:10], pages[10:]
    async with contextlib.AsyncExitStack() as stack:
        for page in warm:
            await stack.enter_async_context(page)
            await page.load()
        await asyncio.sleep(0.5)
        before = _pss_kb(pid)
        for page in rest:
            await stack.enter_async_context(page)
            await page.load()
        await asyncio.sleep(0.5)
        return (_pss_kb(pid) - before) / len(rest)


def _pss_kb(pid: int) -> float:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    assert found is not None
    return float(found[1])
