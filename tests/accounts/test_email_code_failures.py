"""When the mail server does not take a code: nothing half done, nothing spent: S-23."""

import asyncio
from datetime import timedelta

import pytest
import time_machine

from security_app.accounts import email_codes, sign_in_code
from security_app.accounts.actor import Actor
from security_app.accounts.errors import MailNotSent
from security_app.accounts.sign_in import SignedIn
from security_app.clock import now
from security_app.db.tables import Account, EmailCode, EmailMethod, StepUpGrant
from security_app.limits import EMAIL_CODE_LIMITS_ACCOUNT
from security_app.mail import direct
from security_app.mail.errors import DeliveryFailed, PermanentFailure, TemporaryFailure
from tests.accounts.cast import (
    OWNER,
    STRANGER,
    make_account,
    open_session,
    outcome_of,
    rows,
    sign_in_browser,
)
from tests.accounts.postbox import Postbox, give_password, prove, start, verify

FAILURES = [TemporaryFailure("unreachable"), PermanentFailure("recipient_refused:550")]
HOURLY = EMAIL_CODE_LIMITS_ACCOUNT[0].hits


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.kind)
async def test_s23_a_set_up_whose_mail_fails_is_neither_on_nor_lost(
    ada: Account, postbox: Postbox, failure: DeliveryFailed
) -> None:
    actor, _ = await open_session(ada)
    await start(actor)
    postbox.failure = failure
    for _ in range(HOURLY + 1):
        # Nothing is spent, so it is the mail server's refusal each time.
        refusal = await outcome_of(email_codes.send_for_set_up(actor))
        assert isinstance(refusal, MailNotSent)
        assert refusal.__cause__ is None
    assert not await rows(EmailMethod)
    assert not await rows(EmailCode)
    standing = await email_codes.standing_for_set_up(actor)
    assert (standing.expires_at, standing.again_at) == (None, None)
    postbox.failure = None
    await email_codes.send_for_set_up(actor)
    await email_codes.confirm_set_up(actor, postbox.code)


async def test_s23_a_failed_mail_leaves_grants_as_they_were(owner: Actor, postbox: Postbox) -> None:
    await email_codes.send_for_step_up(owner, "enable_totp")
    assert await prove(owner, "enable_totp", postbox.code) is None
    postbox.failure = FAILURES[0]
    failed = await outcome_of(email_codes.send_for_step_up(owner, "change_password"))
    assert isinstance(failed, MailNotSent)
    (grant,) = await rows(StepUpGrant, StepUpGrant.action == "enable_totp")
    assert grant.spent_at is None


async def test_s23_a_sign_in_whose_mail_fails_can_ask_again(owner: Actor, postbox: Postbox) -> None:
    await give_password()
    postbox.failure = FAILURES[0]
    await sign_in_code.mail_first_code(OWNER)
    pending = await sign_in_code.pending_of_browser(OWNER)
    assert pending.mailed is not None
    assert (pending.mailed.expires_at, pending.mailed.again_at) == (None, None)
    failed = await outcome_of(sign_in_code.mail_code_of_browser(OWNER))
    assert isinstance(failed, MailNotSent)
    postbox.failure = None
    await sign_in_code.mail_code_of_browser(OWNER)
    assert isinstance(await verify(postbox.code), SignedIn)


async def test_s23_whoever_waits_for_a_tarpit_keeps_nobody_else_waiting(
    owner: Actor, postbox: Postbox
) -> None:
    eve = await make_account("eve@example.org")
    postbox.gate.clear()
    waiting = asyncio.ensure_future(email_codes.send_for_step_up(owner, "enable_totp"))
    # Its row is there, so all that is left to do is the conversation.
    while not await rows(EmailCode):
        await asyncio.sleep(0)
    await sign_in_browser(STRANGER, email=eve.email)
    assert (await email_codes.standing_for_step_up(owner, "enable_totp")).again_at is not None
    assert not waiting.done()
    postbox.gate.set()
    assert (await waiting).expires_at == now() + timedelta(minutes=5)


async def test_s23_a_server_that_never_answers_is_a_failure_like_others(
    owner: Actor, postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct, "PATIENCE_S", 0.05)
    postbox.gate.clear()
    failed = await outcome_of(email_codes.send_for_step_up(owner, "enable_totp"))
    assert isinstance(failed, MailNotSent)
    assert not await rows(EmailCode)


async def test_s23_a_failed_second_mail_leaves_the_first_code_good(
    owner: Actor, postbox: Postbox, clock: time_machine.Traveller
) -> None:
    await email_codes.send_for_step_up(owner, "enable_totp")
    code = postbox.code
    clock.shift(61)
    postbox.failure = FAILURES[0]
    failed = await outcome_of(email_codes.send_for_step_up(owner, "enable_totp"))
    assert isinstance(failed, MailNotSent)
    assert await prove(owner, "enable_totp", code) is None
