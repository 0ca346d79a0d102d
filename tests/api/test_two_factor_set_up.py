"""Setting an authenticator app up over the API (S-09 to S-16, D9)."""

import asyncio
import base64
import re
from datetime import datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import png
import pytest
import time_machine
import zxingcpp
from httpx import AsyncClient

from security_app.clock import now
from security_app.db.tables import RecoveryCode, Totp, TotpSetUp
from tests.accounts.cast import rows
from tests.accounts.phone import code
from tests.api.authenticator import NO_CODES, Phone, set_up
from tests.api.people import PASSWORD, MakePerson, Person, SignIn
from tests.api.refusals import assert_problem, fields_of

VIEW = "/auth/2fa/recovery-codes/view"


pytestmark = pytest.mark.usefixtures("clock")


def _scanned(data_url: str) -> str:
    """What an independent scanner reads in the picture."""
    head, _, body = data_url.partition(",")
    assert head == "data:image/png;base64"
    width, height, lines, _ = png.Reader(bytes=base64.b64decode(body)).asRGB8()
    grey = b"".join(bytes(line[::3]) for line in lines)
    found = zxingcpp.read_barcode(memoryview(grey).cast("B", shape=[height, width]))
    assert found is not None
    return found.text


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
