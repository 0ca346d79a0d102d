"""API keys over HTTP: made, listed, replaced, revoked, and what they open (S-69 to S-72)."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from security_app.accounts import pins
from security_app.accounts.actor import Actor
from security_app.accounts.sessions import find_actor
from security_app.accounts.step_up import Proofs
from security_app.accounts.tokens import digest
from security_app.clock import iso, now
from tests.accounts.cast import OWNER
from tests.accounts.postbox import Postbox
from tests.api.authenticator import standing_clock, turn_on
from tests.api.mailbox import code_for
from tests.api.mailbox import turn_on as turn_mailed_codes_on
from tests.api.people import PASSWORD, MakeClient, Person, ReadMails, SignIn
from tests.api.refusals import assert_problem, fields_of

KEYS = "/api-keys"
ALL_FIELDS = {
    "id",
    "name",
    "prefix",
    "last_four",
    "scopes",
    "status",
    "created_at",
    "expires_at",
    "last_used_at",
    "last_used_location",
}


def body(**values: Any) -> dict[str, Any]:
    """What makes a key."""
    return {"name": "Backup", "scopes": ["account:read"], "password": PASSWORD} | values


async def make(client: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    """Make a key; gives the answer."""
    answer = await client.post(KEYS, json=body(**values))
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


def with_key(make_client: MakeClient, key: str) -> httpx.AsyncClient:
    """A program that has the key."""
    client = make_client()
    client.headers["authorization"] = f"Bearer {key}"
    return client


async def items(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """The list."""
    answer = await client.get(KEYS)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def set_pin(client: httpx.AsyncClient) -> None:
    """The owner sets 2580 on the page."""
    token = client.headers["authorization"].removeprefix("Bearer ")
    actor = await find_actor(digest(token), OWNER)
    assert isinstance(actor, Actor)
    await pins.set_pin(actor, pin="2580", repeat="2580", proofs=Proofs(PASSWORD))


async def test_a_key_is_shown_once_and_works(
    as_ada: httpx.AsyncClient, make_client: MakeClient, mails: ReadMails
) -> None:
    made = await make(as_ada, name="<b>Nightly</b>")
    assert set(made) == ALL_FIELDS | {"key"}
    assert made["key"].startswith(made["prefix"])
    assert made["key"].endswith(made["last_four"])
    (listed,) = await items(as_ada)
    assert listed == {name: value for name, value in made.items() if name != "key"}
    assert (listed["name"], listed["status"], listed["last_used_at"]) == (
        "<b>Nightly</b>",
        "active",
        None,
    )
    robot = with_key(make_client, made["key"])
    me = await robot.get("/me")
    assert (me.status_code, me.json()["email"]) == (200, "ada@example.com")
    (listed,) = await items(as_ada)
    assert listed["last_used_at"] is not None
    (of_key,) = [params for kind, _, params in await mails() if kind == "api_key_created"]
    assert made["key"] not in str(of_key)


async def test_the_end_can_be_chosen(as_ada: httpx.AsyncClient) -> None:
    end = now() + timedelta(days=10)
    assert (await make(as_ada, expires_at=iso(end)))["expires_at"] == iso(end)
    in_lisbon = f"{end:%Y-%m-%dT%H:%M:%S}+00:00"
    assert (await make(as_ada, expires_at=in_lisbon))["expires_at"] == iso(end)
    usual = await make(as_ada, expires_at=None)
    assert usual["expires_at"][:10] == iso(now() + timedelta(days=90))[:10]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", None),
        ("name", ""),
        ("name", 7),
        ("name", ["Backup"]),
        ("name", "n" * 61),
        ("name", "n" * 10_000),
        ("name", "evil\u202egnp.exe"),
        ("name", "bell\u0007"),
        ("scopes", None),
        ("scopes", []),
        ("scopes", "account:read"),
        ("scopes", ["account:admin"]),
        ("scopes", {"account:read": True}),
        ("scopes", ["account:read"] * 21),
        ("expires_at", "tomorrow"),
        ("expires_at", ""),
        ("expires_at", 1893456000),
        ("expires_at", True),
        ("expires_at", "2031-05-04"),
        ("expires_at", "2031-05-04T10:00:00"),
        ("expires_at", "2020-05-04T10:00:00Z"),
        ("expires_at", "9999-12-31T23:59:59-12:00"),
        ("expires_at", "0001-01-01T00:00:00+14:00"),
        ("password", 5),
    ],
)
async def test_what_cannot_be_a_key_is_refused_beside_its_field(
    as_ada: httpx.AsyncClient, field: str, value: object
) -> None:
    sent = body() | {field: value}
    answer = assert_problem(await as_ada.post(KEYS, json=sent), 422, "invalid_field")
    assert fields_of(answer) == [field]
    assert str(value)[:40] not in answer["detail"] or not str(value).strip()
    assert await items(as_ada) == []


async def test_without_the_proofs_there_is_no_key(as_ada: httpx.AsyncClient) -> None:
    missing = assert_problem(await as_ada.post(KEYS, json=body(password="")), 422, "invalid_field")
    assert fields_of(missing) == ["password"]
    assert_problem(await as_ada.post(KEYS, json=body(password="not it")), 401, "wrong_password")
    with standing_clock() as clock:
        phone = await turn_on(as_ada)
        clock.shift(60)
        lacking = await as_ada.post(KEYS, json=body())
        assert fields_of(assert_problem(lacking, 422, "invalid_field")) == ["code"]
        assert_problem(await as_ada.post(KEYS, json=body(code="000000")), 401, "invalid_code")
        await make(as_ada, code=phone.code(), method="totp")


async def test_a_mailed_code_serves_too(as_ada: httpx.AsyncClient, postbox: Postbox) -> None:
    with standing_clock() as clock:
        await turn_mailed_codes_on(as_ada, postbox)
        clock.shift(61)
        code = await code_for(as_ada, postbox, action="create_api_key")
        await make(as_ada, code=code, method="email_code")


async def test_rotating_gives_a_new_key_and_the_old_one_its_last_day(
    as_ada: httpx.AsyncClient, make_client: MakeClient
) -> None:
    old = await make(as_ada)
    address = f"{KEYS}/{old['id']}/rotate"
    assert_problem(await as_ada.post(address, json={}), 422, "invalid_field")
    answer = await as_ada.post(address, json={"password": PASSWORD})
    assert answer.status_code == 201, answer.text
    new = answer.json()
    assert set(new) == ALL_FIELDS | {"key"}
    assert (new["name"], new["scopes"]) == (old["name"], old["scopes"])
    assert {item["id"]: item["status"] for item in await items(as_ada)} == {
        new["id"]: "active",
        old["id"]: "replaced",
    }
    for key in (old["key"], new["key"]):
        assert (await with_key(make_client, key).get("/me")).status_code == 200
    again = await as_ada.post(address, json={"password": PASSWORD})
    assert_problem(again, 409, "already_replaced")
    cut = {"password": PASSWORD, "cut_at_once": True}
    newest = (await as_ada.post(f"{KEYS}/{new['id']}/rotate", json=cut)).json()
    assert_problem(await with_key(make_client, new["key"]).get("/me"), 401, "sign_in_required")
    assert (await with_key(make_client, newest["key"]).get("/me")).status_code == 200
    for wrong in ("yes", 1, None):
        strange = {"password": PASSWORD, "cut_at_once": wrong}
        refused = await as_ada.post(f"{KEYS}/{newest['id']}/rotate", json=strange)
        assert_problem(refused, 422, "invalid_field")


async def test_s70_a_revoked_key_is_refused_on_the_connection_it_has_open(
    as_ada: httpx.AsyncClient, make_client: MakeClient
) -> None:
    made = await make(as_ada)
    robot = with_key(make_client, made["key"])
    assert (await robot.get("/me")).status_code == 200
    assert (await as_ada.delete(f"{KEYS}/{made['id']}")).status_code == 204
    assert_problem(await robot.get("/me"), 401, "sign_in_required")
    assert_problem(await as_ada.delete(f"{KEYS}/{made['id']}"), 404, "not_found")
    assert await items(as_ada) == []


async def test_s33_with_a_pin_revoking_takes_the_pin(
    as_ada: httpx.AsyncClient, make_client: MakeClient
) -> None:
    made = await make(as_ada)
    await set_pin(as_ada)
    address = f"{KEYS}/{made['id']}"
    # Unknown ids are answered before any PIN is looked at.
    assert_problem(await as_ada.delete(f"{KEYS}/unknown"), 404, "not_found")
    assert_problem(await as_ada.delete(address), 403, "pin_required")
    for wrong in ("2581", "2580 or 1=1", "x" * 60):
        refused = await as_ada.delete(address, headers={"x-account-pin": wrong})
        assert_problem(refused, 403, "pin_wrong")
    too_long = await as_ada.delete(address, headers={"x-account-pin": "1" * 65})
    assert_problem(too_long, 422, "invalid_field")
    assert (await with_key(make_client, made["key"]).get("/me")).status_code == 200
    done = await as_ada.delete(address, headers={"x-account-pin": "2580"})
    assert done.status_code == 204
    assert_problem(await with_key(make_client, made["key"]).get("/me"), 401, "sign_in_required")


async def test_s32_five_wrong_pins_lock_it_here_too(as_ada: httpx.AsyncClient) -> None:
    made = await make(as_ada)
    await set_pin(as_ada)
    address = f"{KEYS}/{made['id']}"
    for _ in range(5):
        answer = await as_ada.delete(address, headers={"x-account-pin": "2581"})
    assert answer.json()["code"] == "pin_locked"
    right = await as_ada.delete(address, headers={"x-account-pin": "2580"})
    assert (right.status_code, right.json()["code"]) == (403, "pin_locked")
    assert int(right.headers["retry-after"]) > 800


async def test_all_keys_are_revoked_at_once_and_nobody_elses(
    as_ada: httpx.AsyncClient, sign_in: SignIn, eve: Person, make_client: MakeClient
) -> None:
    mine = [await make(as_ada, name=f"Key {number}") for number in range(3)]
    as_eve = await sign_in(eve)
    theirs = await make(as_eve)
    address = f"{KEYS}/revoke-all"
    # No key revokes keys, not even all of them.
    robot = with_key(make_client, mine[0]["key"])
    assert_problem(await robot.post(address), 403, "session_required")
    assert len(await items(as_ada)) == 3
    answers = await asyncio.gather(*(as_ada.post(address) for _ in range(3)))
    # Who comes second finds no key, or the proof of this session spent by the first.
    first, *others = sorted(answer.status_code for answer in answers)
    assert first == 200
    assert set(others) <= {403, 404}
    assert {"revoked_keys": 3} in [answer.json() for answer in answers]
    for made in mine:
        robot = with_key(make_client, made["key"])
        assert_problem(await robot.get("/me"), 401, "sign_in_required")
    assert (await with_key(make_client, theirs["key"]).get("/me")).status_code == 200


async def test_s33_with_a_pin_revoking_all_takes_the_pin(as_ada: httpx.AsyncClient) -> None:
    await make(as_ada)
    await set_pin(as_ada)
    address = f"{KEYS}/revoke-all"
    assert_problem(await as_ada.post(address), 403, "pin_required")
    wrong = await as_ada.post(address, headers={"x-account-pin": "2581"})
    assert_problem(wrong, 403, "pin_wrong")
    done = await as_ada.post(address, headers={"x-account-pin": "2580"})
    assert (done.status_code, done.json()) == (200, {"revoked_keys": 1})
    again = await as_ada.post(address, headers={"x-account-pin": "2580"})
    assert_problem(again, 404, "not_found")
