"""The second factor over the API: on, off, and its recovery codes (S-09 to S-16, S-24 to S-28)."""

import asyncio
import base64
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import png
import pytest
import time_machine
import zxingcpp
from httpx import AsyncClient

from security_app.clock import now
from security_app.db.engine import Database
from security_app.db.tables import RecoveryCode, Session, Totp, TotpSetUp
from tests.accounts.cast import rows
from tests.accounts.phone import code
from tests.api.authenticator import Phone, set_up, standing_clock, turn_on
from tests.api.people import PASSWORD, MakePerson, Person, ReadMails, SignIn
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
#: What looks like a code and is none: never a 500, never taken.
NO_CODES = [
    "",
    " ",
    "12345",
    "1234567",
    "１２３４５６",  # full-width
    "١٢٣٤٥٦",  # Arabic-Indic
    "-12345",
    "+12345",
    "1e5000",
    "0x1234",
    "12 34 5",
    "12345\n6",
    "1" * 200,
    "' OR 1=1",
]
#: What is not even a text a code could be.
NO_TEXTS = [123456, 1.5, True, None, ["287082"], {"code": "287082"}, "1" * 201, "\x00" * 6]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Time stands still unless a test moves it."""
    with standing_clock() as traveller:
        yield traveller


@pytest.fixture
async def phone(as_ada: AsyncClient, clock: time_machine.Traveller) -> Phone:
    """Ada's phone, the app on, the confirming code a minute old."""
    made = await turn_on(as_ada)
    clock.shift(60)
    return made


def _scanned(data_url: str) -> str:
    """What an independent scanner reads in the picture."""
    head, _, body = data_url.partition(",")
    assert head == "data:image/png;base64"
    width, height, lines, _ = png.Reader(bytes=base64.b64decode(body)).asRGB8()
    grey = b"".join(bytes(line[::3]) for line in lines)
    found = zxingcpp.read_barcode(memoryview(grey).cast("B", shape=[height, width]))
    assert found is not None
    return found.text


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


async def test_s10_s11_the_picture_holds_exactly_the_address(as_ada: AsyncClient) -> None:
    body = await set_up(as_ada)
    assert set(body) == {"otpauth_url", "qr_code", "secret", "expires_at"}
    assert re.fullmatch("[A-Z2-7]{32}", body["secret"])
    assert datetime.fromisoformat(body["expires_at"]) == now() + timedelta(minutes=10)
    assert _scanned(body["qr_code"]) == body["otpauth_url"]
    assert "+" not in body["otpauth_url"]
    parts = urlsplit(body["otpauth_url"])
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Security Centre:ada@example.com"
    assert parse_qs(parts.query) == {
        "secret": [body["secret"]],
        "issuer": ["Security Centre"],
        "algorithm": ["SHA1"],
        "digits": ["6"],
        "period": ["30"],
    }


@pytest.mark.parametrize(
    "email", ["o'neil+tag@example.com", "a&b=c@example.com", "zoë@exämple.com", "%3a@example.com"]
)
async def test_s11_odd_addresses_round_trip(
    make_person: MakePerson, sign_in: SignIn, email: str
) -> None:
    body = await set_up(await sign_in(await make_person(email)))
    assert _scanned(body["qr_code"]) == body["otpauth_url"]
    parts = urlsplit(body["otpauth_url"])
    assert unquote(parts.path.partition(":")[2]) == email
    assert parse_qs(parts.query)["secret"] == [body["secret"]]


async def test_s16_a_secret_the_client_chose_is_ignored(as_ada: AsyncClient) -> None:
    own = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    answer = await as_ada.post(
        "/auth/2fa/setup",
        json={"password": PASSWORD, "secret": own, "account_id": "x"},
    )
    assert answer.status_code == 200
    assert own not in answer.text
    wrong = await as_ada.post("/auth/2fa/verify", json={"code": code(own), "secret": own})
    assert_problem(wrong, 401, "invalid_code")


async def test_s16_setting_up_while_on_is_refused_and_tells_nothing(
    as_ada: AsyncClient, phone: Phone
) -> None:
    proofs = {"password": PASSWORD, "code": phone.code(), "method": "totp"}
    answer = await as_ada.post("/auth/2fa/setup", json=proofs)
    assert_problem(answer, 409, "already_enabled")
    assert phone.secret not in answer.text
    assert await rows(TotpSetUp) == []


async def test_setting_up_needs_the_password(as_ada: AsyncClient) -> None:
    body = assert_problem(await as_ada.post("/auth/2fa/setup", json={}), 422, "invalid_field")
    assert fields_of(body) == ["password"]
    wrong = await as_ada.post("/auth/2fa/setup", json={"password": "wrong-guess-1"})
    assert fields_of(assert_problem(wrong, 401, "wrong_password")) == ["password"]
    assert await rows(TotpSetUp) == []


async def test_s15_a_set_up_is_inert_newest_only_and_bound_to_its_session(
    as_ada: AsyncClient, ada: Person, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    nothing = await as_ada.post("/auth/2fa/verify", json={"code": "000000"})
    assert_problem(nothing, 410, "set_up_expired")
    older = await set_up(as_ada)
    newer = await set_up(as_ada)
    answer = await as_ada.post("/auth/2fa/verify", json={"code": code(older["secret"])})
    assert_problem(answer, 401, "invalid_code")
    other = await sign_in(ada)
    answer = await other.post("/auth/2fa/verify", json={"code": code(newer["secret"])})
    assert_problem(answer, 410, "set_up_expired")
    clock.shift(601)
    answer = await as_ada.post("/auth/2fa/verify", json={"code": code(newer["secret"])})
    assert_problem(answer, 410, "set_up_expired")
    assert await rows(Totp) == []
    assert await rows(RecoveryCode) == []


async def test_set_ups_at_once_leave_one(as_ada: AsyncClient) -> None:
    secrets = [
        answer.json().get("secret", "")
        for answer in await asyncio.gather(
            *(as_ada.post("/auth/2fa/setup", json={"password": PASSWORD}) for _ in range(6))
        )
        if answer.status_code < 500 or pytest.fail(answer.text)
    ]
    assert len(await rows(TotpSetUp)) == 1
    answers = [
        await as_ada.post("/auth/2fa/verify", json={"code": code(secret)})
        for secret in secrets
        if secret
    ]
    assert [answer.status_code for answer in answers].count(200) == 1


async def test_confirming_twice_at_once_turns_on_once(as_ada: AsyncClient) -> None:
    body = {"code": code((await set_up(as_ada))["secret"])}
    answers = await asyncio.gather(*(as_ada.post("/auth/2fa/verify", json=body) for _ in range(5)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 200
    assert set(statuses[1:]) <= {409, 410}
    assert len(await rows(RecoveryCode)) == 10


@pytest.mark.parametrize("offset_s", [-600, -300, -60, 60, 90, 600])
async def test_d9_the_clock_offset_is_told_during_set_up(
    as_ada: AsyncClient, offset_s: int
) -> None:
    secret = (await set_up(as_ada))["secret"]
    answer = await as_ada.post("/auth/2fa/verify", json={"code": code(secret, ahead_s=offset_s)})
    body = answer.json()
    assert (answer.status_code, body["code"]) == (401, "invalid_code")
    assert body["clock_offset_seconds"] == offset_s
    assert "minute" in body["detail"]
    assert await rows(Totp) == []
    right = await as_ada.post("/auth/2fa/verify", json={"code": code(secret)})
    assert right.status_code == 200


async def test_d9_no_offset_is_told_when_that_is_not_the_reason(
    as_ada: AsyncClient, sign_in: SignIn, ada: Person, clock: time_machine.Traveller
) -> None:
    secret = (await set_up(as_ada))["secret"]
    answer = await as_ada.post("/auth/2fa/verify", json={"code": code(secret, ahead_s=660)})
    assert "clock_offset_seconds" not in assert_problem(answer, 401, "invalid_code")
    assert (await as_ada.post("/auth/2fa/verify", json={"code": code(secret)})).status_code == 200
    clock.shift(60)
    late = await as_ada.post(VIEW, json={"code": code(secret, ahead_s=300)})
    assert "clock_offset_seconds" not in assert_problem(late, 401, "invalid_code")


@pytest.mark.parametrize("ahead_s", [-30, 0, 30])
async def test_s12_one_step_to_each_side_counts(as_ada: AsyncClient, ahead_s: int) -> None:
    secret = (await set_up(as_ada))["secret"]
    text = code(secret, ahead_s=ahead_s)
    spaced = f" {text[:3]} {text[3:]} "
    assert (await as_ada.post("/auth/2fa/verify", json={"code": spaced})).status_code == 200


async def test_s14_what_is_no_code_is_refused_while_setting_up(as_ada: AsyncClient) -> None:
    await set_up(as_ada)
    statuses = []
    for text in NO_CODES:
        answer = await as_ada.post("/auth/2fa/verify", json={"code": text})
        statuses.append(answer.status_code)
        if text.strip():
            assert text not in answer.text
    assert set(statuses) <= {401, 422, 429}
    assert await rows(Totp) == []


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
