"""Signing in with a second factor over the API (S-13, S-26, S-29, S-41, S-49, S-73)."""

import asyncio
import json

import pytest
import time_machine
from httpx import AsyncClient

from security_app.accounts.tokens import digest
from security_app.db.engine import Database
from security_app.db.tables import Challenge, Session, SignInAttempt
from tests.accounts.cast import everything_stored, rows
from tests.api.authenticator import NO_CODES, NO_TEXTS, Phone, ask_for_challenge, turn_on, verify
from tests.api.people import MakeClient, Person, ReadMails
from tests.api.refusals import assert_problem, fields_of
from tests.api.test_http import PUBLIC_ROUTES, SIGNED_IN_ROUTES

pytestmark = pytest.mark.usefixtures("clock")


async def _sessions() -> int:
    return len(await rows(Session))


async def test_s73_the_password_gives_a_challenge_and_the_code_the_session(
    client: AsyncClient, as_ada: AsyncClient, ada: Person, phone: Phone
) -> None:
    before = await _sessions()
    first = await client.post("/auth/sign-in", json={"email": ada.email, "password": ada.password})
    body = first.json()
    assert body["methods"] == ["totp", "recovery_code"]
    assert body["expires_at"] == "2026-05-04T10:11:00Z"
    assert "token" not in body
    assert await _sessions() == before
    answer = await verify(client, body["challenge"], phone.code())
    assert set(answer.json()) == {"status", "token", "expires_at"}
    assert answer.json()["status"] == "signed_in"
    token = answer.json()["token"]
    me = await client.get("/me", headers={"authorization": f"Bearer {token}"})
    assert me.json()["email"] == ada.email
    (session,) = await rows(Session, Session.secret_hash == digest(token))
    assert (session.kind, session.opened_by) == ("api", "api+totp")
    assert session.two_factor_verified
    items = (await as_ada.get("/login-history")).json()["items"]
    assert [(item["result"], item["2fa_verified"]) for item in items] == [
        ("signed_in", True),
        ("signed_in", False),
    ]


async def test_a_recovery_code_signs_in_once_and_tells_the_owner(
    client: AsyncClient, ada: Person, phone: Phone, mails: ReadMails
) -> None:
    spelling = phone.backup_codes[4].lower().replace("-", " ")
    challenge = await ask_for_challenge(client, ada)
    answer = await verify(client, challenge, spelling, "recovery_code")
    assert answer.status_code == 200
    (session,) = await rows(Session, Session.secret_hash == digest(answer.json()["token"]))
    assert session.opened_by == "api+recovery_code"
    (row,) = await rows(SignInAttempt, SignInAttempt.session_id == session.id)
    assert (row.result, row.two_factor_verified) == ("signed_in", True)
    assert [kind for kind, _, _ in await mails()].count("recovery_code_used") == 1
    challenge = await ask_for_challenge(client, ada)
    again = await verify(client, challenge, spelling, "recovery_code")
    assert_problem(again, 401, "invalid_code")


async def test_s29_a_recovery_code_is_not_the_password(
    client: AsyncClient, ada: Person, phone: Phone
) -> None:
    for guess in (phone.backup_codes[0], phone.code(), phone.secret):
        answer = await client.post("/auth/sign-in", json={"email": ada.email, "password": guess})
        assert_problem(answer, 401, "invalid_credentials")


async def test_wrong_replayed_and_out_of_window_codes_look_alike(
    client: AsyncClient, ada: Person, phone: Phone, clock: time_machine.Traveller
) -> None:
    used = phone.code()
    assert (await verify(client, await ask_for_challenge(client, ada), used)).status_code == 200
    challenge = await ask_for_challenge(client, ada)
    bodies = [
        assert_problem(await verify(client, challenge, text), 401, "invalid_code")
        for text in (used, "000000", phone.code(ahead_s=60), phone.code(ahead_s=-30))
    ]
    assert all(body == bodies[0] for body in bodies)
    clock.shift(30)
    assert (await verify(client, challenge, phone.code())).status_code == 200


async def test_s13_the_code_that_confirmed_the_set_up_cannot_sign_in(
    client: AsyncClient, as_ada: AsyncClient, ada: Person
) -> None:
    phone = await turn_on(as_ada)
    challenge = await ask_for_challenge(client, ada)
    assert_problem(await verify(client, challenge, phone.code()), 401, "invalid_code")


async def test_s41_a_challenge_is_no_token_for_any_route(
    client: AsyncClient, ada: Person, phone: Phone
) -> None:
    challenge = await ask_for_challenge(client, ada)
    (row,) = await rows(Challenge)
    for name in (challenge, row.id, row.secret_hash, row.sign_in_id):
        headers = {"authorization": f"Bearer {name}", "cookie": f"session={name}"}
        for method, path in SIGNED_IN_ROUTES:
            body = {"password": ada.password, "code": phone.code(), "method": "totp"}
            answer = await client.request(
                method, path, headers=headers, json=body if method == "POST" else None
            )
            assert_problem(answer, 401, "sign_in_required")
    for method, path in PUBLIC_ROUTES:
        if path in {"/auth/verify-2fa-code", "/auth/sign-in"} or "health" in path:
            continue
        body = {"token": challenge, "email": "x", "password": "x"}
        answer = await client.request(method, path, json=body)
        assert 400 <= answer.status_code < 500
    assert (await verify(client, challenge, phone.code())).status_code == 200


async def test_s41_only_the_challenge_itself_finishes_a_sign_in(
    client: AsyncClient, ada: Person, phone: Phone
) -> None:
    await ask_for_challenge(client, ada)
    (row,) = await rows(Challenge)
    before = await _sessions()
    for name in ("", "x", row.id, row.secret_hash, row.sign_in_id, ada.id, "A" * 43):
        answer = await verify(client, name, phone.code())
        assert_problem(answer, 410, "challenge_expired")
    assert await _sessions() == before


@pytest.mark.parametrize("also", ["recovery_code", "totp"])
async def test_s41_finishing_twice_at_once_gives_one_token(
    client: AsyncClient, ada: Person, phone: Phone, also: str
) -> None:
    challenge = await ask_for_challenge(client, ada)
    before = await _sessions()
    other = phone.backup_codes[0] if also == "recovery_code" else phone.code(ahead_s=30)
    answers = await asyncio.gather(
        verify(client, challenge, phone.code()), verify(client, challenge, other, also)
    )
    assert [answer.status_code for answer in answers].count(200) == 1
    refused = [answer.json()["code"] for answer in answers if answer.status_code != 200]
    assert set(refused) <= {"invalid_code", "challenge_expired"}
    assert await _sessions() == before + 1
    # And never again.
    late = await verify(client, challenge, phone.backup_codes[1], "recovery_code")
    assert_problem(late, 410, "challenge_expired")


@pytest.mark.parametrize("method", ["totp", "recovery_code"])
async def test_s13_s26_one_code_in_20_parallel_sign_ins_opens_one_session(
    make_client: MakeClient, ada: Person, phone: Phone, method: str
) -> None:
    clients = [make_client(ip=f"198.51.100.{number + 20}") for number in range(20)]
    challenges = [await ask_for_challenge(client, ada) for client in clients]
    before = await _sessions()
    text = phone.code() if method == "totp" else phone.backup_codes[0]
    answers = await asyncio.gather(
        *(
            verify(client, challenge, text, method)
            for client, challenge in zip(clients, challenges, strict=True)
        )
    )
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(200) == 1, statuses
    assert set(statuses) <= {200, 401, 429}
    assert await _sessions() == before + 1


async def test_s41_five_tries_kill_a_challenge_even_for_the_right_code(
    client: AsyncClient, ada: Person, phone: Phone, mails: ReadMails
) -> None:
    challenge = await ask_for_challenge(client, ada)
    for _ in range(5):
        assert_problem(await verify(client, challenge, "000000"), 401, "invalid_code")
    assert_problem(await verify(client, challenge, phone.code()), 410, "challenge_expired")
    assert [kind for kind, _, _ in await mails()].count("wrong_code") == 1
    (row,) = await rows(SignInAttempt, SignInAttempt.result == "wrong_code")
    assert not row.two_factor_verified


async def test_s41_a_challenge_lives_ten_minutes(
    client: AsyncClient, ada: Person, phone: Phone, clock: time_machine.Traveller
) -> None:
    late = await ask_for_challenge(client, ada)
    clock.shift(599)
    in_time = await ask_for_challenge(client, ada)
    clock.shift(2)
    assert_problem(await verify(client, late, phone.code()), 410, "challenge_expired")
    assert (await verify(client, in_time, phone.code())).status_code == 200


async def test_s49_one_budget_over_attempts_methods_and_doors(
    make_client: MakeClient, as_ada: AsyncClient, ada: Person, phone: Phone
) -> None:
    statuses = []
    for number in range(4):
        client = make_client(ip=f"198.51.100.{number + 20}")
        challenge = await ask_for_challenge(client, ada)
        for text, method in (("000000", "totp"), ("AAAA-AAAA-AAAA-AAAA", "recovery_code")):
            statuses.append((await verify(client, challenge, text, method)).status_code)
    for _ in range(2):
        wrong = await as_ada.post("/auth/2fa/recovery-codes/view", json={"code": "000000"})
        statuses.append(wrong.status_code)
    assert statuses == [401] * 10
    client = make_client(ip="198.51.100.77")
    challenge = await ask_for_challenge(client, ada)
    for text, method in ((phone.code(), "totp"), (phone.backup_codes[0], "recovery_code")):
        answer = await verify(client, challenge, text, method)
        assert_problem(answer, 429, "too_many_attempts")
        assert 1 <= int(answer.headers["retry-after"]) <= 901


async def test_a_changed_password_kills_half_finished_sign_ins(
    client: AsyncClient, as_ada: AsyncClient, ada: Person, phone: Phone
) -> None:
    challenge = await ask_for_challenge(client, ada)
    body = {
        "current_password": ada.password,
        "new_password": "nine-loud-magpies-42",
        "code": phone.code(),
    }
    changed = await as_ada.post("/auth/password", json=body)
    assert changed.status_code == 200, changed.text
    answer = await verify(client, challenge, phone.code(ahead_s=30))
    assert_problem(answer, 410, "challenge_expired")


async def test_a_challenge_does_not_outlive_the_second_factor_it_asks_for(
    client: AsyncClient, as_ada: AsyncClient, ada: Person, phone: Phone
) -> None:
    """Turned off meanwhile: the half-finished sign-in opens nothing with a former code."""
    challenge = await ask_for_challenge(client, ada)
    proofs = {"method": "totp", "password": ada.password, "code": phone.code()}
    assert (await as_ada.post("/auth/2fa/disable", json=proofs)).status_code == 200
    for text, method in (
        (phone.code(ahead_s=30), "totp"),
        (phone.backup_codes[0], "recovery_code"),
    ):
        answer = await verify(client, challenge, text, method)
        assert answer.status_code in {401, 410}


async def test_s14_what_is_no_code_never_counts_and_is_never_a_fault(
    client: AsyncClient, ada: Person, phone: Phone, make_client: MakeClient
) -> None:
    before = await _sessions()
    for number, text in enumerate(NO_CODES):
        if number % 5 == 0:
            client = make_client(ip=f"198.51.100.{number + 20}")
            challenge = await ask_for_challenge(client, ada)
        answer = await verify(client, challenge, text)
        assert answer.status_code in {401, 422, 429}, (text, answer.text)
        if text.strip():
            assert text not in answer.text
    assert await _sessions() == before


async def test_s14_other_types_are_refused_by_field(
    client: AsyncClient, ada: Person, phone: Phone
) -> None:
    challenge = await ask_for_challenge(client, ada)
    for value in NO_TEXTS:
        answer = await verify(client, challenge, value)
        assert fields_of(assert_problem(answer, 422, "invalid_field")) == ["code"]
    for bad in (None, 5, ["totp"], "pin", "email", ""):
        body = {"challenge": challenge, "method": bad, "code": phone.code()}
        answer = await client.post("/auth/verify-2fa-code", json=body)
        assert fields_of(assert_problem(answer, 422, "invalid_field")) == ["method"]
    body = json.dumps({"challenge": "C", "method": "totp", "code": "1"})
    for lone in (body.replace('"C"', '"\\ud800"'), body.replace('"1"', '"\\udfff"')):
        answer = await client.post(
            "/auth/verify-2fa-code", content=lone, headers={"content-type": "application/json"}
        )
        assert answer.status_code in {401, 410, 422}
    large = body.replace('"1"', f'"{"1" * 1_000_000}"')
    answer = await client.post(
        "/auth/verify-2fa-code", content=large, headers={"content-type": "application/json"}
    )
    assert_problem(answer, 413, "too_large")
    # None of it used up a try.
    assert (await verify(client, challenge, phone.code())).status_code == 200


async def test_the_challenge_is_stored_as_a_digest_only(
    client: AsyncClient, ada: Person, phone: Phone, database: Database
) -> None:
    challenge = await ask_for_challenge(client, ada)
    stored = await everything_stored(database)
    assert challenge.encode() not in stored
    assert digest(challenge).encode() in stored
