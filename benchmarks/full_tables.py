"""B-7, B-8, B-8b: nothing may grow with what is stored."""

import asyncio
import time

from benchmarks import product
from benchmarks.figures import Line, Scale, against_at_most, in_turn, median
from benchmarks.product import Person, Server
from benchmarks.wire import SECURITY, Http, Page, handler

_LIVE = (1, 10, 100, 500)
_ENDED = 10_000
_HISTORY = 10_000
_TABLE = 100_000
_START_RENAMING = handler("cards.sessions.state.SessionsState", "start_renaming")
_LOAD = handler("cards.sessions.state.SessionsState", "load")
_RENAME = handler("cards.sessions.state.SessionsState", "rename")
_SOURCE = {"X-Forwarded-For": "10.9.0.1"}


def sessions_card(scale: Scale) -> list[Line]:
    """B-7: the card and the page, by how many sessions there are."""
    count = scale.pick(30, 100)
    with product.serving() as server:
        cookies = {live: _person_with(server, live) for live in _LIVE}
        cards = in_turn(
            scale.rounds,
            *(lambda c=cookies[live]: asyncio.run(_card(server, c, count)) for live in _LIVE),
        )
        pages = in_turn(
            scale.rounds,
            *(lambda c=cookies[live]: asyncio.run(_page(server, c, count // 3)) for live in _LIVE),
        )
    lines: list[Line] = []
    for what, times in (("Sessions card", cards), ("whole Security page", pages)):
        for live, found in zip(_LIVE[1:], times[1:], strict=True):
            lines.append(
                against_at_most(
                    "B-7",
                    f"{what}: {live} live, {_ENDED:,} ended, history of {_HISTORY:,}",
                    found,
                    times[0],
                    floor_name="one live session, nothing else",
                    factor=1.2,
                )
            )
    return lines


def writes(scale: Scale) -> list[Line]:
    """B-8: sign-in, revoke and history write, against a fresh database."""
    count = scale.pick(20, 100)
    with product.serving() as full, product.serving() as fresh:
        (owner,), (novice,) = product.add_people(full, 1), product.add_people(fresh, 1)
        _fill(full, owner)
        lines: list[Line] = []
        for what, measure in (
            ("sign-in", _sign_ins),
            ("sign out one session", _revokes),
            ("name a session: a row of the security log", _renames),
        ):
            ours, floor = in_turn(
                scale.rounds,
                lambda m=measure: asyncio.run(m(full, owner, count)),
                lambda m=measure: asyncio.run(m(fresh, novice, count)),
            )
            lines.append(
                against_at_most(
                    "B-8",
                    f"{what}: {_HISTORY:,} rows on the account, {_TABLE:,} in the table",
                    ours,
                    floor,
                    floor_name="an empty database",
                    factor=1.2,
                )
            )
    return lines


def sign_out_others(scale: Scale) -> list[Line]:
    """B-8b: the one button, with 500 live and 10,000 ended sessions."""
    with product.serving() as server:
        rounds = [_others(server) for _ in range(scale.rounds)]
    slowest, left = max(time_ms for time_ms, _ in rounds), max(left for _, left in rounds)
    return [
        Line(
            budget="B-8b",
            what=f"sign out all others: 500 live, {_ENDED:,} ended",
            ours=median(time_ms for time_ms, _ in rounds),
            unit="ms",
            p95=slowest,
            allowed="< 100 ms",
            is_met=slowest < 100,
        ),
        Line(
            budget="B-8b",
            what="sessions left",
            ours=left,
            unit="",
            allowed="exactly one",
            is_met=left == 1,
        ),
    ]


def _person_with(server: Server, live: int) -> str:
    person = product.add_people(server, 1)[0]
    browser = server.add_session(person)
    if live > 1:
        product.add_sessions(server, person, live - 1)
        product.add_sessions(server, person, _ENDED, is_ended=True)
        product.add_history(server, person, _HISTORY)
    return browser.header


def _fill(server: Server, owner: Person) -> None:
    product.add_sessions(server, owner, _HISTORY, is_ended=True)
    product.add_history(server, owner, _HISTORY)
    for person in product.add_people(server, 9):
        product.add_sessions(server, person, _HISTORY, is_ended=True)
        product.add_history(server, person, _HISTORY)


async def _card(server: Server, cookie: str, count: int) -> list[float]:
    async with Page(server.base_url, path=SECURITY, cookie=cookie) as page:
        await page.load()
        found: list[float] = []
        for number in range(count):
            # An unchanged list sends nothing back: the click behind it tells when it is done.
            start = time.perf_counter()
            await page.send_text(page.event(_LOAD))
            name = {"session_id": str(number % 2)}
            await page.ask(page.event(_START_RENAMING, name), "renaming_rx_state_")
            found.append((time.perf_counter() - start) * 1000)
        return found


async def _page(server: Server, cookie: str, count: int) -> list[float]:
    found: list[float] = []
    for _ in range(count):
        start = time.perf_counter()
        async with Page(server.base_url, path=SECURITY, cookie=cookie) as page:
            await page.load()
            found.append((time.perf_counter() - start) * 1000)
    return found


async def _sign_in(line: Http, person: Person) -> str:
    body = {"email": person.email, "password": person.password}
    status, answer = await line.ask_json("POST", "/api/v1/auth/sign-in", body, _SOURCE)
    assert status == 200, answer
    return answer["token"]


async def _sign_ins(server: Server, person: Person, count: int) -> list[float]:
    found: list[float] = []
    async with Http(server.base_url) as line:
        for _ in range(count):
            start = time.perf_counter()
            await _sign_in(line, person)
            found.append((time.perf_counter() - start) * 1000)
    return found


async def _revokes(server: Server, person: Person, count: int) -> list[float]:
    ids = [server.add_session(person).session_id for _ in range(count)]
    found: list[float] = []
    async with Http(server.base_url) as line:
        bearer = {"Authorization": f"Bearer {await _sign_in(line, person)}"} | _SOURCE
        for session_id in ids:
            start = time.perf_counter()
            status, _, _ = await line.ask("DELETE", f"/api/v1/sessions/{session_id}", b"", bearer)
            found.append((time.perf_counter() - start) * 1000)
            assert status == 204
    return found


async def _renames(server: Server, person: Person, count: int) -> list[float]:
    browser = server.add_session(person)
    found: list[float] = []
    async with Page(server.base_url, path="/sign-in", cookie=browser.header) as page:
        await page.load()
        for number in range(count):
            name = f"Name {number}"
            form = {"session_id": browser.session_id, "name": name}
            start = time.perf_counter()
            await page.ask(page.event(_RENAME, {"form": form}), name)
            found.append((time.perf_counter() - start) * 1000)
    server.session_row(browser.session_id)
    return found


def _others(server: Server) -> tuple[float, int]:
    person = product.add_people(server, 1)[0]
    product.add_sessions(server, person, _ENDED, is_ended=True)
    product.add_sessions(server, person, 499)

    async def press() -> tuple[float, int]:
        async with Http(server.base_url) as line:
            bearer = {"Authorization": f"Bearer {await _sign_in(line, person)}"} | _SOURCE
            start = time.perf_counter()
            status, answer = await line.ask_json(
                "POST", "/api/v1/sessions/sign-out-others", None, bearer
            )
            taken = (time.perf_counter() - start) * 1000
            assert (status, answer["ended_sessions"]) == (200, 499), answer
            _, left = await line.ask_json("GET", "/api/v1/sessions", None, bearer)
            return taken, len(left["items"])

    return asyncio.run(press())
