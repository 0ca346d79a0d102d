"""Methods turned on by two sessions at the same instant: S-15, S-87."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import time_machine

from security_app.accounts import email_codes, step_up, totp
from security_app.accounts.actor import Actor
from security_app.accounts.errors import Refused, StepUpRequired
from security_app.accounts.recovery_codes import Kit
from security_app.accounts.step_up import Proofs
from security_app.db.engine import reading
from security_app.db.tables import Account, EmailMethod, EmailSetUp, Totp, TotpSetUp
from tests.accounts import phone
from tests.accounts.cast import PASSWORD, open_session, outcome_of, rows
from tests.accounts.postbox import Postbox, on, start
from tests.environment import SetEnvironment


@pytest.mark.parametrize(
    ("action", "begin", "table"),
    [
        ("enable_email_code", email_codes.start_set_up, EmailSetUp),
        ("enable_totp", totp.start_set_up, TotpSetUp),
    ],
)
async def test_s15_sessions_that_begin_at_once_leave_one_set_up(
    ada: Account,
    action: str,
    begin: Callable[[Actor], Awaitable[object]],
    table: type[EmailSetUp] | type[TotpSetUp],
) -> None:
    actors = [(await open_session(ada, f"browser {number}"))[0] for number in range(6)]
    for actor in actors:
        await step_up.prove(actor, action, Proofs(PASSWORD))
    answers = await asyncio.gather(*map(begin, actors), return_exceptions=True)
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    (staged,) = await rows(table)
    assert staged.session_id in {actor.session_id for actor in actors}


async def test_s43_two_methods_confirmed_at_once_turn_on_one(
    ada: Account, postbox: Postbox, clock: time_machine.Traveller
) -> None:
    """Each was begun with the password alone, so only the first may count."""
    laptop, _ = await open_session(ada)
    tablet, _ = await open_session(ada, "tablet")
    await start(laptop)
    await email_codes.send_for_set_up(laptop)
    secret = await phone.set_up(tablet)
    answers = await asyncio.gather(
        email_codes.confirm_set_up(laptop, postbox.code),
        totp.confirm_set_up(tablet, phone.code(secret)),
        return_exceptions=True,
    )
    assert all(a is None or isinstance(a, Kit | Refused) for a in answers), answers
    assert sum(isinstance(answer, Refused) for answer in answers) == 1
    assert len(await on(ada)) == 1


async def test_exclusive_methods_confirmed_at_once_are_never_both_on(
    ada: Account, postbox: Postbox, environment: SetEnvironment
) -> None:
    environment(POLICY="wevion")
    laptop, _ = await open_session(ada)
    await start(laptop)
    await email_codes.send_for_set_up(laptop)
    secret = await phone.set_up(laptop)
    await asyncio.gather(
        email_codes.confirm_set_up(laptop, postbox.code),
        totp.confirm_set_up(laptop, phone.code(secret)),
        return_exceptions=True,
    )
    assert len([*await rows(EmailMethod), *await rows(Totp)]) == 1


@pytest.mark.parametrize("action", ["create_api_key", "enable_email_code"])
async def test_s43_a_password_looked_at_while_the_app_turns_on_is_not_enough(
    ada: Account, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    """Turning it on took all grants back: one written a moment later must not stand."""
    laptop, _ = await open_session(ada)
    tablet, _ = await open_session(ada, "tablet")
    prove_password = step_up._prove_password

    async def slowly(actor: Actor, password: str, stored: str | None) -> None:
        monkeypatch.undo()
        await prove_password(actor, password, stored)
        await phone.enable(tablet)

    monkeypatch.setattr(step_up, "_prove_password", slowly)
    refusal = await outcome_of(step_up.prove(laptop, action, Proofs(PASSWORD)))
    assert isinstance(refusal, StepUpRequired)
    async with reading() as db:
        assert not await step_up.is_granted(db, laptop, action)
