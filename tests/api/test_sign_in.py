"""Signing in and out over the API (S-35, S-39, S-47, S-48, S-52)."""

import asyncio
from datetime import datetime, timedelta

import pytest
import time_machine
from httpx import AsyncClient
from sqlalchemy import update
from sqlmodel import col, select

from security_app.accounts.tokens import digest
from security_app.clock import now
from security_app.db.engine import Database
from security_app.db.tables import Account, Session, SignInAttempt
from tests.api.people import MakePerson, Person
from tests.api.refusals import assert_problem


async def test_sign_in_answers_a_token_and_its_end(
    client: AsyncClient, ada: Person, database: Database
) -> None:
    answer = await client.post("/auth/sign-in", json={"email": ada.email, "password": ada.password})
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"status", "token", "expires_at"}
    assert body["status"] == "signed_in"
    expires_at = datetime.fromisoformat(body["expires_at"])
    assert abs(expires_at - now() - timedelta(hours=336)) < timedelta(minutes=1)
    assert "set-cookie" not in answer.headers
    async with database.reading() as db:
        session = (await db.exec(select(Session))).one()
    assert session.secret_hash == digest(body["token"])
    assert (session.kind, session.opened_by, session.ip) == ("api", "api", "198.51.100.7")


async def test_the_address_is_compared_as_people_write_it(client: AsyncClient, ada: Person) -> None:
    answer = await client.post(
        "/auth/sign-in", json={"email": "  ADA@Example.com ", "password": ada.password}
    )
    assert answer.status_code == 200


async def test_unknown_wrong_and_disabled_answer_alike(
    client: AsyncClient, make_person: MakePerson, database: Database
) -> None:
    await make_person("known@example.com")
    gone = await make_person("gone@example.com")
    async with database.transaction() as db:
        await db.exec(update(Account).where(col(Account.id) == gone.id).values(disabled_at=now()))
    answers = [
        await client.post("/auth/sign-in", json={"email": email, "password": password})
        for email, password in (
            ("known@example.com", "wrong"),
            ("nobody@example.com", "wrong"),
            ("gone@example.com", gone.password),
            ("no address at all", "wrong"),
            ("known@example.com", ""),
            ("known@example.com", "x" * 1024),
        )
    ]
    first = assert_problem(answers[0], 401, "invalid_credentials")
    for answer in answers[1:]:
        assert assert_problem(answer, 401, "invalid_credentials") == first


async def test_100_parallel_wrong_guesses_evaluate_at_most_5(
    client: AsyncClient, ada: Person, database: Database
) -> None:
    wrong = {"email": ada.email, "password": "wrong-guess-1"}
    answers = await asyncio.gather(*(client.post("/auth/sign-in", json=wrong) for _ in range(100)))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(401) == 5
    assert statuses.count(429) == 95
    async with database.reading() as db:
        rows = (await db.exec(select(SignInAttempt.result))).all()
    assert rows.count("wrong_password") == 5


async def test_while_throttled_the_right_password_looks_like_a_wrong_one(
    client: AsyncClient, ada: Person
) -> None:
    wrong = {"email": ada.email, "password": "wrong-guess-1"}
    for _ in range(5):
        assert (await client.post("/auth/sign-in", json=wrong)).status_code == 401
    right = {"email": ada.email, "password": ada.password}
    throttled = await client.post("/auth/sign-in", json=right)
    assert_problem(throttled, 429, "too_many_attempts")
    wait_s = int(throttled.headers["retry-after"])
    assert 1 <= wait_s <= 301
    with time_machine.travel(now() + timedelta(seconds=wait_s + 1)):
        assert (await client.post("/auth/sign-in", json=right)).status_code == 200


async def test_unknown_addresses_are_throttled_like_known_ones(
    client: AsyncClient, ada: Person
) -> None:
    for email in (ada.email, "nobody@example.com"):
        wrong = {"email": email, "password": "wrong-guess-1"}
        statuses = [(await client.post("/auth/sign-in", json=wrong)).status_code for _ in range(6)]
        assert statuses == [401] * 5 + [429]


async def test_a_forged_forwarding_header_buys_no_budget(client: AsyncClient) -> None:
    """S-51: without configured proxies the socket's peer is the address."""
    statuses = []
    for number in range(31):
        wrong = {"email": f"person{number}@example.com", "password": "wrong-guess-1"}
        forged = {
            "x-forwarded-for": f"203.0.113.{number}",
            "forwarded": f"for=203.0.113.{number}",
            "x-real-ip": f"203.0.113.{number}",
        }
        answer = await client.post("/auth/sign-in", json=wrong, headers=forged)
        statuses.append(answer.status_code)
    assert statuses == [401] * 30 + [429]


async def test_throttling_leaves_open_sessions_alone(
    client: AsyncClient, ada: Person, as_ada: AsyncClient
) -> None:
    wrong = {"email": ada.email, "password": "wrong-guess-1"}
    for _ in range(6):
        await client.post("/auth/sign-in", json=wrong)
    assert (await as_ada.get("/me")).status_code == 200


async def test_sign_out_ends_the_token(as_ada: AsyncClient) -> None:
    answer = await as_ada.post("/auth/sign-out")
    assert (answer.status_code, answer.content) == (204, b"")
    assert_problem(await as_ada.get("/me"), 401, "sign_in_required")
    assert_problem(await as_ada.post("/auth/sign-out"), 401, "sign_in_required")


async def test_parallel_sign_outs_of_one_token_leave_one_row(
    as_ada: AsyncClient, database: Database
) -> None:
    answers = await asyncio.gather(*(as_ada.post("/auth/sign-out") for _ in range(8)))
    assert {answer.status_code for answer in answers} <= {204, 401}
    async with database.reading() as db:
        ended = (await db.exec(select(Session.ended_by))).all()
    assert ended == ["sign_out"]


async def test_idle_and_absolute_ends(as_ada: AsyncClient) -> None:
    """S-38: 12 hours without a request, 14 days with steady use."""
    start = now()
    with time_machine.travel(start + timedelta(hours=12, minutes=1)):
        assert_problem(await as_ada.get("/me"), 401, "sign_in_required")


async def test_steady_use_does_not_outlive_the_absolute_limit(as_ada: AsyncClient) -> None:
    start = now()
    for hours in range(11, 336, 11):
        with time_machine.travel(start + timedelta(hours=hours)):
            assert (await as_ada.get("/me")).status_code == 200
    with time_machine.travel(start + timedelta(hours=336, minutes=1)):
        assert_problem(await as_ada.get("/me"), 401, "sign_in_required")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "ada@example.com"},
        {"password": "x"},
        {"email": None, "password": "x"},
        {"email": 5, "password": "x"},
        {"email": ["ada@example.com"], "password": "x"},
        {"email": "ada@example.com", "password": {"$ne": ""}},
        {"email": "ada@example.com", "password": True},
        {"email": "a" * 321, "password": "x"},
        {"email": "ada@example.com", "password": "x" * 1025},
        {"email": "ada\x00@example.com", "password": "x"},
        [],
        "text",
        7,
        None,
    ],
)
async def test_wrong_shapes_are_refused_without_echo(client: AsyncClient, body: object) -> None:
    answer = await client.post("/auth/sign-in", json=body)
    problem = assert_problem(answer, 422, "invalid_field")
    assert problem["errors"]
    for error in problem["errors"]:
        assert set(error) == {"field", "message"}
        assert error["field"] in {"email", "password", "body"}
    assert "ada" not in answer.text
    assert "$ne" not in answer.text


async def test_unknown_fields_change_nothing(client: AsyncClient, ada: Person) -> None:
    answer = await client.post(
        "/auth/sign-in",
        json={"email": ada.email, "password": ada.password, "account_id": "x", "kind": "browser"},
    )
    assert answer.status_code == 200
