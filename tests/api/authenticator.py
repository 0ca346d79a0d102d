"""A phone with an authenticator app, and the people of these tests turning it on over the API."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import time_machine

from tests.accounts.phone import code
from tests.api.people import PASSWORD, Person

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
_MORNING = datetime(2026, 5, 4, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Phone:
    """What the owner has after turning the app on.

    Attributes:
        secret: base32, as the app keeps it.
        backup_codes: as the API showed them.
    """

    secret: str = field(repr=False)
    backup_codes: list[str] = field(repr=False)

    def code(self, *, ahead_s: float = 0) -> str:
        """The six digits on a phone whose clock is ``ahead_s`` seconds ahead."""
        return code(self.secret, ahead_s=ahead_s)


@contextlib.contextmanager
def standing_clock() -> Iterator[time_machine.Traveller]:
    """Time stands still at 10:00 until a test moves it."""
    with time_machine.travel(_MORNING, tick=False) as traveller:
        yield traveller


async def set_up(client: httpx.AsyncClient, password: str = PASSWORD) -> dict:
    """Begin; gives the answer of `setup`."""
    answer = await client.post("/auth/2fa/setup", json={"password": password})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def turn_on(client: httpx.AsyncClient) -> Phone:
    """Set up and confirm, with the code of this moment."""
    secret = (await set_up(client))["secret"]
    answer = await client.post("/auth/2fa/verify", json={"code": code(secret)})
    assert answer.status_code == 200, answer.text
    return Phone(secret, answer.json()["backup_codes"])


async def ask_for_challenge(client: httpx.AsyncClient, person: Person) -> str:
    """The first half of a sign-in; gives the challenge."""
    answer = await client.post(
        "/auth/sign-in", json={"email": person.email, "password": person.password}
    )
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert set(body) == {"status", "challenge", "methods", "expires_at"}
    assert body["status"] == "2fa_required"
    return body["challenge"]


async def verify(
    client: httpx.AsyncClient, challenge: str, code: object, method: str = "totp"
) -> httpx.Response:
    """The second half."""
    return await client.post(
        "/auth/verify-2fa-code", json={"challenge": challenge, "method": method, "code": code}
    )
