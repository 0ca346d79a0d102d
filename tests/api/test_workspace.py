"""Organizations and releases over the API, by session and by key (S-33, S-56, S-71, S-72)."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from httpx import AsyncClient

from security_app.accounts import api_keys
from security_app.accounts.hashing import hash_text, hashing_place
from security_app.accounts.tokens import digest
from security_app.clock import now
from security_app.db.engine import Database
from security_app.db.tables import ApiKey, Organization, Pin, Release, SecurityEvent
from tests.accounts.cast import open_session, rows
from tests.accounts.workplace import Colleague, colleague, found, release
from tests.api.people import MakeClient
from tests.api.refusals import assert_problem

PIN = "2580"
RUNNING = -timedelta(minutes=1)
Caller = Callable[..., Awaitable[AsyncClient]]


@pytest.fixture
async def organization_id(database: Database) -> str:
    return await found()


@pytest.fixture
async def boss(organization_id: str) -> Colleague:
    return await colleague(organization_id, "owner", "olga@example.org")


@pytest.fixture
def calling(make_client: MakeClient, database: Database) -> Caller:
    """A client with a session token, or with a key of some scopes."""

    async def make(person: Colleague, scopes: str | None = None) -> AsyncClient:
        client = make_client()
        if scopes is None:
            _, session = await open_session(person.account, "", kind="api")
            token = session.secret
        else:
            token = api_keys.new_key()
            async with database.transaction() as db:
                db.add(
                    ApiKey(
                        account_id=person.id,
                        name="CI",
                        secret_hash=digest(token),
                        prefix=token[:9],
                        last_four=token[-4:],
                        scopes=scopes,
                        created_at=now(),
                        expires_at=now() + timedelta(days=1),
                    )
                )
        client.headers["authorization"] = f"Bearer {token}"
        return client

    return make


async def set_pin(database: Database, person: Colleague) -> None:
    async with hashing_place():
        stored = await hash_text(PIN, "pin")
    async with database.transaction() as db:
        db.add(Pin(account_id=person.id, pin_hash=stored, set_at=now()))


async def test_me_names_the_organization_and_the_role(
    calling: Caller, boss: Colleague, organization_id: str
) -> None:
    client = await calling(boss, "account:read")
    body = (await client.get("/me")).json()
    assert body["roles"] == ["owner"]
    assert body["organization"] == {
        "id": organization_id,
        "name": "Northwind Wines",
        "role": "owner",
    }


async def test_members_with_their_roles(
    calling: Caller, boss: Colleague, organization_id: str
) -> None:
    member = await colleague(organization_id, "member", "bea@example.org", with_2fa=True)
    body = (await (await calling(boss)).get(f"/organizations/{organization_id}")).json()
    assert (body["id"], body["name"], body["requires_2fa"]) == (
        organization_id,
        "Northwind Wines",
        False,
    )
    assert {(each["email"], each["role"], each["2fa_enabled"]) for each in body["members"]} == {
        ("olga@example.org", "owner", False),
        ("bea@example.org", "member", True),
    }
    seen = (
        await (await calling(member, "organization:read")).get(f"/organizations/{organization_id}")
    ).json()
    assert [each["2fa_enabled"] for each in seen["members"]] == [None, None]


async def test_s56_foreign_and_unknown_ids_answer_alike_whatever_the_pin(
    calling: Caller, boss: Colleague, database: Database
) -> None:
    await set_pin(database, boss)
    elsewhere = await found("Elsewhere")
    await colleague(elsewhere, "owner")
    running = await release(elsewhere, RUNNING)
    client = await calling(boss, "organization:read organization:write")
    bodies = []
    for organization_id, release_id in ((elsewhere, running), ("A" * 20, "B" * 20)):
        path = f"/organizations/{organization_id}"
        wrong = {"X-Account-PIN": "0000"}
        answers = (
            await client.get(path),
            await client.delete(path),
            await client.delete(path, headers=wrong),
            await client.post(f"/releases/{release_id}/force-cancel", headers=wrong),
        )
        bodies += [assert_problem(answer, 404, "not_found") for answer in answers]
    assert bodies[:4] == bodies[4:]
    # No PIN was looked at: none counts as wrong.
    assert [row.failures for row in await rows(Pin)] == [0]
    assert len(await rows(Organization)) == 2


@pytest.mark.parametrize("scopes", ["organization:read", "account:read account:write", ""])
async def test_s71_a_key_needs_the_scope(
    calling: Caller, boss: Colleague, organization_id: str, scopes: str
) -> None:
    running = await release(organization_id, RUNNING)
    client = await calling(boss, scopes)
    for answer in (
        await client.delete(f"/organizations/{organization_id}"),
        await client.post(f"/releases/{running}/force-cancel"),
    ):
        assert_problem(answer, 403, "scope_required")
    for path in (f"/organizations/{organization_id}", "/releases"):
        answer = await client.get(path)
        assert answer.status_code == (200 if scopes == "organization:read" else 403)


async def test_s33_a_release_is_stopped_with_the_pin(
    calling: Caller, boss: Colleague, organization_id: str, database: Database
) -> None:
    await set_pin(database, boss)
    running = await release(organization_id, RUNNING)
    client = await calling(boss, "organization:write")
    path = f"/releases/{running}/force-cancel"
    assert_problem(await client.post(path), 403, "pin_required")
    wrong = await client.post(path, headers={"X-Account-PIN": "2581"})
    assert_problem(wrong, 403, "pin_wrong")
    answer = await client.post(path, headers={"X-Account-PIN": PIN})
    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["state"]) == (running, "cancelled")
    again = await client.post(path, headers={"X-Account-PIN": PIN})
    assert_problem(again, 409, "release_state")
    assert len(await rows(SecurityEvent, SecurityEvent.action == "release.force_cancelled")) == 1


async def test_s32_five_wrong_pins_lock_it_and_the_right_one_waits_too(
    calling: Caller, boss: Colleague, organization_id: str, database: Database
) -> None:
    await set_pin(database, boss)
    client = await calling(boss, "organization:write")
    path = f"/organizations/{organization_id}"
    for _ in range(4):
        wrong = await client.delete(path, headers={"X-Account-PIN": "1234"})
        assert_problem(wrong, 403, "pin_wrong")
    for pin in ("1234", PIN):
        locked = await client.delete(path, headers={"X-Account-PIN": pin})
        assert locked.json()["code"] == "pin_locked"
        assert int(locked.headers["retry-after"]) <= 15 * 60
    assert len(await rows(Organization)) == 1


async def test_an_organization_is_deleted_by_its_owner(
    calling: Caller, boss: Colleague, organization_id: str, database: Database
) -> None:
    await set_pin(database, boss)
    admin = await colleague(organization_id, "admin")
    path = f"/organizations/{organization_id}"
    assert_problem(await (await calling(admin)).delete(path), 403, "role_required")
    client = await calling(boss, "organization:write")
    answer = await client.delete(path, headers={"X-Account-PIN": PIN})
    assert (answer.status_code, answer.content) == (204, b"")
    assert await rows(Organization) == []
    assert_problem(await client.delete(path, headers={"X-Account-PIN": PIN}), 404, "not_found")


async def test_without_a_pin_the_request_itself_confirms(
    calling: Caller, boss: Colleague, organization_id: str
) -> None:
    """The typed name is for the hands of a person; a program that asks means it."""
    running = await release(organization_id, RUNNING)
    client = await calling(boss)
    assert (await client.post(f"/releases/{running}/force-cancel")).status_code == 200
    assert (await client.delete(f"/organizations/{organization_id}")).status_code == 204


async def test_s72_where_2fa_is_required_sessions_without_it_are_refused_and_keys_are_not(
    calling: Caller, boss: Colleague, organization_id: str, database: Database
) -> None:
    async with database.transaction() as db:
        (await db.get_one(Organization, organization_id)).requires_2fa = True
    for path in (f"/organizations/{organization_id}", "/releases"):
        refused = await (await calling(boss)).get(path)
        assert_problem(refused, 403, "two_factor_required")
        assert (await (await calling(boss, "organization:read")).get(path)).status_code == 200


async def test_s40_releases_are_paged_and_foreign_cursors_are_none(
    calling: Caller, boss: Colleague, organization_id: str
) -> None:
    made = {await release(organization_id, RUNNING), await release(organization_id)}
    foreign = await release(await found("Elsewhere"))
    client = await calling(boss, "organization:read")
    first = (await client.get("/releases", params={"limit": 1})).json()
    second = (await client.get("/releases", params={"limit": 1, "cursor": first["next"]})).json()
    assert second["next"] is None
    assert {first["items"][0]["id"], second["items"][0]["id"]} == made
    other = (await client.get("/releases", params={"limit": 1, "cursor": foreign})).json()
    assert other == first
    nobody = await calling(await colleague("", ""), "organization:read")
    assert (await nobody.get("/releases")).json() == {"items": [], "next": None}
    assert len(await rows(Release)) == 3
