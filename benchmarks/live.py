"""B-9: how soon a screen leaves whose session was ended elsewhere."""

import asyncio
import re
import time

import httpx

from benchmarks import product
from benchmarks.browser import chromium, context_of
from benchmarks.figures import Line, Scale, median, p95
from benchmarks.product import PASSWORD, Server
from benchmarks.wire import SECURITY, Page, handler

_SIGN_OUT = handler("cards.sessions.state.SessionsState", "sign_out")


def leaving(scale: Scale) -> list[Line]:
    """B-9: on the socket and in a real browser."""
    with product.serving() as server:
        on_socket = asyncio.run(_on_socket(server, scale.rounds * scale.pick(10, 40)))
        in_browser = _in_browser(server, scale.rounds * scale.pick(2, 5))
    return [
        Line(
            budget="B-9",
            what="Sign out pressed → the other page is told to leave, same worker",
            ours=median(on_socket),
            unit="ms",
            p95=p95(on_socket),
            allowed="p95 ≤ 100 ms",
            is_met=p95(on_socket) <= 100,
        ),
        Line(
            budget="B-9",
            what="revoked by the API → the other browser shows the sign-in page",
            ours=median(in_browser),
            unit="ms",
            p95=p95(in_browser),
        ),
    ]


async def _on_socket(server: Server, count: int) -> list[float]:
    person = product.add_people(server, 1)[0]
    here = server.add_session(person)
    found: list[float] = []
    async with Page(server.base_url, path=SECURITY, cookie=here.header) as mine:
        await mine.load()
        for _ in range(count):
            there = server.add_session(person)
            async with Page(server.base_url, path=SECURITY, cookie=there.header) as other:
                await other.load()
                await asyncio.sleep(0.05)  # its follower listens by then
                start = time.perf_counter()
                frame = mine.event(_SIGN_OUT, {"session_id": there.session_id})
                await mine.send_text(frame)
                await other.until('"leave_to_rx_state_":"/sign-in')
                found.append((time.perf_counter() - start) * 1000)
    return found


def _in_browser(server: Server, count: int) -> list[float]:
    person = product.add_people(server, 1)[0]
    found: list[float] = []
    with chromium() as browser, httpx.Client(base_url=server.base_url) as api:
        body = {"email": person.email, "password": PASSWORD}
        token = api.post("/api/v1/auth/sign-in", json=body).json()["token"]
        bearer = {"Authorization": f"Bearer {token}"}
        for _ in range(count):
            there = server.add_session(person)
            with context_of(browser, server.base_url, there.cookies) as context:
                page = context.new_page()
                page.goto(SECURITY)
                page.locator('main[data-hydrated="true"]').wait_for()
                page.wait_for_timeout(200)
                start = time.perf_counter()
                api.delete(f"/api/v1/sessions/{there.session_id}", headers=bearer)
                page.wait_for_url(re.compile("/sign-in"), wait_until="commit")
                found.append((time.perf_counter() - start) * 1000)
    return found
