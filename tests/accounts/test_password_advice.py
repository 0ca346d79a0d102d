"""The six-month advice: only advice, and only where there is a password (S-03)."""

import pytest
from time_machine import Traveller

from security_app.accounts import passwords
from security_app.accounts.errors import SignInRequired
from security_app.db.engine import Database, reading
from security_app.db.tables import Account
from tests.accounts.cast import make_account


async def test_the_advice_comes_after_half_a_year(ada: Account, clock: Traveller) -> None:
    for seconds, is_old in ((182 * 24 * 3600, False), (1, True)):
        clock.shift(seconds)
        async with reading() as db:
            status = await passwords.status(db, ada.id)
        assert (status.has_password, status.is_old) == (True, is_old)
        assert status.changed_at == ada.password_changed_at


async def test_an_account_without_a_password_is_not_advised(database: Database) -> None:
    account = await make_account(password=None)
    async with reading() as db:
        assert not (await passwords.status(db, account.id)).has_password
        with pytest.raises(SignInRequired):
            await passwords.status(db, "unknown")
