"""Changing the password over the API (S-04, S-05, S-48)."""

import asyncio

import pytest
from httpx import AsyncClient
from sqlmodel import select

from security_app.db.engine import Database
from security_app.db.tables import SecurityEvent
from tests.api.people import NEW_PASSWORD, PASSWORD, Person, ReadMails, SignIn
from tests.api.refusals import assert_problem, fields_of

CHANGE = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}


async def test_a_change_ends_the_other_sessions_and_keeps_this_one(
    sign_in: SignIn, ada: Person, eve: Person, mails: ReadMails, database: Database
) -> None:
    here, there, also_there = [await sign_in(ada) for _ in range(3)]
    somebody_else = await sign_in(eve)
    answer = await here.post("/auth/password", json=CHANGE)
    assert (answer.status_code, answer.json()) == (200, {"ended_sessions": 2})
    assert (await here.get("/me")).status_code == 200
    assert (await somebody_else.get("/me")).status_code == 200
    for ended in (there, also_there):
        assert_problem(await ended.get("/me"), 401, "sign_in_required")
    assert [kind for kind, _, _ in await mails()] == ["password_changed"]
    async with database.reading() as db:
        events = (await db.exec(select(SecurityEvent.action, SecurityEvent.detail))).all()
    assert events == [("password.changed", "2")]


async def test_afterwards_only_the_new_password_signs_in(
    client: AsyncClient, as_ada: AsyncClient, ada: Person
) -> None:
    await as_ada.post("/auth/password", json=CHANGE)
    old = await client.post("/auth/sign-in", json={"email": ada.email, "password": PASSWORD})
    assert_problem(old, 401, "invalid_credentials")
    new = await client.post("/auth/sign-in", json={"email": ada.email, "password": NEW_PASSWORD})
    assert new.status_code == 200


async def test_a_wrong_current_password_changes_nothing(
    client: AsyncClient, as_ada: AsyncClient, ada: Person
) -> None:
    answer = await as_ada.post("/auth/password", json=CHANGE | {"current_password": "wrong-1"})
    problem = assert_problem(answer, 401, "wrong_password")
    assert fields_of(problem) == ["current_password"]
    old = await client.post("/auth/sign-in", json={"email": ada.email, "password": PASSWORD})
    assert old.status_code == 200


@pytest.mark.parametrize(
    ("new_password", "reason"),
    [
        ("short-7", "8 characters"),
        ("password1", "common"),
        (PASSWORD, "current password"),
        ("ada@example.com1", "e-mail address"),
    ],
)
async def test_a_new_password_that_breaks_a_rule_is_refused(
    as_ada: AsyncClient, new_password: str, reason: str
) -> None:
    answer = await as_ada.post("/auth/password", json=CHANGE | {"new_password": new_password})
    problem = assert_problem(answer, 422, "password_refused")
    assert fields_of(problem) == ["new_password"]
    assert reason in problem["detail"]


@pytest.mark.parametrize("missing", ["current_password", "new_password"])
async def test_both_passwords_are_needed(as_ada: AsyncClient, missing: str) -> None:
    body = {name: text for name, text in CHANGE.items() if name != missing}
    problem = assert_problem(await as_ada.post("/auth/password", json=body), 422, "invalid_field")
    assert fields_of(problem) == [missing]


async def test_100_parallel_wrong_guesses_evaluate_at_most_5(
    as_ada: AsyncClient, ada: Person
) -> None:
    wrong = CHANGE | {"current_password": "wrong-guess-1"}
    answers = await asyncio.gather(*(as_ada.post("/auth/password", json=wrong) for _ in range(100)))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(401) == 5
    assert statuses.count(429) == 95
    right = await as_ada.post("/auth/password", json=CHANGE)
    assert_problem(right, 429, "too_many_attempts")


async def test_of_two_parallel_changes_one_wins(
    sign_in: SignIn, client: AsyncClient, ada: Person
) -> None:
    one, two = await sign_in(ada), await sign_in(ada)
    first, second = await asyncio.gather(
        one.post("/auth/password", json=CHANGE),
        two.post("/auth/password", json=CHANGE | {"new_password": "third-way-out-3"}),
    )
    statuses = sorted((first.status_code, second.status_code))
    assert statuses[0] == 200
    assert statuses[1] in {401, 409}
    password = NEW_PASSWORD if first.status_code == 200 else "third-way-out-3"
    answer = await client.post("/auth/sign-in", json={"email": ada.email, "password": password})
    assert answer.status_code == 200
    # The winner ended the loser's session in the same commit.
    alive = [(await caller.get("/me")).status_code for caller in (one, two)]
    assert sorted(alive) == [200, 401]


async def test_without_a_second_factor_its_fields_are_not_looked_at(as_ada: AsyncClient) -> None:
    answer = await as_ada.post("/auth/password", json=CHANGE | {"code": "123456", "method": None})
    assert answer.status_code == 200
