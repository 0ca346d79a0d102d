"""Secrets through every input, right and malformed, at debug level: none stays anywhere (S-76)."""

import asyncio
import base64
import contextlib
import hashlib
import json
import re
import secrets
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
import websockets

from security_app.accounts.tokens import digest
from tests.attacks.people import (
    HOME,
    SIGN_IN,
    ask_for_ticket,
    fresh_address,
    redeem,
    session_cookie,
    sign_out,
    web,
)
from tests.attacks.raw_client import NAMESPACE, STATE, RawClient, handler
from tests.server import Browser, Person, Server

SIGN_UP = handler("web.entry.sign_up.SignUpState", "submit")
FORGOT = handler("web.entry.forgot_password.ForgotPasswordState", "submit")
RESET = "web.entry.reset_password.ResetPasswordState"
PASSWORD = "cards.password.state.PasswordState"


class Canaries:
    """Values made for one input each, and where they were put."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def new(self, place: str) -> str:
        """A value that looks like a good password and occurs nowhere else."""
        value = f"canary{secrets.token_hex(10)}7"
        return self.note(place, value)

    def note(self, place: str, value: str) -> str:
        """Remember a secret the product made."""
        self.values[f"{place} {len(self.values)}"] = value
        return value

    def found_in(self, data: bytes) -> list[str]:
        """Which of them stand in some bytes, in any usual spelling."""
        return [place for place, value in self.values.items() if _occurs(value, data)]


def _occurs(value: str, data: bytes) -> bool:
    raw = value.encode()
    spellings = {
        raw,
        raw.hex().encode(),
        base64.b64encode(raw).rstrip(b"=")[:-1],
        urllib.parse.quote(value).encode(),
        raw.upper(),
        value.encode("utf-16-le"),
        hashlib.md5(raw).hexdigest().encode(),  # noqa: S324 - looked for, not used
        hashlib.sha1(raw).hexdigest().encode(),  # noqa: S324 - looked for, not used
    }
    return any(spelling in data for spelling in spellings)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server({"LOG_LEVEL": "debug"}) as running:
        yield running


def _files(server: Server) -> dict[str, bytes]:
    """All the product keeps: database with its log, and whatever else, but for the mails."""
    kept: dict[str, bytes] = {}
    for file in server.data_dir.rglob("*"):
        if file.is_file() and "outbox" not in file.parts:
            with contextlib.suppress(FileNotFoundError):
                kept[str(file.relative_to(server.data_dir))] = file.read_bytes()
    return kept


async def _sign_up(server: Server, canaries: Canaries, frames: list[str]) -> Person:
    password = canaries.new("sign-up password")
    email = f"tour-{secrets.token_hex(6)}@example.com"
    async with RawClient(server, path="/sign-up", source=fresh_address()) as page:
        await page.load()
        assess = handler("web.entry.sign_up.SignUpState", "assess")
        await page.call(assess, {"value": canaries.new("password being typed")})
        form = {"email": email, "name": "Tour", "password": password}
        await page.call(SIGN_UP, {"form": form})
        short = {"email": email, "name": "Tour", "password": canaries.new("short")[:40]}
        await page.call(SIGN_UP, {"form": short | {"email": "no address"}})
        frames.append(page.text)
    mail = await asyncio.to_thread(server.mail_to, email)
    body = mail.get_body(("plain",))
    assert body is not None
    link = re.search(r"token=([A-Za-z0-9_-]{43})", body.get_content())
    assert link
    canaries.note("confirm link", link[1])
    async with RawClient(server, path=f"/confirm-email?token={link[1]}") as page:
        await page.load()
        await page.call(
            handler("web.entry.confirm_email.ConfirmEmailState", "submit"), {"form": {}}
        )
        # The page's own address comes back to it, and to it alone.
        frames.append(page.text.replace(f"token={link[1]}", "").replace(f'"{link[1]}"', ""))
    with server.rows() as rows:
        from sqlmodel import select

        from security_app.db.tables import Account

        account = rows.exec(select(Account).where(Account.email == email)).one()
    return Person(account.id, email, "Tour", password)


async def _wrong_sign_ins(
    server: Server, canaries: Canaries, person: Person, frames: list[str]
) -> None:
    async with RawClient(server, source=fresh_address()) as page:
        await page.load()
        for email in (person.email, "nobody@example.com", "no address", ""):
            form = {"email": email, "password": canaries.new("wrong password")}
            await page.call(SIGN_IN, {"form": form})
        frames.append(page.text)
    headers = {"Authorization": f"Bearer {canaries.new('bearer')}"}
    async with web(server, source=fresh_address(), headers=headers) as client:
        body = {"email": person.email, "password": canaries.new("API password")}
        answers = [
            await client.post("/api/v1/auth/sign-in", json=body),
            await client.post("/api/v1/auth/sign-in", json={"password": [body["password"]]}),
            await client.post("/api/v1/auth/sign-in", content=json.dumps(body)[:-9]),
            await client.get("/api/v1/me"),
            await client.post("/api/v1/auth/confirm-email", json={"token": canaries.new("token")}),
            await client.post("/api/v1/auth/password", json=body),
        ]
        frames.extend(answer.text for answer in answers)


async def _sign_in(
    server: Server, canaries: Canaries, person: Person, frames: list[str]
) -> Browser:
    browser = Browser(browser=canaries.new("browser cookie"))
    planted = Browser(session=canaries.new("planted cookie"), browser=browser.browser)
    ticket = canaries.note("ticket", await ask_for_ticket(server, person, browser))
    response = await redeem(server, ticket, planted)
    frames.append(response.text + str(response.headers["location"]))
    secret = canaries.note("session cookie", session_cookie(response) or "")
    canaries.note("session digest", digest(secret))
    return Browser("", secret, browser.browser)


async def _change_password(
    server: Server, canaries: Canaries, person: Person, browser: Browser, frames: list[str]
) -> Person:
    new = canaries.new("new password")
    async with RawClient(server, browser=browser, path=HOME) as page:
        await page.load()
        form = {
            "current_password": canaries.new("wrong current"),
            "new_password": new,
            "repeat_password": new,
        }
        await page.call(handler(PASSWORD, "save"), {"form": form})
        other = {"repeat_password": canaries.new("differing repeat")}
        await page.call(handler(PASSWORD, "save"), {"form": form | other})
        await page.call(
            handler(PASSWORD, "assess"), {"value": canaries.new("assessed"), "opening": ""}
        )
        right = {"current_password": person.password}
        await page.send(handler(PASSWORD, "save"), {"form": form | right})
        await page.until(lambda: page.ticket)
        ticket = canaries.note("renewal ticket", page.ticket)
        # A ticket is sent to its own page: that is what it is for.
        frames.append(page.text.replace(ticket, ""))
    canaries.note("renewed cookie", session_cookie(await redeem(server, ticket, browser)) or "")
    return Person(person.id, person.email, person.name, new)


async def _reset_password(
    server: Server, canaries: Canaries, person: Person, frames: list[str]
) -> None:
    async with RawClient(server, path="/forgot-password", source=fresh_address()) as page:
        await page.load()
        before = len(server.mails_to(person.email))
        await page.call(FORGOT, {"form": {"email": person.email}})
        frames.append(page.text)
    mail = await asyncio.to_thread(server.mail_to, person.email, count=before + 1)
    body = mail.get_body(("plain",))
    assert body is not None
    link = re.search(r"token=([A-Za-z0-9_-]{43})", body.get_content())
    assert link
    token = canaries.note("reset link", link[1])
    async with web(server) as client:
        await client.get(f"/reset-password?token={token}")
    for value in (canaries.new("dead reset link"), token):
        async with RawClient(server, path=f"/reset-password?token={value}") as page:
            await page.load()
            for repeat in (canaries.new("reset repeat"), new := canaries.new("reset password")):
                form = {"new_password": new if repeat else "", "repeat_password": repeat}
                await page.call(handler(RESET, "submit"), {"form": form})
            frames.append(page.text.replace(f"token={value}", "").replace(f'"{value}"', ""))


async def _malformed(server: Server, canaries: Canaries, frames: list[str]) -> None:
    bad: list[str] = [
        '["event","{canary}"]',
        '["event",["{canary}"]]',
        '["event",{{"payload":{{"password":"{canary}"}}}}]',
        '["event",{{"name":["{canary}"],"payload":{{"password":"{canary}"}}}}]',
        '["event",{{"name":"no.such","payload":{{"password":"{canary}"}}}}]',
        f'["event",{{{{"name":"{SIGN_IN}","payload":{{{{"form":"{{canary}}"}}}}}}}}]',
        f'["event",{{{{"name":"{SIGN_IN}","payload":{{{{"form":{{{{"password":["{{canary}}"]}}}}}}}}}}}}]',
        f'["event",{{{{"name":"{SIGN_IN}","payload":{{{{"is_open":"{{canary}}"}}}}}}}}]',
        f'["event",{{{{"name":"{STATE}.set_is_hydrated","payload":{{{{"value":"{{canary}}"}}}}}}}}]',
        f'["event",{{{{"name":"{STATE}.hydrate_and_load","payload":{{{{"vars":{{{{"{{canary}}":1}}}}}}}}}}}}]',
        f'["event",{{{{"name":"{STATE}.hydrate","router_data":"{{canary}}"}}}}]',
        '["client_error",{{"message":"{canary}","error_type":"{canary}"}}]',
        '["{canary}","{canary}"]',
        '["event",{{"name":"{canary}"',
    ]
    for body in bad:
        for is_linked in (True, False):
            client = RawClient(server, token=None if is_linked else "")
            await client.open()
            await client.join()
            text = body.format(canary=canaries.new(f"malformed {body[:40]}"))
            with contextlib.suppress(websockets.ConnectionClosed, AssertionError):
                await client.send_text(f"42{NAMESPACE},{text}")
                await client.emit(kind="ping")
                await client.until(lambda client=client: client.pongs, within_s=1)
            frames.append(client.text)
            await client.close()
    headers = {"Authorization": f"Bearer {canaries.new('socket bearer')}"}
    async with RawClient(server, headers=headers, path=HOME) as page:
        await page.load()
        frames.append(page.text)


async def test_no_secret_stays_anywhere(server: Server) -> None:
    """S-76, S-77, S-59, S-35: log, data folder, database bytes, and every frame sent."""
    canaries = Canaries()
    frames: list[str] = []
    person = await _sign_up(server, canaries, frames)
    await _wrong_sign_ins(server, canaries, person, frames)
    browser = await _sign_in(server, canaries, person, frames)
    person = await _change_password(server, canaries, person, browser, frames)
    await _reset_password(server, canaries, person, frames)
    await _malformed(server, canaries, frames)
    await sign_out(server, browser)
    await asyncio.to_thread(server.settle)

    log = server.log_file.read_bytes()
    assert canaries.found_in(log) == []
    assert person.email.encode() not in log
    assert canaries.found_in("\n".join(frames).encode()) == []
    digests = [place for place in canaries.values if "digest" in place]
    for name, content in _files(server).items():
        assert [place for place in canaries.found_in(content) if place not in digests] == [], name


async def test_the_data_folder_is_the_owners_alone(server: Server) -> None:
    """S-77, S-86."""
    assert server.data_dir.stat().st_mode & 0o777 == 0o700
    for file in server.data_dir.rglob("*"):
        assert file.stat().st_mode & 0o077 == 0, file


async def test_nothing_of_a_state_is_written_to_disk(server: Server) -> None:
    """P6, S-77: states live in memory."""
    person = server.add_account()
    async with RawClient(server, browser=server.add_session(person), path=HOME) as page:
        await page.load()
        kinds = {file.suffix for file in server.data_dir.rglob("*") if file.is_file()}
    assert kinds <= {".db", ".db-wal", ".db-shm", ".eml", ".key"}


async def test_the_data_folder_is_not_served(server: Server) -> None:
    names = ["security.db", "secret.key", "outbox/", "../data/security.db", "security.db-wal"]
    async with web(server) as client:
        for prefix in ("", "var/", "data/", "assets/", "external/", ".states/", ".web/"):
            for name in names:
                response = await client.get(f"/{prefix}{name}")
                assert b"SQLite format 3" not in response.content
                assert response.status_code == 404, response.url


def test_a_canary_would_be_found(tmp_path: Path) -> None:
    canaries = Canaries()
    value = canaries.new("here")
    assert canaries.found_in(f"x{value}y".encode())
    assert canaries.found_in(value.encode().hex().encode())
    assert not canaries.found_in(b"nothing")
