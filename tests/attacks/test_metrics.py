"""The operator's figures on the running product: for the token, and about nobody (S-76)."""

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.attacks.conftest import make_victim
from tests.attacks.people import HOME, sign_in, web
from tests.attacks.raw_client import RawClient
from tests.server import Server

TOKEN = "canary-token-of-the-monitoring"
RIGHT = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server({"METRICS_TOKEN": TOKEN, "LOG_LEVEL": "debug"}) as running:
        yield running


def _shape(answer: httpx.Response) -> tuple[object, ...]:
    """All of an answer but the time it was given."""
    headers = [(name, value) for name, value in answer.headers.raw if name.lower() != b"date"]
    return answer.status_code, headers, answer.content


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "OPTIONS"])
@pytest.mark.parametrize("given", [None, "Bearer wrong-token-of-the-monitoring", f"Basic {TOKEN}"])
async def test_without_the_token_nothing_tells_that_it_is_there(
    server: Server, method: str, given: str | None
) -> None:
    headers = {} if given is None else {"Authorization": given}
    async with web(server, headers=headers) as client:
        refused = await client.request(method, "/metrics")
        unknown = await client.request(method, "/nowhere")
    assert _shape(refused) == _shape(unknown)
    assert refused.status_code in {404, 405}


async def test_figures_of_the_running_product_hold_nothing_of_anybody(server: Server) -> None:
    victim = make_victim(server)
    browser = await sign_in(server, victim.person)
    async with web(server, headers=RIGHT) as client, RawClient(server, browser=browser, path=HOME):
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    found = dict(re.findall(r"(?m)^(\S+) ([0-9.e+]+)$", answer.text))
    assert float(found["open_sockets"]) == 1
    assert float(found['sign_ins_total{result="signed_in"}']) == 1
    assert float(found["process_resident_memory_bytes"]) > 0
    assert {"mail_waiting", "mail_given_up", "mail_oldest_waiting_seconds"} <= found.keys()
    victim.assert_absent(answer.text)
    for secret in (TOKEN, browser.session, browser.browser, browser.session_id, "127.0.0.1"):
        assert secret not in answer.text
    assert TOKEN not in server.log_text()
