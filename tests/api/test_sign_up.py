"""Making an account and confirming its address over the API (S-01, S-02, S-47)."""

import asyncio
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from httpx import AsyncClient
from sqlmodel import select

from security_app.clock import now
from security_app.db.engine import Database
from security_app.db.tables import Account
from tests.api.people import NEW_PASSWORD, SITE, MakeClient, Person, ReadMails
from tests.api.refusals import assert_problem, fields_of

NEWCOMER = {"email": "Grace@Example.com", "password": NEW_PASSWORD, "name": "  Grace   H. "}


def token_of(link: str) -> str:
    parts = urlsplit(link)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{SITE}/confirm-email"
    return parse_qs(parts.query)["token"][0]


async def test_a_newcomer_gets_an_account_and_a_mail(
    client: AsyncClient, database: Database, mails: ReadMails
) -> None:
    answer = await client.post("/auth/sign-up", json=NEWCOMER)
    assert (answer.status_code, answer.content) == (202, b"")
    async with database.reading() as db:
        account = (await db.exec(select(Account))).one()
    assert (account.email_key, account.name) == ("grace@example.com", "Grace H.")
    assert account.email_confirmed_at is None
    assert account.password_hash is not None
    assert NEW_PASSWORD not in account.password_hash
    [(kind, recipient, params)] = await mails()
    assert (kind, recipient) == ("confirm_email", account.email)
    assert (await client.post("/auth/confirm-email", json={"token": "x"})).status_code == 410
    confirmed = await client.post("/auth/confirm-email", json={"token": token_of(params["link"])})
    assert (confirmed.status_code, confirmed.content) == (204, b"")
    async with database.reading() as db:
        account = (await db.exec(select(Account))).one()
    assert account.email_confirmed_at is not None


async def test_sign_in_works_before_the_address_is_confirmed(client: AsyncClient) -> None:
    await client.post("/auth/sign-up", json=NEWCOMER)
    credentials = {"email": NEWCOMER["email"], "password": NEWCOMER["password"]}
    answer = await client.post("/auth/sign-in", json=credentials)
    assert answer.status_code == 200
    headers = {"authorization": f"Bearer {answer.json()['token']}"}
    assert (await client.get("/me", headers=headers)).json()["email_confirmed"] is False


async def test_an_address_that_exists_gets_the_same_answer_and_another_mail(
    client: AsyncClient, ada: Person, database: Database, mails: ReadMails
) -> None:
    body = NEWCOMER | {"email": ada.email.upper()}
    answer = await client.post("/auth/sign-up", json=body)
    assert (answer.status_code, answer.content) == (202, b"")
    assert [(kind, recipient.lower()) for kind, recipient, _ in await mails()] == [
        ("sign_up_existing", ada.email)
    ]
    async with database.reading() as db:
        accounts = (await db.exec(select(Account))).all()
    assert [account.id for account in accounts] == [ada.id]
    signed_in = await client.post(
        "/auth/sign-in", json={"email": ada.email, "password": NEW_PASSWORD}
    )
    assert_problem(signed_in, 401, "invalid_credentials")


async def test_one_address_signed_up_in_parallel_is_one_account(
    client: AsyncClient, database: Database
) -> None:
    answers = await asyncio.gather(*(client.post("/auth/sign-up", json=NEWCOMER) for _ in range(5)))
    assert [answer.status_code for answer in answers] == [202] * 5
    async with database.reading() as db:
        assert len((await db.exec(select(Account))).all()) == 1


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short-7", "8 characters"),
        ("no digits in here", "digit"),
        ("password1", "common"),
        ("grace2026", "e-mail address"),
        ("x1" * 129, "256"),
        ("", "8 characters"),
    ],
)
async def test_a_password_that_breaks_a_rule_is_refused_beside_its_field(
    client: AsyncClient, database: Database, password: str, reason: str
) -> None:
    answer = await client.post("/auth/sign-up", json=NEWCOMER | {"password": password})
    problem = assert_problem(answer, 422, "password_refused")
    assert fields_of(problem) == ["password"]
    assert reason in problem["detail"]
    async with database.reading() as db:
        assert (await db.exec(select(Account))).all() == []


@pytest.mark.parametrize(
    "email", ["", "ada", "ada@", "a@b@example.com", "a\r\nbcc: b@example.com", "a b@example.com"]
)
async def test_what_is_no_address_is_refused(client: AsyncClient, email: str) -> None:
    answer = await client.post("/auth/sign-up", json=NEWCOMER | {"email": email})
    assert fields_of(assert_problem(answer, 422, "invalid_email")) == ["email"]


@pytest.mark.parametrize(
    ("name", "status"), [("x" * 100, 202), ("x" * 101, 422), ("bell\x07", 422), (None, 202)]
)
async def test_names_are_bounded(client: AsyncClient, name: str | None, status: int) -> None:
    answer = await client.post("/auth/sign-up", json=NEWCOMER | {"name": name})
    assert answer.status_code == status
    if status == 422:
        assert fields_of(assert_problem(answer, 422, "invalid_field")) == ["name"]


async def test_mails_to_one_address_are_limited(make_client: MakeClient, mails: ReadMails) -> None:
    answers = [
        await make_client(ip=f"198.51.100.{number}").post("/auth/sign-up", json=NEWCOMER)
        for number in range(6)
    ]
    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    assert_problem(answers[-1], 429, "too_many_attempts")
    assert len(await mails()) == 5


async def test_a_confirmation_link_works_once_even_in_parallel(
    client: AsyncClient, mails: ReadMails
) -> None:
    await client.post("/auth/sign-up", json=NEWCOMER)
    body = {"token": token_of((await mails())[0][2]["link"])}
    answers = await asyncio.gather(
        *(client.post("/auth/confirm-email", json=body) for _ in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [204] + [410] * 7
    assert_problem(await client.post("/auth/confirm-email", json=body), 410, "link_dead")


async def test_a_confirmation_link_dies_after_three_days(
    client: AsyncClient, mails: ReadMails
) -> None:
    await client.post("/auth/sign-up", json=NEWCOMER)
    body = {"token": token_of((await mails())[0][2]["link"])}
    with time_machine.travel(now() + timedelta(days=3, minutes=1)):
        assert_problem(await client.post("/auth/confirm-email", json=body), 410, "link_dead")


async def test_a_token_of_another_purpose_confirms_nothing(
    client: AsyncClient, as_ada: AsyncClient
) -> None:
    session_token = as_ada.headers["authorization"].removeprefix("Bearer ")
    answer = await client.post("/auth/confirm-email", json={"token": session_token})
    assert_problem(answer, 410, "link_dead")
