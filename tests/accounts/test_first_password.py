"""Accounts without a password: what is asked before the first one is set (S-07, S-45)."""

import asyncio

import pytest
import time_machine

from security_app.accounts import passwords, sign_in
from security_app.accounts.actor import Actor
from security_app.accounts.errors import (
    AlreadyOn,
    Conflict,
    InvalidCredentials,
    PasswordRefused,
    PasswordsDiffer,
    StepUpRequired,
)
from security_app.db.tables import Account, new_id
from tests.accounts.cast import (
    EMAIL,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    kinds_of_mail,
    live_sessions,
    make_account,
    open_session,
    outcome_of,
    sign_in_browser,
    visitor,
)
from tests.accounts.identities import google
from tests.accounts.postbox import Postbox, code_for
from tests.accounts.test_connections import allow, log_of, newcomer

__all__ = ["google", "newcomer"]

pytestmark = pytest.mark.usefixtures("google")


async def test_s07_no_password_opens_an_account_without_one(newcomer: Actor) -> None:
    for password in ("", " ", "null", "None", PASSWORD):
        refused = await outcome_of(sign_in.sign_in(OWNER, email=EMAIL, password=password))
        assert isinstance(refused, InvalidCredentials)


async def test_s07_the_first_password_takes_proof(newcomer: Actor, postbox: Postbox) -> None:
    async def attempt(code: str = "") -> object:
        new = {"new": PASSWORD, "repeat": PASSWORD, "code": code}
        return await outcome_of(passwords.set_first_password(newcomer, **new))

    assert isinstance(await attempt(), StepUpRequired)
    # A code for something else is no proof of this.
    other = await code_for(newcomer, "disconnect_provider", postbox)
    assert await attempt(other) is not None
    for action in ("change_password", "disconnect_provider"):
        await allow(newcomer, action)
        assert isinstance(await attempt(), StepUpRequired)
    await allow(newcomer, "set_first_password", new_id())
    assert isinstance(await attempt(), StepUpRequired)
    assert await kinds_of_mail() == []
    assert await attempt(await code_for(newcomer, "set_first_password", postbox)) is None
    assert (await sign_in_browser()).secret
    assert await kinds_of_mail() == ["password_set"]
    assert ("password.set", "") in await log_of(newcomer.account_id)
    assert isinstance(await attempt(), AlreadyOn)


async def test_s07_a_grant_lasts_five_minutes_and_survives_refusals(
    newcomer: Actor, clock: time_machine.Traveller
) -> None:
    await allow(newcomer, "set_first_password")
    for new, repeat, refusal in (
        ("", "", PasswordRefused),
        ("        ", "        ", PasswordRefused),
        (EMAIL, EMAIL, PasswordRefused),
        (PASSWORD, OTHER_PASSWORD, PasswordsDiffer),
    ):
        setting = passwords.set_first_password(newcomer, new=new, repeat=repeat)
        assert isinstance(await outcome_of(setting), refusal)
    await passwords.set_first_password(newcomer, new=PASSWORD, repeat=PASSWORD)
    eve, _ = await open_session(await make_account("eve@example.org", None), "eve's")
    await allow(eve, "set_first_password")
    clock.shift(5 * 60)
    late = passwords.set_first_password(eve, new=PASSWORD, repeat=PASSWORD)
    assert isinstance(await outcome_of(late), StepUpRequired)


async def test_s07_of_two_first_passwords_at_once_one_counts(ada: Account, newcomer: Actor) -> None:
    at_phone, _ = await open_session(ada, "phone")
    for actor in (newcomer, at_phone):
        await allow(actor, "set_first_password")
    ends = await asyncio.gather(
        *(
            outcome_of(passwords.set_first_password(actor, new=new, repeat=new))
            for actor, new in ((newcomer, PASSWORD), (at_phone, OTHER_PASSWORD))
        )
    )
    assert ends.count(None) == 1
    assert sum(isinstance(end, AlreadyOn | Conflict) for end in ends) == 1
    assert await kinds_of_mail() == ["password_set"]
    # Nobody is signed out: there was no password somebody else could know.
    assert await live_sessions(ada) == {newcomer.session_id, at_phone.session_id}
    right = (PASSWORD, OTHER_PASSWORD)[ends.index(None)]
    assert (await sign_in_browser(visitor("other"), password=right)).secret
