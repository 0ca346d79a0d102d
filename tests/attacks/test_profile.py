"""Address, deletion and undo over raw sockets: no proof, twice, for others, too long.

S-22, S-42, S-54, S-56, S-76, S-89.
"""

import asyncio
import re
from typing import Any

import pytest
from sqlmodel import select

from security_app.db.tables import Account, EmailChange, UndoLink
from tests.attacks.people import HOME, fresh_address
from tests.attacks.raw_client import RawClient, handler
from tests.attacks.second_factor import confirm_identity
from tests.server import Browser, Person, Server

NAME = "cards.name.state.NameState"
EMAIL = "cards.email.state.EmailState"
DELETE = "cards.delete_account.state.DeleteAccountState"
CONFIRM = handler("web.entry.confirm_new_email.ConfirmNewEmailState", "submit")
NOT_ME = handler("web.entry.not_me.NotMeState", "submit")
PROFILE = "/settings/personal/profile"


@pytest.fixture
def person(server: Server) -> Person:
    return server.add_account()


@pytest.fixture
def here(server: Server, person: Person) -> Browser:
    return server.add_session(person)


def _open(server: Server, browser: Browser | None, path: str = PROFILE) -> RawClient:
    return RawClient(server, browser=browser, path=path, source=fresh_address())


def _tables(server: Server) -> dict[str, list[str]]:
    """Everything but the counters."""
    server.settle()
    return {name: rows for name, rows in server.dump().items() if "throttle" not in name}


def _account(server: Server, person: Person) -> Account | None:
    with server.rows() as rows:
        return rows.get(Account, person.id)


async def _token(server: Server, address: str, path: str, count: int = 1) -> str:
    mail = await asyncio.to_thread(server.mail_to, address, count=count)
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(rf"{path}\?token=([\w-]{{43}})", body.get_content())
    assert found, body.get_content()
    return found[1]


def steps(person: Person) -> list[tuple[str, dict[str, Any]]]:
    """Every step, called as no page would."""
    return [
        (handler(EMAIL, "begin"), {}),
        (handler(EMAIL, "save"), {"form": {"email": "new@example.com"}}),
        (handler(EMAIL, "send_again"), {}),
        (handler(EMAIL, "cancel"), {}),
        (handler(DELETE, "begin"), {}),
        (handler(DELETE, "submit"), {"form": {"confirmation": person.email}}),
        (CONFIRM, {"form": {}}),
        (NOT_ME, {"form": {}}),
    ]


async def test_s42_without_a_proof_no_step_changes_anything(
    server: Server, person: Person, here: Browser
) -> None:
    async with _open(server, here) as page:
        await page.load()
        before = _tables(server)
        for name, payload in steps(person):
            await page.call(name, payload)
            assert _tables(server) == before, name


async def test_s42_the_proof_of_one_act_is_none_of_the_other(
    server: Server, person: Person, here: Browser
) -> None:
    async with _open(server, here) as page:
        await page.load()
        await confirm_identity(page, "change_email", {"password": person.password})
        await page.until(lambda: page.value(EMAIL, "is_open"))
        await page.call(handler(DELETE, "submit"), {"form": {"confirmation": person.email}})
        assert _account(server, person) is not None
        assert page.value(DELETE, "errors") == {"form": "Please confirm it is you, then try again."}


async def test_s42_one_proof_moves_the_address_once_however_often_it_is_sent(
    server: Server, person: Person, here: Browser
) -> None:
    async with _open(server, here) as first, _open(server, here) as second:
        await first.load()
        await second.load()
        await confirm_identity(first, "change_email", {"password": person.password})
        await first.until(lambda: first.value(EMAIL, "is_open"))
        await asyncio.gather(
            *(
                page.call(handler(EMAIL, "save"), {"form": {"email": f"{n}.{person.email}"}})
                for n, page in enumerate((first, second))
            )
        )
    server.settle()
    mails = server.mails_to(person.email)
    assert len([mail for mail in mails if "Somebody asked" in str(mail["Subject"])]) == 1


async def test_one_proof_deletes_once_and_every_tab_leaves(
    server: Server, person: Person, here: Browser
) -> None:
    other = server.add_session(person)
    async with _open(server, here) as first, _open(server, other) as second:
        await first.load()
        await second.load(HOME)
        await confirm_identity(first, "delete_account", {"password": person.password})
        await first.until(lambda: first.value(DELETE, "is_open"))
        form = {"form": {"confirmation": person.email}}
        await asyncio.gather(
            first.send(handler(DELETE, "submit"), form),
            first.send(handler(DELETE, "submit"), form),
        )
        await first.until(lambda: first.leave_to)
        await second.until(lambda: second.leave_to)
        assert first.leave_to == "/sign-in?notice=account_deleted"
    assert _account(server, person) is None
    server.settle()
    assert person.email not in str(server.dump())


async def test_s56_the_address_of_somebody_else_deletes_nobody(
    server: Server, person: Person, here: Browser
) -> None:
    other = server.add_account()
    async with _open(server, here) as page:
        await page.load()
        await confirm_identity(page, "delete_account", {"password": person.password})
        await page.until(lambda: page.value(DELETE, "is_open"))
        await page.call(handler(DELETE, "submit"), {"form": {"confirmation": other.email}})
        assert "confirmation" in page.value(DELETE, "errors")
    assert _account(server, person) is not None
    assert _account(server, other) is not None


@pytest.mark.parametrize("value", ["x" * 1_000_000, None, ["a@example.com"], {"a": 1}, True, 7])
async def test_s89_what_is_too_long_or_no_text_changes_nothing(
    server: Server, person: Person, here: Browser, value: object
) -> None:
    before = _tables(server)
    calls = [
        (handler(EMAIL, "save"), {"form": {"email": value}}),
        (handler(DELETE, "submit"), {"form": {"confirmation": value}}),
        (handler(NAME, "save"), {"form": {"name": value}}),
        (CONFIRM, {"form": {"token": value}}),
        (NOT_ME, {"form": {"token": value}}),
    ]
    for name, payload in calls:
        page = _open(server, here)
        await page.open()
        await page.join()
        await page.load()
        if isinstance(value, str):
            await page.send_too_long(name, payload)
        else:
            await page.send(name, payload)
            await page.fence()
        await page.close()
        assert _tables(server) == before, name


async def test_a_theft_is_taken_back_by_a_stranger_to_the_session(
    server: Server, person: Person, here: Browser
) -> None:
    """The link is all it takes: no cookie, no password; and it stands in no table or log."""
    stolen = f"thief.{person.email}"
    async with _open(server, here) as thief:
        await thief.load()
        await confirm_identity(thief, "change_email", {"password": person.password})
        await thief.until(lambda: thief.value(EMAIL, "is_open"))
        await thief.call(handler(EMAIL, "save"), {"form": {"email": stolen}})
        confirm = await _token(server, stolen, "/confirm-new-email")
        async with _open(server, None, f"/confirm-new-email?token={confirm}") as anybody:
            await anybody.load()
            assert (account := _account(server, person)) is not None
            assert account.email == person.email
            await anybody.call(CONFIRM, {"form": {}})
        undo = await _token(server, person.email, "/not-me", count=2)
        async with _open(server, None, f"/not-me?token={undo}") as owner:
            await owner.load()
            with server.rows() as rows:
                statement = select(UndoLink).where(UndoLink.account_id == person.id)
                assert len(rows.exec(statement).all()) == 2
            await asyncio.gather(*(owner.send(NOT_ME, {"form": {}}) for _ in range(3)))
            await owner.fence()
        await thief.until(lambda: thief.leave_to)
    account = _account(server, person)
    assert account is not None
    assert account.email == person.email
    assert account.password_hash is None
    with server.rows() as rows:
        assert rows.get(EmailChange, person.id) is None
    server.settle()
    left = str(server.dump()) + server.log_text()
    for token in (confirm, undo):
        assert token not in left
