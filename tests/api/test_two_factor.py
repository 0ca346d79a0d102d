"""The second factor over the API: on, off, and its recovery codes (S-13, S-24 to S-28, S-46)."""

import asyncio
import json
import re

import pytest
import time_machine
from httpx import AsyncClient

from security_app.db.engine import Database
from security_app.db.tables import RecoveryCode, Session, Totp
from tests.accounts.cast import rows
from tests.accounts.phone import code
from tests.api.authenticator import NO_TEXTS, Phone, set_up, turn_on
from tests.api.people import PASSWORD, Person, ReadMails, SignIn
from tests.api.refusals import assert_problem, fields_of

VIEW = "/auth/2fa/recovery-codes/view"
REGENERATE = "/auth/2fa/recovery-codes/regenerate"
OFF = {
    "enabled": False,
    "methods": {
        "totp": {"enabled": False, "enabled_at": None},
        "email_code": {"enabled": False, "enabled_at": None, "sent_to": None},
    },
    "recovery_codes": {"left": 0, "total": 0},
}


pytestmark = pytest.mark.usefixtures("clock")


async def test_the_whole_way_on_and_off(as_ada: AsyncClient, clock: time_machine.Traveller) -> None:
    """Guides 1 and 2, as written."""
    assert (await as_ada.get("/auth/2fa")).json() == OFF
    staged = await set_up(as_ada)
    assert (await as_ada.get("/auth/2fa")).json() == OFF
    answer = await as_ada.post("/auth/2fa/verify", json={"code": code(staged["secret"])})
    assert answer.json()["enabled"] is True
    codes = answer.json()["backup_codes"]
    assert len(set(codes)) == 10
    assert all(re.fullmatch("([A-Z2-7]{4}-){3}[A-Z2-7]{4}", item) for item in codes)
    status = (await as_ada.get("/auth/2fa")).json()
    assert status == {
        "enabled": True,
        "methods": {
            "totp": {"enabled": True, "enabled_at": "2026-05-04T10:00:00Z"},
            "email_code": {"enabled": False, "enabled_at": None, "sent_to": None},
        },
        "recovery_codes": {"left": 10, "total": 10},
    }
    clock.shift(60)
    viewed = await as_ada.post(VIEW, json={"code": code(staged["secret"])})
    assert viewed.json() == {"codes": [{"code": item, "used_at": None} for item in codes]}
    clock.shift(60)
    renewed = await as_ada.post(REGENERATE, json={"code": code(staged["secret"])})
    new_codes = [item["code"] for item in renewed.json()["codes"]]
    assert len({*codes, *new_codes}) == 20
    clock.shift(60)
    proofs = {"method": "totp", "password": PASSWORD, "code": new_codes[3].lower()}
    off = await as_ada.post("/auth/2fa/disable", json=proofs)
    assert (off.status_code, off.json()) == (200, OFF)
    assert await rows(RecoveryCode) == []
    second = await turn_on(as_ada)
    assert second.secret != staged["secret"]
    assert not {*second.backup_codes} & {*codes, *new_codes}


@pytest.mark.parametrize("path", ["/auth/2fa/verify", VIEW, REGENERATE, "/auth/2fa/disable"])
async def test_s14_other_types_are_refused_by_field(
    as_ada: AsyncClient, phone: Phone, path: str
) -> None:
    proofs = {"password": PASSWORD, "method": "totp"}
    for value in NO_TEXTS:
        answer = await as_ada.post(path, json=proofs | {"code": value})
        assert fields_of(assert_problem(answer, 422, "invalid_field")) == ["code"]
    raw = json.dumps(proofs | {"code": "1"}).replace('"1"', '"\\ud80012345"')
    lone = await as_ada.post(path, content=raw, headers={"content-type": "application/json"})
    assert fields_of(assert_problem(lone, 422, "invalid_field")) == ["code"]
    large = json.dumps(proofs | {"code": "1" * 1_000_000})
    answer = await as_ada.post(path, content=large, headers={"content-type": "application/json"})
    assert_problem(answer, 413, "too_large")
    assert len(await rows(Totp)) == 1


@pytest.mark.parametrize("path", [VIEW, REGENERATE])
async def test_s27_the_codes_open_to_a_fresh_authenticator_code_only(
    as_ada: AsyncClient, phone: Phone, path: str
) -> None:
    before = [(row.id, row.code_hash) for row in await rows(RecoveryCode)]
    password = PASSWORD
    missing = await as_ada.post(path, json={"password": password})
    assert fields_of(assert_problem(missing, 422, "invalid_field")) == ["code"]
    for body in (
        {"code": phone.code(ahead_s=-60)},  # the one that confirmed the set-up
        {"code": phone.backup_codes[0], "password": password},
        {"code": phone.backup_codes[0], "method": "recovery_code"},
        {"code": "000000"},
    ):
        answer = await as_ada.post(path, json=body)
        assert_problem(answer, 401, "invalid_code")
        assert not [item for item in phone.backup_codes if item in answer.text]
    assert [(row.id, row.code_hash) for row in await rows(RecoveryCode)] == before
    assert all(row.used_at is None for row in await rows(RecoveryCode))
    fresh = phone.code()
    assert (await as_ada.post(path, json={"code": fresh})).status_code == 200
    assert_problem(await as_ada.post(path, json={"code": fresh}), 401, "invalid_code")


async def test_s13_one_code_opens_the_codes_once_in_parallel(
    as_ada: AsyncClient, phone: Phone
) -> None:
    body = {"code": phone.code()}
    answers = await asyncio.gather(*(as_ada.post(VIEW, json=body) for _ in range(10)))
    assert [answer.status_code for answer in answers].count(200) == 1


async def test_s46_turning_off_needs_password_and_code(as_ada: AsyncClient, phone: Phone) -> None:
    password = PASSWORD
    for body, status, refused in (
        ({"method": "totp", "password": password}, 422, "invalid_field"),
        ({"method": "totp", "code": phone.code()}, 422, "invalid_field"),
        ({"password": password, "code": phone.code()}, 422, "invalid_field"),
        (
            {"method": "email_code", "password": password, "code": phone.code()},
            409,
            "not_enabled",
        ),
        (
            {"method": "totp", "password": "wrong-guess-1", "code": phone.code()},
            401,
            "wrong_password",
        ),
        ({"method": "totp", "password": password, "code": "000000"}, 401, "invalid_code"),
    ):
        assert_problem(await as_ada.post("/auth/2fa/disable", json=body), status, refused)
    assert (await as_ada.get("/auth/2fa")).json()["enabled"] is True
    right = {"method": "totp", "password": password, "code": phone.code()}
    assert (await as_ada.post("/auth/2fa/disable", json=right)).json() == OFF


async def test_while_off_there_is_nothing_to_turn_off_or_view(as_ada: AsyncClient) -> None:
    proofs = {"method": "totp", "password": PASSWORD, "code": "123456"}
    for path in ("/auth/2fa/disable", VIEW, REGENERATE):
        answer = await as_ada.post(path, json=proofs)
        assert answer.status_code in {401, 409}, answer.text
        assert answer.json()["code"] in {"invalid_code", "not_enabled"}


async def test_s49_ten_wrong_codes_lock_every_door_for_the_account(
    as_ada: AsyncClient, phone: Phone, clock: time_machine.Traveller
) -> None:
    wrong = [{"code": "000000"}, {"code": "AAAA-AAAA-AAAA-AAAA"}]
    statuses = [
        (await as_ada.post(VIEW, json=wrong[number % 2])).status_code for number in range(11)
    ]
    assert statuses == [401] * 10 + [429]
    right = await as_ada.post(REGENERATE, json={"code": phone.code()})
    assert_problem(right, 429, "too_many_attempts")
    clock.shift(901)
    assert (await as_ada.post(VIEW, json={"code": phone.code()})).status_code == 200


async def test_s84_each_change_mails_the_owner_without_any_code(
    as_ada: AsyncClient, phone: Phone, mails: ReadMails, clock: time_machine.Traveller
) -> None:
    await as_ada.post(VIEW, json={"code": phone.code()})
    clock.shift(60)
    await as_ada.post(REGENERATE, json={"code": phone.code()})
    clock.shift(60)
    proofs = {"method": "totp", "password": PASSWORD, "code": phone.code()}
    await as_ada.post("/auth/2fa/disable", json=proofs)
    sent = await mails()
    kinds = [kind for kind, _, _ in sent]
    for kind in ("totp_enabled", "recovery_codes_viewed", "recovery_codes_regenerated"):
        assert kinds.count(kind) == 1
    assert kinds.count("totp_disabled") == 1
    text = json.dumps([params for _, _, params in sent])
    assert phone.secret not in text
    assert not [item for item in phone.backup_codes if item in text]


async def test_turning_on_keeps_other_sessions_and_changes_no_account_of_others(
    as_ada: AsyncClient, eve: Person, sign_in: SignIn, phone: Phone, database: Database
) -> None:
    as_eve = await sign_in(eve)
    assert (await as_eve.get("/auth/2fa")).json() == OFF
    answer = await as_eve.post(VIEW, json={"code": phone.code()})
    assert answer.status_code in {401, 409}
    assert all(row.ended_at is None for row in await rows(Session))
