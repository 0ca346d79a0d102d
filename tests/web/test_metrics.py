"""What monitoring reads: with the token only, and nothing of anybody in it (S-76)."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
import time_machine
from prometheus_client.parser import text_string_to_metric_families
from reflex.app import App
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from security_app.accounts import sign_in_code
from security_app.api.app import build_api
from security_app.db.engine import Database, transaction, use_database
from security_app.live.hub import hub
from security_app.mail.envelope import sender_address
from security_app.mail.errors import DeliveryFailed, PermanentFailure, TemporaryFailure
from security_app.mail.outbox import Sender, enqueue
from security_app.web import sockets
from security_app.web.asgi import Door
from tests.accounts.cast import (
    EMAIL,
    OWNER,
    PASSWORD,
    STRANGER,
    make_account,
    open_session,
    outcome_of,
    sign_in_browser,
)
from tests.accounts.postbox import Postbox, enable, give_password, postbox, verify, wrong
from tests.environment import SetEnvironment

__all__ = ["postbox"]

TOKEN = "canary-token-of-the-monitoring"
RIGHT = {"authorization": f"Bearer {TOKEN}"}
MORNING = datetime(2026, 5, 4, 10, tzinfo=UTC)
PARAMS = {
    "when": "2026-05-04T12:31:00Z",
    "device": "Chrome on Windows",
    "place": "Lisbon",
    "link": "http://localhost:3999/confirm-email?token=canary-link",
}
#: Name and sorted label values of a line, to its number.
Lines = dict[tuple[str, ...], float]


@pytest.fixture
async def caller(
    database: Database, environment: SetEnvironment
) -> AsyncIterator[httpx.AsyncClient]:
    """Reaches the site as the framework puts it together, with metrics on."""

    async def no_page(request: Request) -> PlainTextResponse:
        return PlainTextResponse("There is no such page", status_code=404)

    site = build_api()
    App._add_cors(site)
    methods = ["GET", "POST", "PUT", "DELETE", "OPTIONS"]
    site.mount("", Starlette(routes=[Route("/{path:path}", no_page, methods=methods)]))
    environment(METRICS_TOKEN=TOKEN)
    transport = httpx.ASGITransport(Door(site), client=("203.0.113.9", 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:3999") as client:
        yield client


async def text_of(caller: httpx.AsyncClient) -> str:
    answer = await caller.get("/metrics", headers=RIGHT)
    assert answer.status_code == 200
    return answer.text


async def lines_of(caller: httpx.AsyncClient) -> Lines:
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(await text_of(caller))
        for sample in family.samples
    }


def growth(before: Lines, after: Lines) -> Lines:
    """What was counted in between."""
    return {
        line: value - before.get(line, 0)
        for line, value in after.items()
        if line[0].endswith("_total") and not line[0].startswith("process_")
        if value != before.get(line, 0)
    }


class Scripted:
    """A transport that fails as told, then takes everything."""

    def __init__(self, *failures: DeliveryFailed) -> None:
        self.failures = list(failures)

    async def send(self, message: object) -> None:
        if self.failures:
            raise self.failures.pop(0)


async def send_waiting(*failures: DeliveryFailed) -> None:
    """Try every message that is due, once."""
    sender = Sender(Scripted(*failures), sender_address("noreply@example.com"))
    await sender._start_due()
    for task in tuple(sender._running):
        await task


async def write(*recipients: str) -> None:
    async with transaction() as db:
        for recipient in recipients:
            await enqueue(db, "confirm_email", recipient, PARAMS)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "DELETE"])
@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        TOKEN,
        f"Basic {TOKEN}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN.upper()}",
        "Bearer \u00e9\u00e9\u00e9",
    ],
)
async def test_without_the_token_it_is_a_path_like_any_other(
    caller: httpx.AsyncClient, method: str, given: str | None
) -> None:
    headers = {} if given is None else {b"authorization": given.encode("latin-1")}
    refused = await caller.request(method, "/metrics", headers=headers)
    unknown = await caller.request(method, "/no-such-page", headers=headers)
    assert refused.status_code == unknown.status_code
    assert refused.status_code in {404, 405}
    assert refused.headers == unknown.headers
    assert refused.content == unknown.content


async def test_without_the_setting_no_token_is_right(
    caller: httpx.AsyncClient, environment: SetEnvironment
) -> None:
    environment(METRICS_TOKEN=None)
    for given in (TOKEN, "", "None", "**********"):
        answer = await caller.get("/metrics", headers={"authorization": f"Bearer {given}"})
        assert (answer.status_code, answer.text) == (404, "There is no such page")


@pytest.mark.parametrize("path", ["/metrics/", "/metrics/x", "/api/metrics", "/api/v1/metrics"])
async def test_the_token_opens_this_one_path(caller: httpx.AsyncClient, path: str) -> None:
    assert (await caller.get(path, headers=RIGHT)).status_code == 404


async def test_the_token_in_the_address_opens_nothing(caller: httpx.AsyncClient) -> None:
    assert (await caller.get(f"/metrics?token={TOKEN}")).status_code == 404


async def test_with_the_token_it_is_text_that_nobody_keeps(caller: httpx.AsyncClient) -> None:
    answer = await caller.get("/metrics", headers={"authorization": f"bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers.get_list("cache-control") == ["no-store"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" in answer.headers
    assert (await caller.head("/metrics", headers=RIGHT)).status_code == 200
    names = {name for name, *_ in await lines_of(caller)}
    assert names >= {
        "mail_waiting",
        "mail_oldest_waiting_seconds",
        "mail_given_up",
        "open_sockets",
        "open_pages",
    }
    assert not any(name.endswith("_created") for name in names)


async def test_the_queue_as_it_stands(caller: httpx.AsyncClient) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        lines = await lines_of(caller)
        assert (lines["mail_waiting",], lines["mail_oldest_waiting_seconds",]) == (0, 0)
        await write("ada@example.com")
        clock.shift(60)
        await write("eve@example.com")
        clock.shift(30)
        lines = await lines_of(caller)
        assert (lines["mail_waiting",], lines["mail_oldest_waiting_seconds",]) == (2, 90)
        await send_waiting(*[PermanentFailure("recipient_refused:550")] * 2)
        lines = await lines_of(caller)
    assert (lines["mail_waiting",], lines["mail_given_up",]) == (0, 2)


async def test_without_the_database_the_queue_is_missing_and_the_rest_is_there(
    caller: httpx.AsyncClient, database: Database
) -> None:
    gone = Database("sqlite+aiosqlite:////no/such/folder/security.db")
    use_database(gone)
    try:
        names = {name for name, *_ in await lines_of(caller)}
    finally:
        use_database(database)
        await gone.dispose()
    assert "open_sockets" in names
    assert not {name for name in names if name.startswith("mail_")} & {
        "mail_waiting",
        "mail_oldest_waiting_seconds",
        "mail_given_up",
    }


async def test_mail_is_counted_by_kind_and_by_reason(caller: httpx.AsyncClient) -> None:
    before = await lines_of(caller)
    await write("ada@example.com", "eve@example.com")
    await send_waiting(TemporaryFailure("log_in_refused:535"))
    assert growth(before, await lines_of(caller)) == {
        ("mail_sent_total", "confirm_email"): 1,
        ("mail_postponed_total", "log_in_refused"): 1,
    }


async def test_codes_somebody_waits_for_are_counted(
    caller: httpx.AsyncClient, postbox: Postbox
) -> None:
    actor, _ = await open_session(await make_account())
    await enable(actor, postbox)
    await give_password()
    before = await lines_of(caller)
    postbox.failure = PermanentFailure("recipient_refused:550")
    await outcome_of(sign_in_code.mail_code_of_browser(OWNER))
    postbox.failure = None
    await sign_in_code.mail_code_of_browser(OWNER)
    assert growth(before, await lines_of(caller)) == {
        ("mail_codes_refused_total", "recipient_refused"): 1,
        ("mail_sent_total", "email_code"): 1,
    }


async def test_sign_ins_are_counted_by_result(caller: httpx.AsyncClient, postbox: Postbox) -> None:
    account = await make_account()
    before = await lines_of(caller)
    await sign_in_browser()
    for email in (EMAIL, "nobody@example.org"):
        await outcome_of(sign_in_browser(STRANGER, email=email, password="wrong password 1"))
    actor, _ = await open_session(account)
    await enable(actor, postbox)
    await give_password()
    await sign_in_code.mail_code_of_browser(OWNER)
    await verify(wrong(postbox.code))
    await verify(postbox.code)
    grown = growth(before, await lines_of(caller))
    assert {line[1]: value for line, value in grown.items() if line[0] == "sign_ins_total"} == {
        "signed_in": 2,
        "wrong_password": 2,
        "code_needed": 1,
        "wrong_code": 1,
    }


async def test_what_rolled_back_is_not_counted(
    caller: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from security_app.accounts import tickets

    def fail(*_: object, **__: object) -> str:
        raise RuntimeError

    await make_account()
    before = await lines_of(caller)
    monkeypatch.setattr(tickets, "issue_for_sign_in", fail)
    assert isinstance(await outcome_of(sign_in_browser()), RuntimeError)
    assert growth(before, await lines_of(caller)) == {}


async def test_open_sockets_and_pages(caller: httpx.AsyncClient) -> None:
    before = await lines_of(caller)
    with (
        sockets._place("network:203.0.113.9", 9),
        sockets._place("session:ada", 9),
        sockets._place("session:ada", 9),
        hub.subscribe("ada"),
        hub.subscribe("ada"),
        hub.subscribe("eve"),
    ):
        during = await lines_of(caller)
    after = await lines_of(caller)
    for name in ("open_sockets", "open_pages"):
        assert during[name,] == before[name,] + 3
        assert after[name,] == before[name,]


async def test_s76_nothing_of_anybody_is_in_it(caller: httpx.AsyncClient, postbox: Postbox) -> None:
    account = await make_account("canary@canary.example")
    actor, session = await open_session(account)
    await sign_in_browser(email=account.email)
    await outcome_of(sign_in_browser(email=account.email, password="canary password 1"))
    await enable(actor, postbox)
    await write("canary@canary.example", "canary2@canary.example", "canary3@canary.example")
    await send_waiting(TemporaryFailure("internal:CanaryError"), PermanentFailure("refused:555"))
    text = await text_of(caller)
    with hub.subscribe(account.id), sockets._place(f"session:{actor.session_id}", 9):
        text += await text_of(caller)
    secrets = (TOKEN, PASSWORD, session.secret, account.id, actor.session_id, postbox.code)
    for secret in (*secrets, OWNER.ip, OWNER.browser_hash, "canary", "Canary", "@", "203.0.113"):
        assert secret not in text


async def test_labels_are_words_of_ours(caller: httpx.AsyncClient) -> None:
    await write("ada@example.com")
    await send_waiting(TemporaryFailure("recipient_refused:451"))
    for family in text_string_to_metric_families(await text_of(caller)):
        for sample in family.samples:
            assert set(sample.labels) <= {"kind", "reason", "result"}
            assert all(re.fullmatch(r"[a-z_]+", word) for word in sample.labels.values())
