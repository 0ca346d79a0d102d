"""Codes by e-mail over the API: on, at sign-in, off (S-15, S-18 to S-23, S-41, S-43, S-52)."""

import pytest
import time_machine
from httpx import AsyncClient
from sqlalchemy import update
from sqlmodel import col

from security_app.db.engine import Database
from security_app.db.tables import Account, EmailCode, EmailMethod, EmailSetUp, Session
from security_app.mail.errors import PermanentFailure, TemporaryFailure
from tests.accounts.cast import rows
from tests.accounts.phone import code as app_code
from tests.accounts.postbox import Postbox, wrong
from tests.api import authenticator
from tests.api.authenticator import ask_for_challenge, verify
from tests.api.mailbox import DISABLE, ask, code_for, confirm, turn_on
from tests.api.people import NEW_PASSWORD, PASSWORD, Person, SignIn
from tests.api.refusals import assert_problem, fields_of
from tests.environment import SetEnvironment, environment

pytestmark = pytest.mark.usefixtures("clock")

__all__ = ["environment"]

OFF = {
    "enabled": False,
    "methods": {
        "totp": {"enabled": False, "enabled_at": None},
        "email_code": {"enabled": False, "enabled_at": None, "sent_to": None},
    },
    "recovery_codes": {"left": 0, "total": 0},
}
ON = OFF | {
    "enabled": True,
    "methods": {
        "totp": {"enabled": False, "enabled_at": None},
        "email_code": {
            "enabled": True,
            "enabled_at": "2026-05-04T10:00:00Z",
            "sent_to": "ada@example.com",
        },
    },
}
SENT = {"sent_to": "a•••@example.com", "expires_in": 300, "retry_after": 60}


async def test_the_whole_way_on_in_and_off(
    as_ada: AsyncClient,
    client: AsyncClient,
    ada: Person,
    postbox: Postbox,
    clock: time_machine.Traveller,
) -> None:
    assert (await as_ada.get("/auth/2fa")).json() == OFF
    sent = await ask(as_ada, password=PASSWORD)
    assert (sent.status_code, sent.json()) == (202, SENT)
    assert (await as_ada.get("/auth/2fa")).json() == OFF
    on = await confirm(as_ada, postbox.code)
    assert (on.status_code, on.json()) == (200, {"enabled": True, "method": "email_code"})
    assert (await as_ada.get("/auth/2fa")).json() == ON
    clock.shift(1)
    challenge = await ask_for_challenge(client, ada)
    # An API client asks for its code itself.
    assert len(postbox.mails) == 1
    sent = await ask(client, challenge=challenge)
    assert (sent.status_code, sent.json()) == (202, SENT)
    assert ada.email not in sent.text
    signed_in = await verify(client, challenge, postbox.code, "email_code")
    assert signed_in.status_code == 200
    assert signed_in.json()["status"] == "signed_in"
    [row] = (await as_ada.get("/login-history?limit=1")).json()["items"]
    assert (row["result"], row["method"], row["2fa_verified"]) == (
        "signed_in", "api+email_code", True,
    )  # fmt: skip
    code = await code_for(as_ada, postbox, action="disable_email_code")
    proofs = {"method": "email_code", "password": PASSWORD, "code": code}
    off = await as_ada.post(DISABLE, json=proofs)
    assert (off.status_code, off.json()) == (200, OFF)


async def test_a_challenge_is_finished_at_either_address(
    as_ada: AsyncClient, client: AsyncClient, ada: Person, postbox: Postbox
) -> None:
    await turn_on(as_ada, postbox)
    challenge = await ask_for_challenge(client, ada)
    code = await code_for(client, postbox, challenge=challenge)
    answer = await confirm(client, code, challenge=challenge)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert set(body) == {"status", "token", "expires_at"}
    me = await client.get("/me", headers={"authorization": f"Bearer {body['token']}"})
    assert me.json()["email"] == ada.email
    again = await confirm(client, code, challenge=challenge)
    assert_problem(again, 410, "challenge_expired")
    assert_problem(await ask(client, challenge=challenge), 410, "challenge_expired")


async def test_s41_the_pending_secret_is_useless_elsewhere(
    as_ada: AsyncClient, client: AsyncClient, ada: Person, postbox: Postbox
) -> None:
    await turn_on(as_ada, postbox)
    challenge = await ask_for_challenge(client, ada)
    sessions = len(await rows(Session))
    bearer = {"authorization": f"Bearer {challenge}"}
    for path in ("/me", "/sessions", "/auth/2fa", "/login-history"):
        assert_problem(await client.get(path, headers=bearer), 401, "sign_in_required")
    for body in ({"password": PASSWORD}, {"action": "disable_email_code"}, {}):
        answer = await client.post("/auth/2fa/email-otp", json=body, headers=bearer)
        assert_problem(answer, 401, "sign_in_required")
    answer = await client.post(DISABLE, json={"method": "email_code"}, headers=bearer)
    assert_problem(answer, 401, "sign_in_required")
    assert len(await rows(Session)) == sessions
    assert len(postbox.mails) == 1


@pytest.mark.parametrize("challenge", ["x", "A" * 43, "' OR 1=1", " "])
async def test_an_unknown_challenge_mails_nothing(
    client: AsyncClient, postbox: Postbox, challenge: str
) -> None:
    assert_problem(await ask(client, challenge=challenge), 410, "challenge_expired")
    answer = await confirm(client, "123456", challenge=challenge)
    assert_problem(answer, 410, "challenge_expired")
    assert postbox.mails == []


async def test_without_token_and_challenge_nobody_is_asked_for(
    client: AsyncClient, postbox: Postbox
) -> None:
    assert_problem(await ask(client), 401, "sign_in_required")
    assert_problem(await ask(client, password=PASSWORD), 401, "sign_in_required")
    assert_problem(await confirm(client, "123456"), 401, "sign_in_required")
    assert postbox.mails == []


async def test_turning_it_on_needs_the_password(as_ada: AsyncClient, postbox: Postbox) -> None:
    body = assert_problem(await ask(as_ada), 422, "invalid_field")
    assert fields_of(body) == ["password"]
    wrong_one = await ask(as_ada, password="wrong-guess-1")
    assert fields_of(assert_problem(wrong_one, 401, "wrong_password")) == ["password"]
    assert_problem(await confirm(as_ada, "123456"), 410, "set_up_expired")
    assert postbox.mails == []
    assert await rows(EmailSetUp) == []


async def test_s22_an_unconfirmed_address_is_refused(
    as_ada: AsyncClient, ada: Person, postbox: Postbox, database: Database
) -> None:
    async with database.transaction() as db:
        await db.exec(
            update(Account).where(col(Account.id) == ada.id).values(email_confirmed_at=None)
        )
    answer = await ask(as_ada, password=PASSWORD)
    assert_problem(answer, 403, "email_not_confirmed")
    assert postbox.mails == []
    assert await rows(EmailSetUp) == []


@pytest.mark.parametrize("failure", [TemporaryFailure("timeout"), PermanentFailure("refused:554")])
async def test_s23_a_code_that_cannot_be_sent_is_said_and_costs_nothing(
    as_ada: AsyncClient,
    client: AsyncClient,
    ada: Person,
    postbox: Postbox,
    failure: TemporaryFailure | PermanentFailure,
) -> None:
    postbox.failure = failure
    for body in ({"password": PASSWORD}, {}, {}):
        # The set-up stands: once begun, asking again needs no further proof.
        assert_problem(await ask(as_ada, **body), 503, "mail_unavailable")
    assert (await as_ada.get("/auth/2fa")).json() == OFF
    assert await rows(EmailCode) == []
    postbox.failure = None
    code = await code_for(as_ada, postbox)
    assert (await confirm(as_ada, code)).status_code == 200
    challenge = await ask_for_challenge(client, ada)
    postbox.failure = failure
    for _ in range(6):
        assert_problem(await ask(client, challenge=challenge), 503, "mail_unavailable")
    postbox.failure = None
    code = await code_for(client, postbox, challenge=challenge)
    assert (await verify(client, challenge, code, "email_code")).status_code == 200


async def test_s20_s52_asking_too_often_says_how_long_to_wait(
    as_ada: AsyncClient,
    client: AsyncClient,
    ada: Person,
    postbox: Postbox,
    clock: time_machine.Traveller,
) -> None:
    await turn_on(as_ada, postbox)
    challenge = await ask_for_challenge(client, ada)
    for _ in range(3):
        await code_for(client, postbox, challenge=challenge)
        refused = await ask(client, challenge=challenge)
        assert_problem(refused, 429, "too_many_attempts")
        assert 59 <= int(refused.headers["retry-after"]) <= 61
        clock.shift(61)
    fifth = await ask(client, challenge=challenge)
    assert fifth.status_code == 202
    refused = await ask(client, challenge=challenge)
    assert_problem(refused, 429, "too_many_attempts")
    assert abs(int(refused.headers["retry-after"]) - fifth.json()["retry_after"]) <= 1
    assert 3000 <= int(refused.headers["retry-after"]) <= 3601
    # The one that came last still counts, for what is left of its five minutes.
    answer = await verify(client, challenge, postbox.code, "email_code")
    assert answer.status_code == 200


async def test_s18_s19_a_code_serves_what_it_was_asked_for_once_and_the_newest_only(
    as_ada: AsyncClient,
    client: AsyncClient,
    ada: Person,
    sign_in: SignIn,
    postbox: Postbox,
    clock: time_machine.Traveller,
) -> None:
    other = await sign_in(ada)
    enabling = await turn_on(as_ada, postbox)
    challenge = await ask_for_challenge(client, ada)
    entering = await code_for(client, postbox, challenge=challenge)
    disabling = await code_for(as_ada, postbox, action="disable_email_code")
    proofs = {"method": "email_code", "password": PASSWORD}
    for caller, code in ((as_ada, enabling), (as_ada, entering), (other, disabling)):
        answer = await caller.post(DISABLE, json=proofs | {"code": code})
        assert_problem(answer, 401, "invalid_code")
    for code in (enabling, disabling, wrong(entering)):
        answer = await verify(client, challenge, code, "email_code")
        assert_problem(answer, 401, "invalid_code")
    clock.shift(61)
    newest = await code_for(client, postbox, challenge=challenge)
    assert_problem(await verify(client, challenge, entering, "email_code"), 401, "invalid_code")
    assert (await verify(client, challenge, newest, "email_code")).status_code == 200
    assert (await as_ada.post(DISABLE, json=proofs | {"code": disabling})).status_code == 200


async def test_s43_beside_the_app_a_password_is_not_enough(
    as_ada: AsyncClient, postbox: Postbox, clock: time_machine.Traveller
) -> None:
    phone = await authenticator.turn_on(as_ada)
    clock.shift(60)
    body = assert_problem(await ask(as_ada, password=PASSWORD), 422, "invalid_field")
    assert fields_of(body) == ["code"]
    answer = await ask(as_ada, code=phone.backup_codes[0], method="recovery_code")
    assert_problem(answer, 401, "invalid_code")
    assert postbox.mails == []
    code = await code_for(as_ada, postbox, code=phone.code(), method="totp")
    assert (await confirm(as_ada, code)).status_code == 200
    methods = (await as_ada.get("/auth/2fa")).json()["methods"]
    assert [methods[name]["enabled"] for name in ("totp", "email_code")] == [True, True]


async def test_s43_the_app_beside_it_needs_a_mailed_code(
    as_ada: AsyncClient, postbox: Postbox
) -> None:
    await turn_on(as_ada, postbox)
    answer = await as_ada.post("/auth/2fa/setup", json={"password": PASSWORD})
    assert fields_of(assert_problem(answer, 422, "invalid_field")) == ["code"]
    code = await code_for(as_ada, postbox, action="enable_totp")
    answer = await as_ada.post("/auth/2fa/setup", json={"code": code, "method": "email_code"})
    assert answer.status_code == 200, answer.text
    body = {"code": app_code(answer.json()["secret"])}
    assert (await as_ada.post("/auth/2fa/verify", json=body)).status_code == 200


async def test_a_password_change_takes_a_mailed_code(as_ada: AsyncClient, postbox: Postbox) -> None:
    await turn_on(as_ada, postbox)
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    refused = await as_ada.post("/auth/password", json=body)
    assert fields_of(assert_problem(refused, 422, "invalid_field")) == ["code"]
    code = await code_for(as_ada, postbox, action="change_password")
    changed = await as_ada.post(
        "/auth/password", json=body | {"code": code, "method": "email_code"}
    )
    assert changed.status_code == 200, changed.text


async def test_what_is_off_sends_no_codes_for_other_actions(
    as_ada: AsyncClient, postbox: Postbox
) -> None:
    for action in ("disable_email_code", "enable_totp", "change_password", "delete_account"):
        assert_problem(await ask(as_ada, action=action), 409, "not_enabled")
    for action in ("sign_in", "view_recovery_codes", "__class__", ""):
        body = assert_problem(await ask(as_ada, action=action), 422, "invalid_field")
        assert fields_of(body) == ["action"]
    assert postbox.mails == []


async def test_what_is_on_cannot_be_turned_on_again(as_ada: AsyncClient, postbox: Postbox) -> None:
    await turn_on(as_ada, postbox)
    assert_problem(await ask(as_ada, password=PASSWORD), 409, "already_enabled")
    assert len(await rows(EmailMethod)) == 1


async def test_d5_a_policy_without_it_refuses(
    as_ada: AsyncClient, postbox: Postbox, environment: SetEnvironment
) -> None:
    environment(POLICY_EMAIL_CODE="0")
    assert_problem(await ask(as_ada, password=PASSWORD), 409, "not_enabled")
    assert postbox.mails == []


@pytest.mark.parametrize("code", ["", "12345", "１２３４５６", "-12345", "1" * 200])
async def test_s14_what_is_no_code_is_refused_alike(
    as_ada: AsyncClient, postbox: Postbox, code: str
) -> None:
    await code_for(as_ada, postbox, password=PASSWORD)
    assert_problem(await confirm(as_ada, code), 401, "invalid_code")


@pytest.mark.parametrize("code", [123456, None, ["123456"], {"code": 1}, "1" * 201, "\x00" * 6])
async def test_s14_what_is_no_text_is_refused_by_field(as_ada: AsyncClient, code: object) -> None:
    body = assert_problem(await confirm(as_ada, code), 422, "invalid_field")
    assert fields_of(body) == ["code"]
