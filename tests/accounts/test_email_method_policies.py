"""Codes by e-mail under each guide's policy: one method or both, offered or not, which proof."""

import pytest
import time_machine

from security_app.accounts import email_codes, sign_in_code, step_up
from security_app.accounts.actor import Actor
from security_app.accounts.errors import NotOn
from security_app.accounts.sign_in import SignedIn
from security_app.accounts.step_up import Proofs
from security_app.db.tables import Account, EmailMethod, RecoveryCode, Totp
from tests.accounts import phone
from tests.accounts.cast import OWNER, PASSWORD, kinds_of_mail, open_session, outcome_of, rows
from tests.accounts.postbox import Postbox, add_app, code_for, give_password, on, prove, verify
from tests.environment import SetEnvironment


async def test_exclusive_mailed_codes_take_the_place_of_the_app(
    ada: Account, postbox: Postbox, clock: time_machine.Traveller, environment: SetEnvironment
) -> None:
    environment(POLICY="wevion")
    actor, _ = await open_session(ada)
    secret, _kit = await phone.enable(actor)
    clock.shift(60)
    await step_up.prove(actor, "enable_email_code", Proofs("", phone.code(secret), "totp"))
    await email_codes.start_set_up(actor)
    await email_codes.send_for_set_up(actor)
    assert await on(ada) == ("totp",)
    await email_codes.confirm_set_up(actor, postbox.code)
    assert await on(ada) == ("email_code",)
    assert not await rows(Totp)
    assert not await rows(RecoveryCode)
    assert await kinds_of_mail() == ["email_code_enabled", "totp_disabled", "totp_enabled"]


async def test_exclusive_the_app_takes_the_place_of_mailed_codes(
    owner: Actor, ada: Account, postbox: Postbox, environment: SetEnvironment
) -> None:
    environment(POLICY="wevion")
    await add_app(owner, postbox)
    assert await on(ada) == ("totp",)
    assert not await rows(EmailMethod)
    assert await kinds_of_mail() == ["email_code_disabled", "email_code_enabled", "totp_enabled"]


async def test_a_policy_without_it_refuses_but_what_is_on_keeps_working(
    owner: Actor, ada: Account, postbox: Postbox, environment: SetEnvironment
) -> None:
    environment(POLICY_EMAIL_CODE="0")
    await give_password()
    await sign_in_code.mail_code_of_browser(OWNER)
    assert isinstance(await verify(postbox.code), SignedIn)
    code = await code_for(owner, "disable_email_code", postbox)
    assert await prove(owner, "disable_email_code", code) is None
    await email_codes.disable(owner)
    await step_up.prove(owner, "enable_email_code", Proofs(PASSWORD))
    assert isinstance(await outcome_of(email_codes.start_set_up(owner)), NotOn)


@pytest.mark.parametrize(
    ("preset", "asks_password", "methods"),
    [
        ("default", True, ("email_code",)),
        ("customer_area", False, ("email_code",)),
        ("paas", True, ()),
    ],
)
async def test_each_guide_asks_its_own_proof_to_turn_it_off(
    owner: Actor,
    environment: SetEnvironment,
    preset: str,
    asks_password: bool,
    methods: tuple[str, ...],
) -> None:
    environment(POLICY=preset)
    needed = await step_up.needed(owner, "disable_email_code")
    assert (needed.password, needed.methods) == (asks_password, methods)
