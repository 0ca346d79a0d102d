"""B-13: requests per second with an API key, against the same route with no authentication."""

import asyncio
import contextlib
import subprocess
import sys
from datetime import timedelta

from benchmarks import product
from benchmarks.figures import Line, Scale, flat, in_turn, median, ratio
from benchmarks.product import Server
from benchmarks.sign_ins import _CLIENTS, _rate
from benchmarks.wire import Http
from security_app.accounts.api_keys import new_key
from security_app.accounts.tokens import digest
from security_app.clock import now
from security_app.db.tables import Account, ApiKey
from security_app.web import frontend

#: Whose account the route without authentication answers with.
OPEN_ACCOUNT = "account-for-anybody"
_ROUTE = "/api/v1/me"


class OpenServer(Server):
    """The product, but for the look-up of who asks."""

    def _launch(self) -> None:
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.open_server"],
                cwd=frontend.ROOT,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )


def throughput(scale: Scale) -> list[Line]:
    """B-13: a key is looked up in the database for every request; the rest is the same."""
    count = scale.pick(3000, 15_000)
    with product.serving(behind_proxy=False) as server, OpenServer() as bare:
        with bare.rows() as rows:
            rows.add(
                Account(id=OPEN_ACCOUNT, email="a@b.test", email_key="a@b.test", created_at=now())
            )
            rows.commit()
        headers = {"Authorization": f"Bearer {_add_key(server)}"}
        for target, sent in ((server, headers), (bare, {})):
            asyncio.run(_requests(target, sent, 200))
        ours, floor = in_turn(
            scale.rounds,
            lambda: [asyncio.run(_requests(server, headers, count))],
            lambda: [asyncio.run(_requests(bare, {}, count))],
        )
    found = ratio(ours, floor)
    return [
        Line(
            budget="B-13",
            what=f"GET {_ROUTE} with an API key, {_CLIENTS} connections",
            ours=median(flat(ours)),
            unit="/s",
            floor=median(flat(floor)),
            floor_name="the same with no authentication",
            ratio=found,
            allowed="≥ 0.6 × the same with no authentication",
            is_met=found >= 0.6,
        )
    ]


def _add_key(server: Server) -> str:
    (person,) = product.add_people(server, 1)
    key, at = new_key(), now()
    with server.rows() as rows:
        rows.add(
            ApiKey(
                account_id=person.id,
                name="Bench",
                secret_hash=digest(key),
                prefix=key[:9],
                last_four=key[-4:],
                scopes="account:read",
                created_at=at,
                expires_at=at + timedelta(days=1),
            )
        )
        rows.commit()
    return key


async def _requests(server: Server, headers: dict[str, str], count: int) -> float:
    async with contextlib.AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(Http(server.base_url)) for _ in range(_CLIENTS)]

        async def ask(client: int) -> None:
            status, _, body = await lines[client].ask("GET", _ROUTE, headers=headers)
            assert status == 200, body

        return await _rate(count, _CLIENTS, ask)
