"""Two workers behind one port, with PostgreSQL and Redis: what holds in one holds across both."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest

from security_app.limits import PASSWORD_LIMITS_ACCOUNT
from tests.attacks.people import HOME, fresh_address, web
from tests.attacks.raw_client import STATE, RawClient, handler, new_token
from tests.conftest import POSTGRES_URL, REDIS_URL, require_service
from tests.server import Browser, Server

SESSIONS = "cards.sessions.state.SessionsState"
RENAME = handler(SESSIONS, "rename")
#: More than one worker takes in one go.
PAGES = 12

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.redis,
    pytest.mark.skipif(
        not Path("/proc/net/tcp").exists(), reason="which worker holds a socket is read in /proc"
    ),
]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    require_service("PostgreSQL", POSTGRES_URL)
    require_service("Redis", REDIS_URL)
    with Server({"WORKERS": "2", "REDIS_URL": REDIS_URL}, postgresql=True) as running:
        yield running


def sockets_per_process(server: Server) -> Counter[str]:
    """How many open connections to the server's port each of its processes holds."""
    owner = {
        target.removeprefix("socket:[").removesuffix("]"): descriptor.parts[2]
        for descriptor in Path("/proc").glob("[0-9]*/fd/*")
        if (target := _target(descriptor)).startswith("socket:[")
    }
    found: Counter[str] = Counter()
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        _, local, _, state, *_, inode = line.split()[:10]
        if int(local.partition(":")[2], 16) == server.port and state == "01":
            found[owner.get(inode, "?")] += 1
    return found


def _target(descriptor: Path) -> str:
    with contextlib.suppress(OSError):
        return str(descriptor.readlink())
    return ""


@contextlib.asynccontextmanager
async def pages_on_both(
    server: Server, browsers: Sequence[Browser]
) -> AsyncIterator[list[RawClient]]:
    """Open Security pages until each worker has some."""
    async with contextlib.AsyncExitStack() as stack:
        pages: list[RawClient] = []
        while len(pages) < PAGES or len(sockets_per_process(server)) < 2:
            assert len(pages) < 10 * PAGES, "one worker takes every connection"
            browser = browsers[len(pages) % len(browsers)]
            page = RawClient(server, browser=browser, path=HOME, source=fresh_address())
            pages.append(await stack.enter_async_context(page))
        for page in pages:
            await page.load()
        yield pages


async def test_s39_a_session_revoked_by_one_worker_leaves_the_pages_of_the_other(
    server: Server,
) -> None:
    person = server.add_account()
    token = server.add_session(person, kind="api", opened_by="api").session
    lost = server.add_session(person)
    async with pages_on_both(server, [lost]) as pages:
        async with web(server, headers={"Authorization": f"Bearer {token}"}) as client:
            answer = await client.delete(f"/api/v1/sessions/{lost.session_id}")
            assert answer.status_code == 204
        await asyncio.gather(*(page.until(lambda page=page: page.leave_to) for page in pages))
        before = server.dump()
        for page in pages:
            await page.call(
                RENAME, {"form": {"session_id": lost.session_id, "name": "after the end"}}
            )
        assert server.dump() == before


async def test_a_change_made_through_one_worker_shows_on_pages_of_both(server: Server) -> None:
    person = server.add_account()
    here = server.add_session(person)
    async with pages_on_both(server, [here, server.add_session(person)]) as pages:
        form = {"session_id": here.session_id, "name": "Kitchen tablet"}
        await pages[0].send(RENAME, {"form": form})
        await asyncio.gather(
            *(page.until(lambda page=page: "Kitchen tablet" in page.text) for page in pages)
        )


async def test_a_tab_that_comes_back_through_any_worker_goes_on_where_it_was(
    server: Server,
) -> None:
    """Its state is taken over from the worker that had it."""
    here = server.add_session(server.add_account())
    async with pages_on_both(server, [here]):
        token = new_token()
        for turn in range(6):
            async with tab(server, here, token) as page:
                # As a reconnect does: hashes come with a fresh page only.
                await page.send(f"{STATE}.hydrate_and_load", {"vars": {}})
                before = f"row-{turn - 1}" if turn else ""
                await page.until(
                    lambda page=page, before=before: page.value(SESSIONS, "renaming") == before
                )
                await page.call(handler(SESSIONS, "start_renaming"), {"session_id": f"row-{turn}"})


@contextlib.asynccontextmanager
async def tab(server: Server, browser: Browser, token: str) -> AsyncIterator[RawClient]:
    """A tab's socket, opened once the server has heard that the former one is gone."""
    for _ in range(200):
        page = RawClient(server, browser=browser, path=HOME, token=token, source=fresh_address())
        async with page:
            if page.token == token:
                yield page
                return
    raise AssertionError("the tab was never free")


async def test_s48_forty_guesses_at_once_through_both_get_five_looks(server: Server) -> None:
    person = server.add_account()

    async def guess(number: int) -> int:
        async with web(server, source=fresh_address()) as client:
            body = {"email": person.email, "password": f"wrong guess {number}"}
            return (await client.post("/api/v1/auth/sign-in", json=body)).status_code

    async with pages_on_both(server, [Browser()]):
        answers = Counter(await asyncio.gather(*map(guess, range(40))))
    looks = PASSWORD_LIMITS_ACCOUNT[0].hits
    assert answers == {401: looks, 429: 40 - looks}
