"""The PIN over the API: set, changed, removed (S-30), refused in place of other proofs (S-34)."""

import asyncio

import pytest
from httpx import AsyncClient
from sqlmodel import select

from security_app.clock import now
from security_app.db.engine import Database
from security_app.db.tables import EmailMethod, Pin, SecurityEvent
from tests.accounts.postbox import Postbox
from tests.api.authenticator import ask_for_challenge, standing_clock, turn_on, verify
from tests.api.people import NEW_PASSWORD, PASSWORD, Person, ReadMails, SignIn
from tests.api.refusals import assert_problem, fields_of

PIN = "258036"
SET = {"pin": PIN, "password": PASSWORD}


async def _delete(client: AsyncClient, **body: str):  # noqa: ANN202 - httpx.Response
    return await client.request("DELETE", "/auth/pin", json=body)


async def test_set_changed_and_removed(
    as_ada: AsyncClient, mails: ReadMails, database: Database
) -> None:
    for pin in (PIN, "9713"):
        answer = await as_ada.put("/auth/pin", json=SET | {"pin": pin})
        assert (answer.status_code, answer.content) == (204, b"")
    assert_problem(await _delete(as_ada), 422, "invalid_field")
    answer = await _delete(as_ada, password=PASSWORD)
    assert (answer.status_code, answer.content) == (204, b"")
    assert_problem(await _delete(as_ada, password=PASSWORD), 409, "not_enabled")
    assert [kind for kind, _, _ in await mails()] == ["pin_set", "pin_changed", "pin_removed"]
    async with database.reading() as db:
        actions = (await db.exec(select(SecurityEvent.action))).all()
    assert sorted(actions) == ["pin.changed", "pin.removed", "pin.set"]


@pytest.mark.parametrize("pin", ["123", "1234567", "1234", "0000", "٢٥٨٠", "", "25 80"])
async def test_s30_a_pin_that_will_not_do_is_refused_with_the_reason(
    as_ada: AsyncClient, pin: str
) -> None:
    problem = assert_problem(
        await as_ada.put("/auth/pin", json=SET | {"pin": pin}), 422, "invalid_field"
    )
    assert fields_of(problem) == ["pin"]
    assert not pin or pin not in problem["detail"]


@pytest.mark.parametrize("pin", [258036, None, ["258036"], {"a": 1}, True, "2" * 10_000, "2\u0000"])
async def test_s30_what_is_no_text_is_refused(as_ada: AsyncClient, pin: object) -> None:
    answer = await as_ada.put("/auth/pin", json=SET | {"pin": pin})
    assert fields_of(assert_problem(answer, 422, "invalid_field")) == ["pin"]


async def test_s30_the_password_is_needed(as_ada: AsyncClient, database: Database) -> None:
    missing = assert_problem(await as_ada.put("/auth/pin", json={"pin": PIN}), 422, "invalid_field")
    assert fields_of(missing) == ["password"]
    wrong = await as_ada.put("/auth/pin", json=SET | {"password": "wrong-1"})
    assert_problem(wrong, 401, "wrong_password")
    assert_problem(await _delete(as_ada, password="wrong-1"), 401, "wrong_password")
    async with database.reading() as db:
        assert not (await db.exec(select(Pin))).all()


async def test_s30_with_a_second_factor_its_code_is_needed(as_ada: AsyncClient) -> None:
    with standing_clock() as clock:
        phone = await turn_on(as_ada)
        clock.shift(60)
        missing = assert_problem(await as_ada.put("/auth/pin", json=SET), 422, "invalid_field")
        assert fields_of(missing) == ["code"]
        assert (await as_ada.put("/auth/pin", json=SET | {"code": phone.code()})).status_code == 204
        assert_problem(await _delete(as_ada, password=PASSWORD), 422, "invalid_field")
        clock.shift(60)
        answer = await _delete(as_ada, password=PASSWORD, code=phone.code())
        assert answer.status_code == 204


@pytest.mark.parametrize("action", ["set_pin", "remove_pin", "create_api_key"])
async def test_a_code_by_mail_can_be_asked_for(
    as_ada: AsyncClient, ada: Person, database: Database, postbox: Postbox, action: str
) -> None:
    async with database.transaction() as db:
        db.add(EmailMethod(account_id=ada.id, enabled_at=now()))
    sent = await as_ada.post("/auth/2fa/email-otp", json={"action": action})
    assert sent.status_code == 202
    answer = await as_ada.put("/auth/pin", json=SET | {"code": postbox.code})
    if action == "set_pin":
        assert answer.status_code == 204
    else:
        assert_problem(answer, 401, "invalid_code")


async def test_nobody_sets_a_pin_without_a_session(client: AsyncClient) -> None:
    assert_problem(await client.put("/auth/pin", json=SET), 401, "sign_in_required")
    assert_problem(await _delete(client, password=PASSWORD), 401, "sign_in_required")


async def test_s34_the_pin_is_accepted_nowhere_in_the_place_of_another_proof(
    as_ada: AsyncClient, client: AsyncClient, ada: Person, sign_in: SignIn
) -> None:
    """As a password and as a code, at every door that takes one."""
    await as_ada.put("/auth/pin", json=SET)
    as_password = [
        await client.post("/auth/sign-in", json={"email": ada.email, "password": PIN}),
        await as_ada.post("/auth/2fa/setup", json={"password": PIN}),
        await as_ada.post(
            "/auth/password", json={"current_password": PIN, "new_password": NEW_PASSWORD}
        ),
        await as_ada.post("/auth/2fa/email-otp", json={"password": PIN}),
        await _delete(as_ada, password=PIN),
    ]
    assert [answer.status_code for answer in as_password] == [401] * 5
    with standing_clock() as clock:
        phone = await turn_on(await sign_in(ada))
        clock.shift(60)
        for method in ("totp", "recovery_code", "email_code"):
            challenge = await ask_for_challenge(client, ada)
            assert_problem(await verify(client, challenge, PIN, method), 401, "invalid_code")
        with_code = {"password": PASSWORD, "code": PIN}
        as_code = [
            await as_ada.post("/auth/2fa/disable", json=with_code | {"method": "totp"}),
            await as_ada.post("/auth/2fa/recovery-codes/view", json={"code": PIN}),
            await as_ada.post("/auth/2fa/recovery-codes/regenerate", json={"code": PIN}),
            await as_ada.put("/auth/pin", json=SET | {"code": PIN}),
            await _delete(as_ada, **with_code),
            await as_ada.post(
                "/auth/password",
                json={"current_password": PASSWORD, "new_password": NEW_PASSWORD, "code": PIN},
            ),
        ]
        for answer in as_code:
            assert_problem(answer, 401, "invalid_code")
        clock.shift(15 * 60)
        challenge = await ask_for_challenge(client, ada)
        assert (await verify(client, challenge, phone.code())).status_code == 200


async def test_of_twenty_parallel_changes_each_wins_or_is_told(as_ada: AsyncClient) -> None:
    answers = await asyncio.gather(
        *(as_ada.put("/auth/pin", json=SET | {"pin": f"25{80 + n}"}) for n in range(5))
    )
    assert {answer.status_code for answer in answers} <= {204, 403}
    assert 204 in {answer.status_code for answer in answers}
