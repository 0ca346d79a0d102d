"""Who calls the API in these tests, and what the fixtures that make them give."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx

PASSWORD = "quiet-herons-and-7-reeds"
NEW_PASSWORD = "nine-loud-magpies-42"
SITE = "http://localhost:3999"
IP = "198.51.100.7"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass(frozen=True)
class Person:
    """An account that exists, and how to get in."""

    id: str
    email: str
    password: str = PASSWORD


MakeClient = Callable[..., httpx.AsyncClient]
MakePerson = Callable[..., Awaitable[Person]]
SignIn = Callable[..., Awaitable[httpx.AsyncClient]]
#: Kind, recipient and parameters of each mail that waits, oldest first.
ReadMails = Callable[[], Awaitable[list[tuple[str, str, dict[str, str]]]]]
