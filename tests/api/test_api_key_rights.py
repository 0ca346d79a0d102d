"""What an API key opens over HTTP, whose it is, and what it outlives (S-56, S-71, S-72)."""

import httpx

from tests.api.authenticator import standing_clock, turn_on
from tests.api.people import PASSWORD, MakeClient, Person, SignIn
from tests.api.refusals import assert_problem, fields_of
from tests.api.test_api_keys import KEYS, items, make, with_key


async def test_s56_other_peoples_keys_look_like_none(
    as_ada: httpx.AsyncClient, sign_in: SignIn, eve: Person
) -> None:
    made = await make(as_ada)
    as_eve = await sign_in(eve)
    unknown = await as_eve.delete(f"{KEYS}/unknown")
    foreign = await as_eve.delete(f"{KEYS}/{made['id']}")
    assert unknown.content == foreign.content
    proofs = {"password": PASSWORD}
    unknown = await as_eve.post(f"{KEYS}/unknown/rotate", json=proofs)
    foreign = await as_eve.post(f"{KEYS}/{made['id']}/rotate", json=proofs)
    assert unknown.content == foreign.content
    assert await items(as_eve) == []
    (listed,) = await items(as_ada)
    assert listed["status"] == "active"


async def test_s71_the_owner_comes_from_the_credential_alone(
    as_ada: httpx.AsyncClient, sign_in: SignIn, eve: Person, ada: Person
) -> None:
    as_eve = await sign_in(eve)
    for field in ("user_id", "account_id", "userId", "owner", "id"):
        await make(as_eve, **{field: ada.id})
    assert await items(as_ada) == []
    assert len(await items(as_eve)) == 5


async def test_s71_a_key_is_read_in_its_header_only(
    as_ada: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    key = (await make(as_ada))["key"]
    for params, headers in (
        ({"api_key": key, "access_token": key, "token": key}, {}),
        ({}, {"cookie": f"session={key}; browser={key}; api_key={key}"}),
        ({}, {"x-api-key": key}),
        ({}, {"authorization": f"Basic {key}"}),
        ({}, {"authorization": key}),
        ({}, {"authorization": f"Bearer {key}x"}),
        ({}, {"authorization": f"Bearer {key.lower()}"}),
        ({}, {"authorization": f"Bearer {key.removeprefix('sapp_')}"}),
    ):
        answer = await client.get("/me", params=params, headers=headers)
        assert_problem(answer, 401, "sign_in_required")


async def test_a_name_is_changed_with_the_scope_for_it(
    as_ada: httpx.AsyncClient, make_client: MakeClient
) -> None:
    reader = with_key(make_client, (await make(as_ada))["key"])
    writer = with_key(make_client, (await make(as_ada, scopes=["account:write"]))["key"])
    refused = assert_problem(await reader.patch("/me", json={"name": "Eve"}), 403, "scope_required")
    assert "account:write" in refused["detail"]
    assert_problem(await writer.get("/me"), 403, "scope_required")
    changed = await writer.patch("/me", json={"name": "  Ada   Lovelace "})
    assert (changed.status_code, changed.json()["name"]) == (200, "Ada Lovelace")
    assert (await reader.get("/me")).json()["name"] == "Ada Lovelace"
    too_long = await as_ada.patch("/me", json={"name": "n" * 101})
    assert fields_of(assert_problem(too_long, 422, "invalid_field")) == ["name"]


async def test_sessions_are_ended_by_a_key_with_the_scope_for_it(
    as_ada: httpx.AsyncClient, make_client: MakeClient
) -> None:
    robot = with_key(make_client, (await make(as_ada, scopes=["sessions:write"]))["key"])
    listed = (await robot.get("/sessions")).json()["items"]
    assert [item["current"] for item in listed] == [False]
    ended = await robot.post("/sessions/sign-out-others")
    assert ended.json() == {"ended_sessions": 1}
    assert_problem(await as_ada.get("/me"), 401, "sign_in_required")
    assert (await robot.get("/sessions")).json()["items"] == []


async def test_s72_a_key_works_whatever_the_password_and_the_second_factor_do(
    as_ada: httpx.AsyncClient, make_client: MakeClient
) -> None:
    robot = with_key(make_client, (await make(as_ada))["key"])
    with standing_clock() as clock:
        phone = await turn_on(as_ada)
        assert (await robot.get("/me")).status_code == 200
        clock.shift(60)
        off = {"method": "totp", "password": PASSWORD, "code": phone.code()}
        assert (await as_ada.post("/auth/2fa/disable", json=off)).status_code == 200
        assert (await robot.get("/me")).status_code == 200
        new = {"current_password": PASSWORD, "new_password": "nine-loud-magpies-42"}
        assert (await as_ada.post("/auth/password", json=new)).status_code == 200
        assert (await robot.get("/me")).status_code == 200
