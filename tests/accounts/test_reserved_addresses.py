"""One address, several accounts that want it: it is never between two of them (S-47, S-87)."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from security_app.accounts import emails, links, sign_up
from security_app.accounts.addresses import address_key
from security_app.accounts.errors import EmailTaken, Refused
from security_app.db.engine import Database, transaction
from security_app.db.tables import Account, EmailChange
from tests.accounts.cast import (
    EMAIL,
    OTHER_PASSWORD,
    OWNER,
    STRANGER,
    kinds_of_mail,
    make_account,
    open_session,
    rows,
    the_account,
    token_in,
    visitor,
)
from tests.accounts.moving import NEW, ask, change, mails_to
from tests.accounts.test_races import held, started, until_waiting


async def test_two_accounts_that_confirm_one_address_at_once_leave_it_with_one(
    ada: Account, tmp_path: Path
) -> None:
    bob = await make_account("bob@example.org")
    tokens: list[str] = []
    for number, account in enumerate((ada, bob)):
        actor, _ = await open_session(account, f"browser {number}")
        await ask(actor)
        found = {token_in(mail) for mail in await mails_to(tmp_path, NEW)}
        tokens += found - set(tokens)
    assert len(tokens) == 2
    outcomes = await asyncio.gather(
        *(emails.confirm_change(OWNER, token) for token in tokens), return_exceptions=True
    )
    assert [type(each) for each in outcomes if each is not None] == [EmailTaken]
    assert len(await rows(Account, Account.email_key == address_key(NEW))) == 1


async def _sign_up_with(email: str) -> object:
    return await sign_up.sign_up(
        visitor("new", "198.51.100.9"), email=email, password=OTHER_PASSWORD, repeat=OTHER_PASSWORD
    )


async def test_the_former_address_is_kept_for_its_account(
    ada: Account, tmp_path: Path, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    await change(actor, tmp_path)
    await _sign_up_with("ADA@example.org")
    assert len(await rows(Account)) == 1
    told = [str(mail["Subject"]) for mail in await mails_to(tmp_path, EMAIL)]
    assert "You already have a Security Centre account" in told
    bob = await make_account("bob@example.org")
    as_bob, _ = await open_session(bob, "tablet")
    await ask(as_bob, EMAIL)
    assert "email_change_existing" in await kinds_of_mail()
    # After seven days it is anybody's.
    clock.shift(7 * 24 * 3600 + 1)
    await _sign_up_with(EMAIL)
    assert len(await rows(Account)) == 3


@pytest.mark.parametrize("way", ["sign up", "change"])
async def test_s87_nobody_takes_an_address_in_the_moment_its_owner_leaves_it(
    ada: Account, database: Database, tmp_path: Path, way: str
) -> None:
    actor, _ = await open_session(ada)
    await ask(actor)
    (mine,) = await mails_to(tmp_path, NEW)
    taking: Awaitable[object]
    if way == "sign up":
        taking = _sign_up_with(EMAIL)
    else:
        bob = await make_account("bob@example.org")
        as_bob, _ = await open_session(bob, "tablet")
        await ask(as_bob, "temporary@new.example")
        async with transaction() as db:
            (waiting,) = await rows(EmailChange, EmailChange.account_id == bob.id)
            waiting.email, waiting.email_key = EMAIL, address_key(EMAIL)
            db.add(waiting)
        (theirs,) = await mails_to(tmp_path, "temporary@new.example")
        taking = emails.confirm_change(STRANGER, token_in(theirs))
    async with transaction() as db:
        links.new_link(db, ada, purpose="reset_password", path="/", life=timedelta(minutes=5))
    # The address is written and not yet committed when the other one comes for it.
    lock = "SELECT 1 FROM mailed_link WHERE account_id = :id FOR UPDATE"
    async with held(database, lock, id=ada.id):
        leaving = started(emails.confirm_change(OWNER, token_in(mine)))
        await until_waiting(database, 1, leaving)
        arriving = started(taking)
        await until_waiting(database, 2, arriving)
    (left,), (arrived,) = await asyncio.gather(leaving, arriving)
    assert left is None, repr(left)
    assert not isinstance(arrived, Exception) or isinstance(arrived, Refused), repr(arrived)
    owners = await rows(Account, Account.email_key == address_key(EMAIL))
    assert owners == []
    assert (await the_account(ada)).email == NEW
