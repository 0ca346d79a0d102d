"""The account and its login history over the API (S-73, S-82)."""

from httpx import AsyncClient

from tests.api.people import FIREFOX, PASSWORD, MakeClient, Person, SignIn
from tests.api.refusals import assert_problem


async def test_me_tells_who_is_behind_the_token(as_ada: AsyncClient, ada: Person) -> None:
    answer = await as_ada.get("/me")
    assert answer.status_code == 200
    body = answer.json()
    created_at = body.pop("created_at")
    assert created_at.endswith("Z")
    assert body == {
        "id": ada.id,
        "email": ada.email,
        "name": "Ada",
        "email_confirmed": True,
        "roles": ["member"],
        "organization": None,
        "sso": None,
    }
    assert answer.headers["cache-control"] == "no-store"


async def test_the_history_has_every_try_on_the_account(
    client: AsyncClient, ada: Person, eve: Person, sign_in: SignIn, make_client: MakeClient
) -> None:
    await sign_in(eve)
    wrong = {"email": ada.email, "password": "wrong-guess-1"}
    await client.post("/auth/sign-in", json=wrong)
    await sign_in(ada)
    caller = await sign_in(ada, ip="89.160.20.112", user_agent=FIREFOX)
    stranger = make_client(ip="203.0.113.5")
    for _ in range(6):
        await stranger.post("/auth/sign-in", json=wrong)
    body = (await caller.get("/login-history")).json()
    assert body["next"] is None
    assert [item["result"] for item in body["items"]] == [
        "throttled",
        "wrong_password",
        "wrong_password",
        "wrong_password",
        "wrong_password",
        "signed_in",
        "signed_in",
        "wrong_password",
    ]
    latest = body["items"][5]
    assert set(latest) == {
        "id",
        "at",
        "result",
        "method",
        "2fa_verified",
        "new_device",
        "device",
        "location",
        "ip",
    }
    assert (latest["device"], latest["location"]) == ("Firefox on Linux", "Sweden")
    assert (latest["ip"], latest["method"]) == ("89.160.20.112", "api")
    assert (latest["2fa_verified"], latest["new_device"]) == (False, True)


async def test_the_history_is_paged_without_gaps(
    as_ada: AsyncClient, ada: Person, sign_in: SignIn
) -> None:
    for _ in range(6):
        await sign_in(ada)
    seen: list[str] = []
    cursor = ""
    while True:
        params = {"limit": 3, "cursor": cursor}
        page = (await as_ada.get("/login-history", params=params)).json()
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 7


async def test_a_hostile_user_agent_is_bounded_and_harmless(
    client: AsyncClient, ada: Person
) -> None:
    """S-83: the header is text in a list, whatever it holds."""
    body = {"email": ada.email, "password": PASSWORD}
    for user_agent in (b"x" * 5000, b"<script>alert(1)</script>", b"\xff\xfe\xe2\x80\xae", b""):
        answer = await client.post("/auth/sign-in", json=body, headers={b"user-agent": user_agent})
        assert answer.status_code == 200
    token = {"authorization": f"Bearer {answer.json()['token']}"}
    page = (await client.get("/sessions", headers=token)).json()
    assert all(len(item["device"]) <= 100 for item in page["items"])


async def test_owners_come_from_the_token_alone(
    as_ada: AsyncClient, ada: Person, eve: Person
) -> None:
    """S-71."""
    named = {"account_id": eve.id, "user_id": eve.id, "email": eve.email}
    answer = await as_ada.get("/me", params=named, headers={"x-user-id": eve.id})
    assert answer.json()["id"] == ada.id
    assert_problem(await as_ada.get(f"/me/{eve.id}"), 404, "not_found")
