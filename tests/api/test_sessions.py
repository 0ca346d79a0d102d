"""Sessions over the API (S-35, S-40, S-56)."""

import asyncio
from datetime import timedelta

import pytest
import time_machine
from httpx import AsyncClient
from sqlmodel import select

from security_app.accounts.tokens import digest, new_token
from security_app.clock import now
from security_app.db.engine import Database
from security_app.db.tables import SecurityEvent, Session, new_id
from tests.api.people import FIREFOX, Person, SignIn
from tests.api.refusals import assert_problem, fields_of

FIELDS = {
    "id",
    "kind",
    "name",
    "device",
    "location",
    "ip",
    "opened_by",
    "2fa_verified",
    "signed_in_at",
    "last_active_at",
    "current",
}


async def add_sessions(database: Database, person: Person, count: int) -> None:
    at = now()
    async with database.transaction() as db:
        for index in range(count):
            db.add(
                Session(
                    id=new_id(),
                    account_id=person.id,
                    secret_hash=digest(new_token()),
                    kind="browser",
                    opened_by="password",
                    opened_at=at - timedelta(hours=2),
                    # Some at the very same instant: the cursor must not skip or repeat them.
                    last_active_at=at - timedelta(minutes=1 + index // 3),
                    expires_at=at + timedelta(days=1),
                )
            )


async def test_the_list_shows_own_sessions_newest_first(
    sign_in: SignIn, ada: Person, eve: Person
) -> None:
    await sign_in(eve)
    await sign_in(ada, ip="81.2.69.160", user_agent=FIREFOX)
    caller = await sign_in(ada, ip="192.168.1.9")
    body = (await caller.get("/sessions")).json()
    assert set(body) == {"items", "next"}
    assert body["next"] is None
    first, second = body["items"]
    assert set(first) == set(second) == FIELDS
    assert (first["current"], second["current"]) == (True, False)
    assert (first["device"], first["location"], first["kind"]) == ("curl", "Local network", "api")
    assert (second["device"], second["location"]) == ("Firefox on Linux", "United Kingdom")
    assert second["ip"] == "81.2.69.160"
    assert first["2fa_verified"] is False
    assert first["signed_in_at"].endswith("Z")


async def test_paging_shows_every_row_once(
    as_ada: AsyncClient, ada: Person, database: Database
) -> None:
    await add_sessions(database, ada, 25)
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await as_ada.get("/sessions", params={"limit": 4, "cursor": cursor})).json()
        assert 0 < len(page["items"]) <= 4
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 26


async def test_a_foreign_cursor_tells_nothing(
    as_ada: AsyncClient, eve: Person, sign_in: SignIn
) -> None:
    foreign = (await (await sign_in(eve)).get("/sessions")).json()["items"][0]["id"]
    plain = (await as_ada.get("/sessions")).json()
    for cursor in (foreign, "A" * 20, ""):
        assert (await as_ada.get("/sessions", params={"cursor": cursor})).json() == plain


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"limit": "1e3"}, "limit"),
        ({"limit": "9" * 5000}, "limit"),
        ({"cursor": "x" * 25}, "cursor"),
        ({"cursor": "a\x00b"}, "cursor"),
        ({"cursor": "' or 1=1 --"}, "cursor"),
    ],
)
@pytest.mark.parametrize("path", ["/sessions", "/login-history"])
async def test_paging_parameters_are_bounded(
    as_ada: AsyncClient, path: str, params: dict[str, str], field: str
) -> None:
    answer = await as_ada.get(path, params=params)
    problem = assert_problem(answer, 422, "invalid_field")
    assert fields_of(problem) == [field]
    assert params[field] not in answer.text


async def test_signing_out_one_session_ends_it_at_once(
    as_ada: AsyncClient, ada: Person, sign_in: SignIn, database: Database
) -> None:
    other = await sign_in(ada)
    [row] = [
        item for item in (await as_ada.get("/sessions")).json()["items"] if not item["current"]
    ]
    answer = await as_ada.delete(f"/sessions/{row['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert_problem(await other.get("/me"), 401, "sign_in_required")
    assert len((await as_ada.get("/sessions")).json()["items"]) == 1
    async with database.reading() as db:
        events = (await db.exec(select(SecurityEvent.action, SecurityEvent.detail))).all()
    assert events == [("session.ended", row["id"])]
    assert_problem(await as_ada.delete(f"/sessions/{row['id']}"), 404, "not_found")


async def test_foreign_unknown_and_impossible_ids_look_alike(
    as_ada: AsyncClient, eve: Person, sign_in: SignIn
) -> None:
    as_eve = await sign_in(eve)
    foreign = (await as_eve.get("/sessions")).json()["items"][0]["id"]
    for session_id in (foreign, "A" * 20):
        problem = assert_problem(await as_ada.delete(f"/sessions/{session_id}"), 404, "not_found")
        assert problem["detail"] == "That session has already ended."
    for session_id in ("A" * 25, "%00", "a%00b", "..%2F..", "%FF", "%F0%9F%94%91", "a%20b"):
        assert_problem(await as_ada.delete(f"/sessions/{session_id}"), 404, "not_found")
    assert (await as_eve.get("/me")).status_code == 200


async def test_parallel_sign_outs_of_one_session_succeed_once(
    as_ada: AsyncClient, ada: Person, sign_in: SignIn, database: Database
) -> None:
    await sign_in(ada)
    [row] = [
        item for item in (await as_ada.get("/sessions")).json()["items"] if not item["current"]
    ]
    answers = await asyncio.gather(*(as_ada.delete(f"/sessions/{row['id']}") for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [204] + [404] * 9
    async with database.reading() as db:
        assert (await db.exec(select(SecurityEvent.action))).all() == ["session.ended"]


async def test_ending_the_own_session_is_signing_out(as_ada: AsyncClient) -> None:
    [row] = (await as_ada.get("/sessions")).json()["items"]
    assert (await as_ada.delete(f"/sessions/{row['id']}")).status_code == 204
    assert_problem(await as_ada.get("/me"), 401, "sign_in_required")


async def test_sign_out_others_leaves_exactly_this_one(
    as_ada: AsyncClient, ada: Person, eve: Person, sign_in: SignIn, database: Database
) -> None:
    await add_sessions(database, ada, 12)
    as_eve = await sign_in(eve)
    answer = await as_ada.post("/sessions/sign-out-others")
    assert (answer.status_code, answer.json()) == (200, {"ended_sessions": 12})
    [row] = (await as_ada.get("/sessions")).json()["items"]
    assert row["current"] is True
    assert (await as_ada.post("/sessions/sign-out-others")).json() == {"ended_sessions": 0}
    assert (await as_eve.get("/me")).status_code == 200


async def test_two_who_sign_each_other_out_leave_at_most_one(ada: Person, sign_in: SignIn) -> None:
    callers = [await sign_in(ada) for _ in range(4)]
    await asyncio.gather(*(caller.post("/sessions/sign-out-others") for caller in callers))
    alive = [(await caller.get("/me")).status_code for caller in callers]
    assert alive.count(200) <= 1


async def test_the_501st_session_takes_the_place_of_the_idlest(
    as_ada: AsyncClient, ada: Person, sign_in: SignIn, database: Database
) -> None:
    await add_sessions(database, ada, 499)
    newest = await sign_in(ada)
    page = (await newest.get("/sessions", params={"limit": 100})).json()
    count = len(page["items"])
    while page["next"]:
        params = {"limit": 100, "cursor": page["next"]}
        page = (await newest.get("/sessions", params=params)).json()
        count += len(page["items"])
    assert count == 500
    assert (await as_ada.get("/me")).status_code == 200


async def test_use_moves_last_activity_at_most_once_a_minute(
    as_ada: AsyncClient, database: Database
) -> None:
    async def last_active() -> list[object]:
        async with database.reading() as db:
            return list((await db.exec(select(Session.last_active_at))).all())

    start = now()
    before = await last_active()
    with time_machine.travel(start + timedelta(seconds=50)):
        await as_ada.get("/me")
    assert await last_active() == before
    with time_machine.travel(start + timedelta(seconds=70)):
        await as_ada.get("/me")
    assert await last_active() != before
