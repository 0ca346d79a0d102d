"""B-4: the second factor: one step alone, whole sign-ins with it, and the QR picture."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Sequence

from pyotp.totp import TOTP

from benchmarks import product
from benchmarks.figures import Line, Scale, against_at_most, flat, median, p95
from benchmarks.product import Person, Server
from benchmarks.sign_ins import _CLIENTS, _bare_rate, _rate
from benchmarks.wire import Http
from security_app.accounts.totp import otpauth_url
from security_app.clock import now
from security_app.web.qr import svg_data_url

#: Every person has the same secret; each code is used once an account all the same.
_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def second_factor(scale: Scale) -> list[Line]:
    """B-4: the code alone, one client; then password and code, 16 clients."""
    count = scale.pick(40, 150)
    with product.serving() as server:
        alone: list[list[float]] = []
        rates: list[list[float]] = []
        bare: list[list[float]] = []
        for _ in range(scale.rounds):
            people = product.add_people(server, 3 * count)
            product.add_totp(server, people, _SECRET)
            alone.append(asyncio.run(_steps(server, people[:count])))
            rates.append([asyncio.run(_whole(server, people[count:]))])
            bare.append([_bare_rate(2 * count)])
    return [
        Line(
            budget="B-4",
            what="the code call alone, one client",
            ours=median(flat(alone)),
            p95=p95(flat(alone)),
            unit="ms",
            allowed="p50 ≤ 10 ms",
            is_met=median(flat(alone)) <= 10,
        ),
        Line(
            budget="B-4",
            what=f"whole sign-ins with a code, {_CLIENTS} clients",
            ours=median(flat(rates)),
            unit="/s",
            floor=median(flat(bare)),
            floor_name="bare hash rate",
            ratio=median(flat(rates)) / median(flat(bare)),
        ),
        _qr(scale),
    ]


def _qr(scale: Scale) -> Line:
    """Draw QR pictures in their thread while a watchdog asks for the loop every millisecond."""
    url = otpauth_url(_SECRET, "somebody.with.a.long.address@department.example.com")
    count = scale.pick(20, 100)
    drawn = [asyncio.run(_draw(url, count)) for _ in range(scale.rounds)]
    floor = [[20.0]] * scale.rounds
    return against_at_most(
        "B-4", "QR picture drawn off the loop", drawn, floor, floor_name="20 ms", factor=1.0
    )


async def _draw(url: str, count: int) -> list[float]:
    found: list[float] = []
    for _ in range(count):
        start = time.perf_counter()
        await svg_data_url(url)
        found.append((time.perf_counter() - start) * 1000)
    return found


async def _steps(server: Server, people: Sequence[Person]) -> list[float]:
    found: list[float] = []
    async with Http(server.base_url) as line:
        for number, person in enumerate(people):
            body = await _challenge(line, person, number)
            start = time.perf_counter()
            await _verify(line, body)
            found.append((time.perf_counter() - start) * 1000)
    return found


async def _whole(server: Server, people: Sequence[Person]) -> float:
    turns = itertools.count()

    async with contextlib.AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(Http(server.base_url)) for _ in range(_CLIENTS)]

        async def sign_in(client: int) -> None:
            person = people[next(turns)]
            await _verify(lines[client], await _challenge(lines[client], person, client))

        return await _rate(len(people), _CLIENTS, sign_in)


async def _challenge(line: Http, person: Person, client: int) -> dict[str, str]:
    source = {"X-Forwarded-For": f"10.2.{client // 250}.{client % 250 + 1}"}
    body = {"email": person.email, "password": person.password}
    status, answer = await line.ask_json("POST", "/api/v1/auth/sign-in", body, source)
    assert status == 200, answer
    code = TOTP(_SECRET).at(now())
    return {"challenge": answer["challenge"], "method": "totp", "code": code}


async def _verify(line: Http, body: dict[str, str]) -> None:
    status, answer = await line.ask_json("POST", "/api/v1/auth/verify-2fa-code", body)
    assert status == 200, answer
