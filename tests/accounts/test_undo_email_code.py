"""What "This wasn't me" does with the e-mail code, alone and beside the app."""

from pathlib import Path

import time_machine

from security_app.accounts import email_codes, step_up, totp, undo
from security_app.accounts.actor import Actor
from security_app.accounts.step_up import Proofs
from security_app.db.tables import Account, EmailCode, EmailMethod, Totp
from tests.accounts import phone
from tests.accounts.cast import EMAIL, OWNER, PASSWORD, open_session, rows
from tests.accounts.moving import change, undo_tokens
from tests.accounts.postbox import Postbox, enable

MAIL_OFF = "E-mail codes were turned off"
APP_ON = "Your authenticator app is on"
CHANGED = "Your Security Centre e-mail address was changed"


async def mailed(actor: Actor, action: str, postbox: Postbox) -> str:
    await email_codes.send_for_step_up(actor, action)
    return postbox.code


async def test_switched_off_it_is_on_again(
    owner: Actor, postbox: Postbox, tmp_path: Path, clock: time_machine.Traveller
) -> None:
    code = await mailed(owner, "disable_email_code", postbox)
    await step_up.prove(owner, "disable_email_code", Proofs(PASSWORD, code))
    assert await email_codes.disable(owner) == ()
    assert not await rows(EmailMethod)
    done = await undo.undo(OWNER, (await undo_tokens(tmp_path, EMAIL))[MAIL_OFF])
    assert done.factors_back
    assert len(await rows(EmailMethod)) == 1


async def test_an_app_turned_on_since_stays_while_the_address_is_the_same(
    owner: Actor, postbox: Postbox, tmp_path: Path
) -> None:
    """Whoever reads the mailbox alone must not get rid of the app that way."""
    code = await mailed(owner, "enable_totp", postbox)
    await step_up.prove(owner, "enable_totp", Proofs(code=code))
    secret = (await totp.start_set_up(owner)).secret
    await totp.confirm_set_up(owner, phone.code(secret))
    await undo.undo(OWNER, (await undo_tokens(tmp_path, EMAIL))[APP_ON])
    assert len(await rows(Totp)) == 1
    assert len(await rows(EmailMethod)) == 1


async def test_a_stolen_address_brings_it_back_and_takes_the_thiefs_away(
    ada: Account, postbox: Postbox, tmp_path: Path
) -> None:
    thief, _ = await open_session(ada, "thief")
    await change(thief, tmp_path, "thief@evil.example")
    await enable(thief, postbox)
    await undo.undo(OWNER, (await undo_tokens(tmp_path, EMAIL))[CHANGED])
    assert not await rows(EmailMethod)


async def test_codes_on_their_way_stop_counting_when_the_address_changes(
    owner: Actor, postbox: Postbox, tmp_path: Path
) -> None:
    code = await mailed(owner, "change_email", postbox)
    await mailed(owner, "disable_email_code", postbox)
    assert len(await rows(EmailCode)) == 2
    await change(owner, tmp_path, code=code)
    assert not await rows(EmailCode)
    assert len(await rows(EmailMethod)) == 1
