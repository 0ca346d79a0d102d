"""D5: a mailbox alone never gets past an authenticator app, whatever methods are on."""

from pathlib import Path

import time_machine

from security_app.accounts import email_codes, password_reset, sign_in, sign_in_code, step_up, totp
from security_app.accounts.actor import Actor
from security_app.accounts.errors import CodeRefused, NotOn
from security_app.accounts.sign_in import SignedIn
from security_app.accounts.step_up import Proofs
from tests.accounts import phone
from tests.accounts.cast import EMAIL, OTHER_PASSWORD, OWNER, outcome_of
from tests.accounts.moving import new_password
from tests.accounts.postbox import Postbox


async def add_app(owner: Actor, postbox: Postbox) -> str:
    await email_codes.send_for_step_up(owner, "enable_totp")
    await step_up.prove(owner, "enable_totp", Proofs(code=postbox.code))
    secret = (await totp.start_set_up(owner)).secret
    await totp.confirm_set_up(owner, phone.code(secret))
    return secret


async def reset(folder: Path) -> None:
    await password_reset.ask_for_reset(OWNER, email=EMAIL)
    await new_password(folder)


async def test_d5_after_a_reset_by_mail_the_app_comes_first(
    owner: Actor, postbox: Postbox, tmp_path: Path, clock: time_machine.Traveller
) -> None:
    secret = await add_app(owner, postbox)
    await reset(tmp_path)
    clock.shift(61)
    needed = (await sign_in.sign_in(OWNER, email=EMAIL, password=OTHER_PASSWORD)).code_needed
    assert needed is not None
    assert needed.methods == ("totp", "recovery_code")
    assert isinstance(await outcome_of(sign_in_code.mail_code_of_browser(OWNER)), NotOn)
    typed = sign_in_code.verify_browser(OWNER, code="000000", method="email_code")
    assert isinstance(await outcome_of(typed), CodeRefused)
    right = sign_in_code.verify_browser(OWNER, code=phone.code(secret), method="totp")
    assert isinstance(await outcome_of(right), SignedIn)

    # Once the app has been used, the e-mail code counts again.
    needed = (await sign_in.sign_in(OWNER, email=EMAIL, password=OTHER_PASSWORD)).code_needed
    assert needed is not None
    assert set(needed.methods) == {"totp", "email_code", "recovery_code"}


async def test_d5_where_e_mail_is_the_only_method_it_goes_on(
    owner: Actor, postbox: Postbox, tmp_path: Path
) -> None:
    await reset(tmp_path)
    await sign_in.sign_in(OWNER, email=EMAIL, password=OTHER_PASSWORD)
    await sign_in_code.mail_code_of_browser(OWNER)
    right = sign_in_code.verify_browser(OWNER, code=postbox.code, method="email_code")
    assert isinstance(await outcome_of(right), SignedIn)
