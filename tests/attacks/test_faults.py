"""When the database fails: a calm sentence with a reference, nothing half done, and back again."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import text

from tests.attacks.conftest import Victim, make_victim
from tests.attacks.people import HOME, SIGN_IN, fresh_address, sign_in, web
from tests.attacks.raw_client import RawClient, handler
from tests.server import Browser, Server

SESSIONS = "cards.sessions.state.SessionsState"
NOTICES = "web.notices.NoticesState"
#: What an answer to a person never holds (S-79).
LEAKS = re.compile(
    r"Traceback|sqlite|psycopg|SELECT |UPDATE |no such table|does not exist|site-packages"
    r"|\.py\b|OperationalError|ProgrammingError|locked",
    re.IGNORECASE,
)


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server of this file's own: these tests disturb everybody."""
    if request.param == "postgresql":
        from tests.conftest import POSTGRES_URL, require_service

        require_service("PostgreSQL", POSTGRES_URL)
    with Server(postgresql=request.param == "postgresql") as running:
        yield running


@pytest.fixture
def victim(server: Server) -> Victim:
    return make_victim(server)


@contextlib.contextmanager
def _without_table(server: Server, table: str) -> Iterator[None]:
    """Take a table away, as a restore gone wrong would."""
    with server.engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO {table}_away"))
    try:
        yield
    finally:
        with server.engine.begin() as connection:
            connection.execute(text(f"ALTER TABLE {table}_away RENAME TO {table}"))


def _notices(page: RawClient) -> list[str]:
    return [notice["text"] for notice in page.value(NOTICES, "notices") or []]


def _faults(server: Server) -> int:
    return server.log_text().count('"event": "fault"')


@contextlib.asynccontextmanager
async def _loaded(server: Server, browser: Browser) -> AsyncIterator[RawClient]:
    async with RawClient(server, browser=browser, path=HOME) as page:
        await page.load()
        yield page


async def test_a_failing_card_says_so_with_a_reference_and_recovers(
    server: Server, victim: Victim
) -> None:
    async with _loaded(server, victim.here) as page:
        before = _faults(server)
        with _without_table(server, "sign_in_attempt"):
            await page.send(handler("cards.sign_ins.state.SignInsState", "load"))
            await page.until(lambda: _notices(page))
        (notice,) = _notices(page)
        reference = re.search(r"Reference: ([0-9a-f]{8})$", notice)
        assert reference
        assert reference[1] in server.log_text()
        assert _faults(server) == before + 1
        assert not LEAKS.search(page.text)
        await page.call(handler(SESSIONS, "load"))
        assert len(page.value(SESSIONS, "rows")) == 2


async def test_a_guard_without_its_table_lets_nobody_in_and_does_not_run_wild(
    server: Server, victim: Victim
) -> None:
    """S-90: authentication fails closed; the report of a fault must not cause the next one."""
    async with _loaded(server, victim.here) as page:
        before = _faults(server)
        seen = len(page.frames)
        with _without_table(server, "session"):
            await page.send(handler(SESSIONS, "load"))
            # Anonymous tabs need no session row: they go on, and pace this test.
            async with RawClient(server, path="/sign-in") as other:
                for _ in range(20):
                    await other.fence()
            assert _faults(server) <= before + 2
            await page.until(lambda: _notices(page))
        new = "\n".join(page.frames[seen:])
        victim.assert_absent(new)
        assert not LEAKS.search(new)
        await page.call(handler(SESSIONS, "load"))
        assert len(page.value(SESSIONS, "rows")) == 2


async def test_a_refused_write_is_said_in_words_and_leaves_nothing(
    server: Server, victim: Victim
) -> None:
    async with _loaded(server, victim.here) as page:
        before = server.dump()
        with _without_table(server, "security_event"):
            form = {"session_id": victim.there.session_id, "name": "half written"}
            await page.send(handler(SESSIONS, "rename"), {"form": form})
            await page.until(lambda: page.value(SESSIONS, "errors") or _notices(page))
        assert server.dump() == before
        assert not LEAKS.search(page.text)


async def test_a_sign_in_without_a_history_opens_nothing(server: Server, victim: Victim) -> None:
    """S-82: what cannot be written down does not happen."""
    before = server.dump()
    async with RawClient(server, source=fresh_address()) as page:
        await page.load()
        with _without_table(server, "sign_in_attempt"):
            form = {"email": victim.person.email, "password": victim.person.password}
            await page.send(SIGN_IN, {"form": form})
            await page.until(
                lambda: page.value("web.entry.sign_in.SignInState", "errors") or _notices(page)
            )
        assert page.ticket == ""
        assert not LEAKS.search(page.text)
    after = server.dump()
    for table in ("session", "ticket", "sign_in_attempt", "known_browser", "account"):
        assert after[table] == before[table], table
    assert (await sign_in(server, victim.person)).session


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/sessions", "/api/v1/health/ready"])
async def test_http_answers_a_fault_without_saying_what(
    server: Server, victim: Victim, path: str
) -> None:
    token = server.add_session(victim.person, kind="api", opened_by="api").session
    headers = {"Authorization": f"Bearer {token}"}
    async with web(server, headers=headers) as client:
        with _without_table(server, "session"), _without_table(server, "account"):
            response = await client.get(path)
        again = await client.get(path)
    assert response.status_code in ({200, 503} if "health" in path else {500, 503})
    assert not LEAKS.search(response.text)
    victim.assert_absent(response.text)
    assert again.status_code == 200


async def test_the_form_routes_answer_a_fault_without_saying_what(
    server: Server, victim: Victim
) -> None:
    headers = {"Origin": server.base_url, "Cookie": victim.here.header}
    async with web(server, headers=headers) as client:
        with _without_table(server, "session"), _without_table(server, "ticket"):
            answers = [
                await client.post("/auth/session", data={"ticket": "x"}),
                await client.post("/auth/sign-out"),
            ]
    for answer in answers:
        assert answer.status_code in {500, 503}
        assert not LEAKS.search(answer.text)
        assert "set-cookie" not in answer.headers
    assert server.session_row(victim.here.session_id).ended_at is None


async def test_a_held_write_lock_is_waited_for_and_then_said(
    server: Server, victim: Victim
) -> None:
    """S-87: "locked" never surfaces; reading goes on meanwhile."""
    if server.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL has no lock on the whole database to hold")
    lock = server.engine.connect()
    lock.execute(text("BEGIN IMMEDIATE"))
    try:
        async with (
            _loaded(server, victim.there) as other,
            _loaded(server, victim.here) as page,
        ):
            form = {"session_id": victim.there.session_id, "name": "waits"}
            await page.send(handler(SESSIONS, "rename"), {"form": form})
            await other.call(handler(SESSIONS, "load"))
            assert len(other.value(SESSIONS, "rows")) == 2
            await page.until(lambda: page.value(SESSIONS, "errors"))
            assert not LEAKS.search(page.text)
            assert "storage" in page.value(SESSIONS, "errors")["form"]
    finally:
        lock.execute(text("ROLLBACK"))
        lock.close()
    assert server.session_row(victim.there.session_id).name == victim.session_name


JSON = {"Content-Type": "application/json"}


async def test_errors_hold_no_place_or_version(server: Server) -> None:
    """S-79: whatever is asked for, however wrongly."""
    wrong = [
        ("GET", "/no/such/page", {}),
        ("GET", "/assets/../../etc/passwd", {}),
        ("GET", "/assets/%2e%2e/%2e%2e/rxconfig.py", {}),
        ("GET", "/%00", {}),
        ("GET", "/api/v1/no-such", {}),
        ("POST", "/api/v1/auth/sign-in", {"content": b"{", "headers": JSON}),
        ("POST", "/api/v1/auth/sign-in", {"json": {"email": {"a": 1}, "password": ["x"]}}),
        ("PUT", "/auth/session", {}),
        ("GET", "/_event/", {}),
        ("GET", "/_event/?EIO=9&transport=websocket", {}),
    ]  # fmt: skip
    async with web(server) as client:
        answers = await asyncio.gather(
            *(client.request(method, path, **more) for method, path, more in wrong)
        )
    for (method, path, _), answer in zip(wrong, answers, strict=True):
        assert answer.status_code != 500, (method, path)
        if "html" not in answer.headers.get("content-type", ""):
            assert not LEAKS.search(answer.text), (method, path)
        assert "server" not in answer.headers
        assert "x-powered-by" not in answer.headers
        assert "root:" not in answer.text
