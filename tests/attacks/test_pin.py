"""The PIN under attack: many sockets and processes at once, steps out of order, its traces.

S-30, S-32, S-33, S-34, S-54, S-56, S-76, S-89.
"""

import asyncio
import re
import time
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from sqlmodel import col, select

from security_app.clock import now
from security_app.db.tables import Account, Pin, SecurityEvent, StepUpGrant
from tests.accounts.keypad import PIN, stored_pin
from tests.attacks.people import HOME, fresh_address, web
from tests.attacks.raw_client import RawClient, handler
from tests.attacks.second_factor import STEP_UP, confirm_identity
from tests.server import POLL_S, Browser, Person, Server

CARD = "cards.pin.state.PinState"
DELETE = "cards.delete_account.state.DeleteAccountState"
PROFILE = "/settings/personal/profile"
#: Fifty passwords are hashed slowly on purpose, by as many threads as there are cores.
WITHIN_S = 90.0
CANARY_PIN = "961738"


def give_pin(server: Server, person: Person) -> None:
    """Let somebody have the PIN, straight in the database."""
    with server.rows() as rows:
        rows.add(Pin(account_id=person.id, pin_hash=stored_pin(PIN), set_at=now()))
        rows.commit()


@pytest.fixture
def person(server: Server) -> Person:
    """Somebody with a PIN."""
    made = server.add_account()
    give_pin(server, made)
    return made


@pytest.fixture
def here(server: Server, person: Person) -> Browser:
    return server.add_session(person)


@pytest.fixture
def two_processes(postgres_server: Server) -> Iterator[tuple[Server, Server]]:
    """The product twice, on one PostgreSQL database."""
    with Server({"DATABASE_URL": postgres_server.url}) as second:
        yield postgres_server, second


async def _mail_of_either(servers: tuple[Server, Server], address: str) -> EmailMessage:
    """Wait for the one mail to an address: whichever process finds it first sends it.

    Raises:
        AssertionError: it did not come in time, or more than one did.
    """
    deadline = time.monotonic() + WITHIN_S
    found: list[EmailMessage] = []
    while not found and time.monotonic() < deadline:
        found = [mail for at in servers for mail in at.mails_to(address)]
        await asyncio.sleep(POLL_S)
    assert len(found) == 1, [at.log_text()[-2000:] for at in servers]
    return found[0]


def _open(server: Server, browser: Browser, path: str = PROFILE) -> RawClient:
    return RawClient(server, browser=browser, path=path, source=fresh_address())


def _pin(server: Server, person: Person) -> Pin | None:
    with server.rows() as rows:
        return rows.get(Pin, person.id)


def _grants(server: Server, person: Person) -> list[StepUpGrant]:
    with server.rows() as rows:
        statement = select(StepUpGrant).where(StepUpGrant.account_id == person.id)
        return list(rows.exec(statement).all())


async def _guess(page: RawClient, person: Person, pin: str) -> str:
    """Enter a PIN in the open dialog; returns what is said beside the field, "" when right."""
    form = {"password": person.password, "pin": pin}
    seen = len(page.updates)
    await page.send(handler(STEP_UP, "submit"), {"form": form})
    name = handler(STEP_UP, "x").rpartition(".")[0]

    def answered() -> bool:
        deltas = [update.get("delta", {}).get(name, {}) for update in page.updates[seen:]]
        return any(delta.get("is_busy_rx_state_") is False for delta in deltas)

    await page.until(answered, WITHIN_S)
    errors: dict[str, str] = page.value(STEP_UP, "errors") or {}
    assert set(errors) <= {"pin"}, errors
    return errors.get("pin", "")


@pytest.mark.postgres
async def test_s32_fifty_sockets_of_two_processes_get_five_guesses(
    two_processes: tuple[Server, Server],
) -> None:
    first, _ = two_processes
    person = first.add_account()
    give_pin(first, person)
    browsers = [first.add_session(person) for _ in range(5)]
    pages = [_open(two_processes[number % 2], browsers[number % 5]) for number in range(50)]
    for page in pages:
        await page.open()
        await page.join()
        await page.load()
        await page.call(handler(STEP_UP, "ask"), {"action": "delete_account"})
    answers = await asyncio.gather(
        *(_guess(page, person, f"{7300 + number}") for number, page in enumerate(pages))
    )
    # A guess is counted by what lets it be compared; who hears late hears of the lock.
    assert sum("not your PIN" in answer for answer in answers) <= 4
    assert all("PIN" in answer for answer in answers), answers
    row = _pin(first, person)
    assert row is not None
    assert row.failures == 5
    for page in pages[:2]:
        assert "Too many" in await _guess(page, person, PIN)
    assert _pin(first, person) == row
    assert _grants(first, person) == []
    with first.rows() as rows:
        events = select(SecurityEvent.action).where(SecurityEvent.account_id == person.id)
        assert rows.exec(events).all() == ["pin.locked"]
    assert "is locked" in str((await _mail_of_either(two_processes, person.email))["Subject"])


async def test_s32_a_restart_keeps_the_count_and_the_lock() -> None:
    with Server() as server:
        person = server.add_account()
        give_pin(server, person)
        here = server.add_session(person)
        for guesses in (3, 2):
            async with _open(server, here) as page:
                await page.load()
                await page.call(handler(STEP_UP, "ask"), {"action": "delete_account"})
                for number in range(guesses):
                    assert await _guess(page, person, f"{7300 + number}")
            await asyncio.to_thread(server.stop)
            await asyncio.to_thread(server.start)
        async with _open(server, here) as page:
            await page.load()
            await page.call(handler(STEP_UP, "ask"), {"action": "delete_account"})
            assert page.value(STEP_UP, "pin_wait")
            assert "Too many" in await _guess(page, person, PIN)
        assert _grants(server, person) == []


async def test_s33_deleting_needs_the_pin_here_and_now(
    server: Server, person: Person, here: Browser
) -> None:
    confirmation = {"form": {"confirmation": person.email}}
    other = server.add_session(person)
    async with _open(server, here) as page, _open(server, other) as elsewhere:
        await page.load()
        await elsewhere.load()
        for form in (
            {"password": person.password},
            {"password": person.password, "pin": "7391"},
            {"password": person.password, "confirmation": person.email},
            {"password": PIN, "pin": PIN},
            {"code": PIN, "pin": PIN},
        ):
            await confirm_identity(page, "delete_account", form)
            await page.call(handler(DELETE, "submit"), confirmation)
        assert _grants(server, person) == []
        await confirm_identity(page, "delete_account", {"password": person.password, "pin": PIN})
        await page.until(lambda: page.value(DELETE, "is_open"))
        # Given there, not here; and for the account itself, whatever id was named.
        await elsewhere.call(handler(DELETE, "submit"), confirmation)
        [grant] = _grants(server, person)
        assert (grant.holder, grant.target, grant.spent_at) == (here.session_id, "", None)
        server.change(StepUpGrant, grant.id, expires_at=now())
        await page.call(handler(DELETE, "submit"), confirmation)
        assert page.value(DELETE, "errors") == {"form": "Please confirm it is you, then try again."}
    with server.rows() as rows:
        assert rows.get(Account, person.id) is not None


async def test_s56_an_id_of_somebody_else_opens_nothing_of_theirs(
    server: Server, person: Person, here: Browser
) -> None:
    other = server.add_account()
    async with _open(server, here) as page:
        await page.load()
        for action in ("delete_account", "sign_in", "no such action", "__class__"):
            await page.call(
                handler(STEP_UP, "ask_about"), {"action": action, "target_id": other.id}
            )
            form = {"password": person.password, "pin": PIN}
            await page.call(handler(STEP_UP, "submit"), {"form": form})
            await page.fence()
        assert other.email not in page.text
        assert other.id not in page.text
    assert {grant.target for grant in _grants(server, person)} == {""}
    assert _grants(server, other) == []
    with server.rows() as rows:
        assert rows.get(Account, other.id) is not None


async def test_s54_the_card_out_of_order_changes_nothing(
    server: Server, person: Person, here: Browser
) -> None:
    """No dialog open, no proof given, too little of it, or the proof of another act."""
    before = _pin(server, person)
    new = {"pin": CANARY_PIN, "repeat_pin": CANARY_PIN}
    async with _open(server, here, HOME) as page:
        await page.load()
        for name, payload in (
            ("remove", {}),
            ("save", {"form": {}}),
            ("save", {"form": new}),
            ("save", {"form": new | {"password": PIN}}),
            ("save", {"form": new | {"password": "wrong-guess-1"}}),
            ("save", {"form": {"pin": CANARY_PIN, "password": person.password}}),
            ("use", {"mode": "email_code"}),
            ("request_code", {}),
        ):
            await page.call(handler(CARD, name), payload)
        await confirm_identity(page, "change_email", {"password": person.password})
        await page.call(handler(CARD, "remove"))
    assert _pin(server, person) == before


@pytest.mark.parametrize("value", ["2" * 1_000_000, None, ["2580"], {"a": 1}, True, 2580])
async def test_s89_what_is_too_long_or_no_text_is_not_looked_at(
    server: Server, person: Person, here: Browser, value: object
) -> None:
    before = _pin(server, person)
    for name, form in (
        (handler(STEP_UP, "submit"), {"password": person.password, "pin": value}),
        (handler(CARD, "save"), {"pin": value, "repeat_pin": value, "password": person.password}),
    ):
        page = _open(server, here, HOME)
        await page.open()
        await page.join()
        await page.load()
        await page.call(handler(STEP_UP, "ask"), {"action": "delete_account"})
        if isinstance(value, str):
            await page.send_too_long(name, {"form": form})
        else:
            await page.send(name, {"form": form})
            await page.fence()
        await page.close()
    assert _pin(server, person) == before


async def test_s76_no_pin_stays_anywhere() -> None:
    """Set, wrong, right and malformed, at debug level: none in log, tables or any frame."""
    entered = ["961738", "859461", "704915", "316897"]
    new, wrong, malformed, over_http = entered
    with Server({"LOG_LEVEL": "debug"}) as server:
        person = server.add_account()
        here = server.add_session(person)
        token = server.add_session(person, kind="api", opened_by="api").session
        async with web(server, headers={"Authorization": f"Bearer {token}"}) as client:
            for body in ({"pin": over_http}, {"pin": [over_http]}, {"password": over_http}):
                answer = await client.put("/api/v1/auth/pin", json=body)
                assert answer.status_code == 422
                assert over_http not in answer.text
        async with _open(server, here, HOME) as page:
            await page.load()
            for form in (
                {"pin": malformed, "repeat_pin": [malformed]},
                {"pin": malformed, "repeat_pin": "1", "password": person.password},
                {"pin": new, "repeat_pin": new, "password": person.password},
            ):
                await page.send(handler(CARD, "save"), {"form": form})
                await page.fence()
            await page.until(lambda: page.value(CARD, "has_pin"), WITHIN_S)
            for pin in (wrong, new):
                form = {"password": person.password, "pin": pin}
                await confirm_identity(page, "delete_account", form)
                await page.fence()
            await page.until(lambda: page.value(DELETE, "is_open"), WITHIN_S)
            frames = page.text
        server.settle()
        kept = {"log": server.log_text(), "tables": str(server.dump()), "frames": frames}
        mails = "".join(mail.as_string() for mail in server.mails())
        for pin in entered:
            spelled = re.compile(rf"(?<![0-9A-Za-z+/_.-]){pin}(?![0-9A-Za-z+/_-])")
            assert [place for place, text in kept.items() if spelled.search(text)] == []
            assert not spelled.search(mails)
        with server.rows() as rows:
            assert rows.exec(select(col(Pin.account_id))).all() == [person.id]
