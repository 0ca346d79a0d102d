"""API keys against the running product: every route with every scope, frames, logs and files."""

import asyncio
import json
import re

import httpx
import pytest
from sqlmodel import select

from security_app.accounts.api_keys import new_key
from security_app.accounts.tokens import digest
from security_app.api.app import build_json_api
from security_app.clock import now
from security_app.db.tables import ApiKey, StepUpGrant, new_id
from security_app.limits import API_KEY_LIFE
from security_app.policy import API_KEY_SCOPES
from tests.attacks.people import web
from tests.attacks.raw_client import RawClient, handler
from tests.server import Browser, Person, Server

PAGE = "/settings/personal/api-keys"
LIST = "cards.api_keys.state.ApiKeysState"
MAKING = "cards.api_keys.making.NewKeyState"
STEP_UP = "web.step_up_state.StepUpState"

#: Every operation there is. With which scope a key may call it; "" with none; None: it
#: asks for nobody's token. A new route fails the test until somebody has decided.
EXPECTED: dict[tuple[str, str], str | None] = {
    ("POST", "/v1/auth/sign-up"): None,
    ("POST", "/v1/auth/confirm-email"): None,
    ("POST", "/v1/auth/sign-in"): None,
    ("POST", "/v1/auth/verify-2fa-code"): None,
    ("POST", "/v1/auth/sign-out"): "",
    ("GET", "/v1/me"): "account:read",
    ("PATCH", "/v1/me"): "account:write",
    ("POST", "/v1/auth/password"): "",
    ("GET", "/v1/auth/2fa"): "",
    ("POST", "/v1/auth/2fa/setup"): "",
    ("POST", "/v1/auth/2fa/verify"): "",
    ("POST", "/v1/auth/2fa/disable"): "",
    ("POST", "/v1/auth/2fa/recovery-codes/view"): "",
    ("POST", "/v1/auth/2fa/recovery-codes/regenerate"): "",
    ("POST", "/v1/auth/2fa/email-otp"): "",
    ("POST", "/v1/auth/2fa/verify-email-otp"): "",
    ("GET", "/v1/sessions"): "sessions:write",
    ("POST", "/v1/sessions/sign-out-others"): "sessions:write",
    ("DELETE", "/v1/sessions/{session_id}"): "sessions:write",
    ("GET", "/v1/login-history"): "account:read",
    ("GET", "/v1/api-keys"): "",
    ("POST", "/v1/api-keys"): "",
    ("POST", "/v1/api-keys/{key_id}/rotate"): "",
    ("DELETE", "/v1/api-keys/{key_id}"): "",
    ("POST", "/v1/api-keys/revoke-all"): "",
    ("GET", "/v1/connections"): "",
    ("DELETE", "/v1/connections/{connection_id}"): "",
    ("PUT", "/v1/auth/pin"): "",
    ("DELETE", "/v1/auth/pin"): "",
    ("GET", "/v1/organizations/{organization_id}"): "organization:read",
    ("DELETE", "/v1/organizations/{organization_id}"): "organization:write",
    ("GET", "/v1/releases"): "organization:read",
    ("POST", "/v1/releases/{release_id}/force-cancel"): "organization:write",
    ("GET", "/v1/health/live"): None,
    ("GET", "/v1/health/ready"): None,
}
#: Bodies with which an operation that let the key in would do something.
BODIES = {
    "/v1/me": {"name": "changed by a key"},
    "/v1/api-keys": {"name": "made by a key", "scopes": ["account:read"]},
    "/v1/auth/password": {"current_password": "", "new_password": "nine-loud-magpies-42"},
    "/v1/auth/2fa/disable": {"method": "totp", "code": "287082"},
    "/v1/auth/2fa/verify": {"code": "287082"},
    "/v1/auth/2fa/verify-email-otp": {"code": "287082"},
}


def plant(server: Server, person: Person, *scopes: str, name: str = "Robot") -> tuple[str, str]:
    """A key straight in the database; returns its id and the key."""
    key, key_id, at = new_key(), new_id(), now()
    with server.rows() as rows:
        rows.add(
            ApiKey(
                id=key_id,
                account_id=person.id,
                name=name,
                secret_hash=digest(key),
                prefix=key[:9],
                last_four=key[-4:],
                scopes=" ".join(scopes),
                created_at=at,
                expires_at=at + API_KEY_LIFE,
            )
        )
        rows.commit()
    return key_id, key


def keys_of(server: Server, person: Person) -> list[ApiKey]:
    with server.rows() as rows:
        return list(rows.exec(select(ApiKey).where(ApiKey.account_id == person.id)).all())


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def operations() -> set[tuple[str, str]]:
    paths = build_json_api().openapi()["paths"]
    return {(method.upper(), path) for path in paths for method in paths[path]}


def test_somebody_has_decided_for_every_operation() -> None:
    assert operations() == set(EXPECTED)
    assert {scope for scope in EXPECTED.values() if scope} <= set(API_KEY_SCOPES)


@pytest.mark.parametrize("scope", [*API_KEY_SCOPES, "all of them"])
async def test_s71_a_key_opens_what_its_scope_says_and_nothing_else(
    server: Server, scope: str
) -> None:
    person = server.add_account()
    scopes = tuple(API_KEY_SCOPES) if scope == "all of them" else (scope,)
    _, key = plant(server, person, *scopes)
    async with web(server, headers=bearer(key)) as client:
        for (method, path), needed in EXPECTED.items():
            if needed is None:
                continue
            answer = await _call(client, method, path, person)
            place = f"{method} {path} with {scope}"
            if needed in scopes:
                assert answer.status_code not in {401, 403}, place
            else:
                assert answer.status_code == 403, f"{place}: {answer.status_code}"
                wanted = "scope_required" if needed else "session_required"
                assert answer.json()["code"] == wanted, place
    assert [key.name for key in keys_of(server, person)] == ["Robot"]


async def _call(
    client: httpx.AsyncClient, method: str, path: str, person: Person
) -> httpx.Response:
    address = "/api" + re.sub(r"\{\w+\}", "unknown", path)
    if method in {"GET", "DELETE"}:
        return await client.request(method, address)
    proofs = {"password": person.password, "method": "totp", "code": "000000"}
    return await client.request(method, address, json=proofs | BODIES.get(path, {}))


async def test_s71_a_key_is_no_cookie_and_opens_no_page(server: Server) -> None:
    person = server.add_account()
    _, key = plant(server, person, *API_KEY_SCOPES)
    async with RawClient(server, browser=Browser(session=key), path=PAGE) as page:
        await page.load()
        assert person.email not in page.text
        await page.call(handler(LIST, "load"))
        assert person.email not in page.text
        assert "Robot" not in page.text
    headers = bearer(key)
    async with RawClient(server, headers=headers, path=PAGE) as page:
        await page.load()
        assert person.email not in page.text


async def test_s70_a_connection_kept_open_is_refused_from_the_next_call(server: Server) -> None:
    person = server.add_account()
    key_id, key = plant(server, person, "account:read")
    owner = server.add_session(person)
    async with web(server, headers=bearer(key)) as robot:
        assert (await robot.get("/api/v1/me")).status_code == 200
        async with RawClient(server, browser=owner, path=PAGE) as page:
            await page.load()
            await page.call(
                handler(STEP_UP, "ask_about"), {"action": "revoke_api_key", "target_id": key_id}
            )
            await page.send(handler(STEP_UP, "submit"), {"form": {"confirmation": "Robot"}})
            await page.until(lambda: "The API key is revoked" in page.text)
        answer = await robot.get("/api/v1/me")
        assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_required")


async def test_s70_handlers_called_by_hand_do_nothing_without_their_proofs(
    server: Server,
) -> None:
    person = server.add_account()
    key_id, key = plant(server, person, "account:read")
    other_id, _ = plant(server, person, "account:read", name="Other")
    async with RawClient(server, browser=server.add_session(person), path=PAGE) as page:
        await page.load()
        for name, payload in (
            ("revoke", {"key_id": key_id}),
            ("revoke_all", {"target_id": "all"}),
            ("revoke_all", {"target_id": key_id}),
        ):
            await page.call(handler(LIST, name), payload)
        ticked = {"name": "x", "scope_account_read": "on", "days": "90"}
        for form in (
            ticked,
            ticked | {"password": "not it"},
            ticked | {"password": [person.password]},
            ticked | {"password": person.password, "days": "36500"},
            ticked | {"password": person.password, "days": "-1"},
            {"name": "x", "password": person.password, "scopes": "account:read"},
            {"name": "x", "password": person.password, "scope_account_read": ["on"]},
        ):
            await page.call(handler(MAKING, "create"), {"form": form})
        # No dialog was opened, so there is no key this is about.
        await page.call(handler(MAKING, "rotate"), {"form": {"password": person.password}})
        # A grant for one key revokes no other.
        ask = {"action": "revoke_api_key", "target_id": key_id}
        await page.call(handler(STEP_UP, "ask_about"), ask)
        await page.call(handler(LIST, "revoke"), {"key_id": other_id})
        await page.call(handler(STEP_UP, "submit"), {"form": {"confirmation": "Other"}})
    assert {row.name: row.revoked_at for row in keys_of(server, person)} == {
        "Robot": None,
        "Other": None,
    }
    with server.rows() as rows:
        grants = rows.exec(select(StepUpGrant).where(StepUpGrant.account_id == person.id)).all()
    assert not [grant for grant in grants if grant.action.startswith("revoke")]
    async with web(server, headers=bearer(key)) as robot:
        assert (await robot.get("/api/v1/me")).status_code == 200


async def test_s56_another_persons_keys_are_unknown_on_the_socket_too(server: Server) -> None:
    victim = server.add_account()
    key_id, key = plant(server, victim, "account:read", name="Secret project")
    thief = server.add_account()
    async with RawClient(server, browser=server.add_session(thief), path=PAGE) as page:
        await page.load()
        for name in ("revoke_api_key", "revoke_api_keys", "create_api_key", "no_such"):
            await page.call(handler(STEP_UP, "ask_about"), {"action": name, "target_id": key_id})
            await page.call(handler(STEP_UP, "submit"), {"form": {"confirmation": "revoke all"}})
        await page.call(handler(MAKING, "start_rotation"), {"key_id": key_id})
        await page.call(handler(MAKING, "rotate"), {"form": {"password": thief.password}})
        await page.call(handler(LIST, "revoke"), {"key_id": key_id})
        assert "Secret project" not in page.text
        assert key[-4:] not in page.text
    async with web(server, headers=bearer(key)) as robot:
        assert (await robot.get("/api/v1/me")).status_code == 200


async def test_s59_s76_a_key_is_sent_once_and_stays_nowhere(server: Server) -> None:
    person = server.add_account()
    browser = server.add_session(person)
    async with (
        RawClient(server, browser=browser, path=PAGE) as page,
        RawClient(server, browser=browser, path=PAGE) as elsewhere,
    ):
        await page.load()
        await elsewhere.load()
        await page.call(handler(MAKING, "start"))
        form = {
            "name": "Canary",
            "days": "30",
            "scope_account_read": "on",
            "password": person.password,
        }
        await page.send(handler(MAKING, "create"), {"form": form})
        await page.until(lambda: "sapp_" in page.text and "Canary" in page.text)
        await elsewhere.until(lambda: "Canary" in elsewhere.text)
        (key,) = set(re.findall(r"sapp_\w{46}", page.text))
        assert key not in elsewhere.text
        assert sum(key in frame for frame in page.frames) == 1
        # Escape keeps it, Done and a fresh load forget it.
        await page.call(handler(MAKING, "toggle"), {"is_open": False})
        seen = len(page.updates)
        await page.call(handler(MAKING, "finish"))
        cleared = json.dumps(page.updates[seen:])
        assert '"key_rx_state_": ""' in cleared
        await page.load()
        assert sum(key in frame for frame in page.frames) == 1
        async with web(server, headers=bearer(key)) as robot:
            assert (await robot.get("/api/v1/me")).status_code == 200
            await robot.get("/api/v1/me", params={"key": key[:20]})
            await robot.post("/api/v1/auth/sign-in", json={"email": "x", "password": "y"})
    await asyncio.to_thread(server.settle)
    assert key not in server.log_text()
    secret = key[5:45].encode()
    for file in server.data_dir.rglob("*"):
        if file.is_file():
            assert secret not in file.read_bytes(), file
    assert key not in "".join(str(mail) for mail in server.mails())


async def test_s83_names_that_look_like_markup_or_turn_text_round(server: Server) -> None:
    person = server.add_account()
    async with RawClient(server, browser=server.add_session(person), path=PAGE) as page:
        await page.load()
        await page.call(handler(MAKING, "start"))
        base = {"scope_account_read": "on", "password": person.password}
        for name in ("", "n" * 61, "n" * 4_000, "a\u202eb", "a\u200fb", "a\0b", "\x1b[2J"):
            await page.call(handler(MAKING, "create"), {"form": base | {"name": name}})
        await page.call(handler(MAKING, "create"), {"form": base | {"name": "n" * 10_000}})
        assert keys_of(server, person) == []
        await page.call(handler(MAKING, "create"), {"form": base | {"name": "<img src=x>{0}"}})
    assert [row.name for row in keys_of(server, person)] == ["<img src=x>{0}"]
