"""Somebody with an authenticator app, and every shape in which its secrets could be found."""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import col

from security_app.db.tables import ThrottleKey, Totp
from tests.accounts.phone import code
from tests.attacks.people import HOME, fresh_address, web
from tests.attacks.raw_client import RawClient, handler
from tests.server import Browser, Person, Server

TOTP = "cards.totp.state.TotpState"
CODES = "cards.recovery_codes.state.RecoveryCodesState"
STEP_UP = "web.step_up_state.StepUpState"
#: Every step of the wizards, called as no page would.
STEPS: list[tuple[str, dict[str, Any]]] = [
    (handler(TOTP, "begin"), {}),
    (handler(TOTP, "go_to"), {"step": "code"}),
    (handler(TOTP, "go_to"), {"step": "codes"}),
    (handler(TOTP, "verify"), {"form": {"code": "123456"}}),
    (handler(TOTP, "note_saved"), {"is_saved": True}),
    (handler(TOTP, "mail_codes"), {}),
    (handler(TOTP, "finish"), {}),
    (handler(TOTP, "close"), {"is_open": False}),
    (handler(TOTP, "disable"), {}),
    (handler(CODES, "show"), {}),
    (handler(CODES, "confirm"), {"is_confirming": True}),
    (handler(CODES, "regenerate"), {}),
    (handler(CODES, "mail_codes"), {}),
    (handler(CODES, "note_saved"), {"is_saved": True}),
    (handler(CODES, "toggle"), {"is_open": True}),
    (handler(STEP_UP, "submit"), {"form": {"password": "x", "code": "123456"}}),
    (handler(STEP_UP, "ask"), {"action": "sign_in"}),
    (handler(STEP_UP, "ask"), {"action": "__class__"}),
]
#: Ten codes are hashed slowly on purpose, and the machine may be busy.
WITHIN_S = 60.0


@dataclass(frozen=True)
class Owner:
    """A signed-in person whose app is on.

    Attributes:
        api: a bearer token of theirs.
    """

    person: Person
    here: Browser
    there: Browser
    api: str = field(repr=False)
    secret: str = field(repr=False)
    codes: list[str] = field(repr=False)
    server: Server = field(repr=False)

    @property
    def code(self) -> str:
        """The code of this moment."""
        return code(self.secret)

    def forget_the_last_step(self) -> None:
        """Let the code of this moment count again, and all failures be forgotten."""
        with self.server.rows() as rows:
            rows.execute(
                update(Totp)
                .where(col(Totp.account_id) == self.person.id)
                .values(last_step=0, failures=0)
            )
            rows.execute(delete(ThrottleKey))
            rows.commit()

    def assert_absent(self, text: str | bytes) -> None:
        """Neither the secret nor a recovery code stands in a text, in any shape."""
        assert traces_in(text, [self.secret, *self.codes]) == []


def shapes_of(canary: str) -> set[bytes]:
    """A secret as it is, bare, in either case, in hex, in base64, and decoded."""
    bare = re.sub("[ -]", "", canary)
    grouped = [joint.join(re.findall("....", bare)) for joint in " -"]
    found = {bare.encode(), *(text.encode() for text in grouped)}
    if re.fullmatch("[A-Z2-7]+", bare):
        found.add(base64.b32decode(bare))
    for plain in tuple(found):
        found |= {plain.hex().encode(), plain.hex().upper().encode(), plain.lower()}
        for skipped in range(3):
            # Wherever it stands in a longer text, base64 shows one of three middles.
            middle = base64.b64encode(b"\0" * skipped + plain)[4 if skipped else 0 : -4]
            found |= {middle, middle.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def traces_in(text: str | bytes, canaries: Iterable[str]) -> list[bytes]:
    """Every shape of every canary that stands in a text."""
    where = text.encode() if isinstance(text, str) else text
    return [shape for canary in canaries for shape in shapes_of(canary) if shape in where]


async def make_owner(server: Server) -> Owner:
    """Make an account and turn its app on, over the API."""
    person = server.add_account()
    here, there = server.add_session(person), server.add_session(person)
    api = server.add_session(person, kind="api", opened_by="api").session
    async with web(server, headers={"Authorization": f"Bearer {api}"}) as client:
        client.timeout = WITHIN_S
        staged = await client.post("/api/v1/auth/2fa/setup", json={"password": person.password})
        assert staged.status_code == 200, staged.text
        secret = staged.json()["secret"]
        done = await client.post("/api/v1/auth/2fa/verify", json={"code": code(secret)})
        assert done.status_code == 200, done.text
    owner = Owner(person, here, there, api, secret, done.json()["backup_codes"], server)
    owner.forget_the_last_step()
    return owner


async def confirm_identity(page: RawClient, action: str, form: dict[str, str]) -> None:
    """Open the dialog for an action and send the proofs."""
    await page.call(handler(STEP_UP, "ask"), {"action": action})
    await page.send(handler(STEP_UP, "submit"), {"form": form})


async def set_up(page: RawClient, person: Person) -> str:
    """Get as far as the QR code; returns the secret."""
    await page.load(HOME)
    await confirm_identity(page, "enable_totp", {"password": person.password})
    await page.until(lambda: page.value(TOTP, "secret"), WITHIN_S)
    return str(page.value(TOTP, "secret")).replace(" ", "")


async def turn_on(page: RawClient, person: Person) -> tuple[str, list[str]]:
    """Get as far as the fresh codes; returns secret and codes."""
    secret = await set_up(page, person)
    await page.send(handler(TOTP, "verify"), {"form": {"code": code(secret)}})
    await page.until(lambda: page.value(TOTP, "codes"), WITHIN_S)
    return secret, list(page.value(TOTP, "codes"))


def open_page(server: Server, browser: Browser, path: str = HOME) -> RawClient:
    """A page of a browser, from an address of its own."""
    return RawClient(server, browser=browser, path=path, source=fresh_address())


def tables_of(server: Server) -> dict[str, list[str]]:
    """Everything but the counters: a step out of order may count as a wrong try."""
    server.settle()
    return {name: rows for name, rows in server.dump().items() if "throttle" not in name}
