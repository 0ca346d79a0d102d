"""Codes by e-mail turned on and off, beside the authenticator app: S-43, S-46, S-84, D5."""

import time_machine

from security_app.accounts import email_codes, sign_in_code, step_up, totp
from security_app.accounts.actor import Actor
from security_app.accounts.errors import (
    AlreadyOn,
    CodeRefused,
    FieldRefused,
    NotOn,
    SetUpDead,
    StepUpRequired,
    WrongPassword,
)
from security_app.accounts.sign_in import SignedIn
from security_app.accounts.step_up import Proofs
from security_app.db.tables import (
    Account,
    EmailCode,
    EmailMethod,
    EmailSetUp,
    RecoveryCode,
    SecurityEvent,
    StepUpGrant,
    TotpSetUp,
)
from tests.accounts import phone
from tests.accounts.cast import OWNER, PASSWORD, kinds_of_mail, open_session, outcome_of, rows
from tests.accounts.postbox import (
    Postbox,
    add_app,
    code_for,
    enable,
    give_password,
    on,
    prove,
    start,
    verify,
)


async def test_turning_it_on_needs_a_grant_and_spends_it(ada: Account, postbox: Postbox) -> None:
    actor, _ = await open_session(ada)
    assert isinstance(await outcome_of(email_codes.start_set_up(actor)), StepUpRequired)
    wrong = await outcome_of(step_up.prove(actor, "enable_email_code", Proofs("not it")))
    assert isinstance(wrong, WrongPassword)
    other, _ = await open_session(ada, "phone")
    await step_up.prove(other, "enable_email_code", Proofs(PASSWORD))
    assert isinstance(await outcome_of(email_codes.start_set_up(actor)), StepUpRequired)
    await start(actor)
    assert isinstance(await outcome_of(email_codes.start_set_up(actor)), StepUpRequired)
    assert postbox.mails == []


async def test_s15_nothing_is_on_until_the_mailed_code_proves_it(
    ada: Account, postbox: Postbox
) -> None:
    actor, _ = await open_session(ada)
    nothing = await outcome_of(email_codes.send_for_set_up(actor))
    assert isinstance(nothing, SetUpDead)
    await start(actor)
    await email_codes.send_for_set_up(actor)
    assert await on(ada) == ()
    await email_codes.confirm_set_up(actor, postbox.code)
    assert await on(ada) == ("email_code",)
    assert not await rows(EmailSetUp)
    assert not await rows(EmailCode)
    again = await outcome_of(email_codes.confirm_set_up(actor, postbox.code))
    assert isinstance(again, SetUpDead)


async def test_s15_a_set_up_lives_ten_minutes(
    ada: Account, postbox: Postbox, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    await start(actor)
    clock.shift(9 * 60)
    await email_codes.send_for_set_up(actor)
    clock.shift(61)
    late = await outcome_of(email_codes.confirm_set_up(actor, postbox.code))
    assert isinstance(late, SetUpDead)
    assert isinstance(await outcome_of(email_codes.send_for_set_up(actor)), SetUpDead)
    assert await on(ada) == ()


async def test_s15_a_cancelled_or_replaced_set_up_turns_nothing_on(
    ada: Account, postbox: Postbox
) -> None:
    laptop, _ = await open_session(ada)
    phone_, _ = await open_session(ada, "phone")
    await start(laptop)
    await email_codes.send_for_set_up(laptop)
    of_laptop = postbox.code
    await start(phone_)
    replaced = await outcome_of(email_codes.confirm_set_up(laptop, of_laptop))
    assert isinstance(replaced, SetUpDead)
    await email_codes.cancel_set_up(laptop)
    assert len(await rows(EmailSetUp)) == 1
    await email_codes.cancel_set_up(phone_)
    cancelled = await outcome_of(email_codes.confirm_set_up(phone_, of_laptop))
    assert isinstance(cancelled, SetUpDead)
    assert await on(ada) == ()


async def test_it_cannot_be_turned_on_twice(owner: Actor, ada: Account, postbox: Postbox) -> None:
    assert isinstance(await outcome_of(email_codes.start_set_up(owner)), AlreadyOn)


async def test_s46_turning_it_off_needs_password_and_its_own_code(
    owner: Actor, ada: Account, postbox: Postbox, clock: time_machine.Traveller
) -> None:
    secret = await add_app(owner, postbox)
    clock.shift(61)
    code = await code_for(owner, "disable_email_code", postbox)
    for proofs, refusal in (
        (Proofs(PASSWORD), FieldRefused),
        (Proofs(code=code), FieldRefused),
        (Proofs("not it", code), WrongPassword),
        (Proofs(PASSWORD, phone.code(secret), "totp"), CodeRefused),
        (Proofs(PASSWORD, "AAAA-BBBB-CCCC-DDDD", "recovery_code"), CodeRefused),
    ):
        answer = await outcome_of(step_up.prove(owner, "disable_email_code", proofs))
        assert isinstance(answer, refusal), proofs.method
    assert isinstance(await outcome_of(email_codes.disable(owner)), StepUpRequired)
    assert await prove(owner, "disable_email_code", code) is None
    assert await email_codes.disable(owner) == ("totp",)
    assert await on(ada) == ("totp",)
    assert len(await rows(RecoveryCode)) == 10


async def test_turning_it_off_ends_its_codes_grants_and_leaves_the_password(
    owner: Actor, ada: Account, postbox: Postbox
) -> None:
    assert await prove(owner, "enable_totp", await code_for(owner, "enable_totp", postbox)) is None
    await code_for(owner, "change_password", postbox)
    code = await code_for(owner, "disable_email_code", postbox)
    assert await prove(owner, "disable_email_code", code) is None
    assert await email_codes.disable(owner) == ()
    assert not await rows(EmailMethod)
    assert not await rows(EmailCode)
    assert not await rows(StepUpGrant)
    again = await outcome_of(step_up.prove(owner, "disable_email_code", Proofs(PASSWORD, code)))
    assert isinstance(again, NotOn)


async def test_s43_the_app_beside_it_needs_the_mailed_code(
    owner: Actor, ada: Account, postbox: Postbox
) -> None:
    alone = await outcome_of(step_up.prove(owner, "enable_totp", Proofs(PASSWORD)))
    assert isinstance(alone, FieldRefused)
    assert isinstance(await outcome_of(totp.start_set_up(owner)), StepUpRequired)
    await add_app(owner, postbox)
    assert set(await on(ada)) == {"totp", "email_code"}


async def test_s43_it_beside_the_app_needs_the_apps_code(
    ada: Account, postbox: Postbox, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    secret, kit = await phone.enable(actor)
    clock.shift(60)
    for proofs in (Proofs(PASSWORD), Proofs(PASSWORD, kit.codes[0].code, "recovery_code")):
        answer = await outcome_of(step_up.prove(actor, "enable_email_code", proofs))
        assert isinstance(answer, FieldRefused | CodeRefused)
    assert isinstance(await outcome_of(email_codes.start_set_up(actor)), StepUpRequired)
    await step_up.prove(actor, "enable_email_code", Proofs("", phone.code(secret), "totp"))
    await email_codes.start_set_up(actor)
    await email_codes.send_for_set_up(actor)
    await email_codes.confirm_set_up(actor, postbox.code)
    assert set(await on(ada)) == {"totp", "email_code"}


async def test_s43_a_set_up_begun_with_the_password_dies_as_the_other_method_turns_on(
    ada: Account, postbox: Postbox
) -> None:
    laptop, _ = await open_session(ada)
    thief, _ = await open_session(ada, "phone")
    secret = await phone.set_up(thief)
    await enable(laptop, postbox)
    assert not await rows(TotpSetUp)
    late = await outcome_of(totp.confirm_set_up(thief, phone.code(secret)))
    assert isinstance(late, SetUpDead)
    assert await on(ada) == ("email_code",)


async def test_s43_so_does_one_for_mailed_codes_as_the_app_turns_on(
    ada: Account, postbox: Postbox
) -> None:
    laptop, _ = await open_session(ada)
    thief, _ = await open_session(ada, "phone")
    await start(thief)
    await email_codes.send_for_set_up(thief)
    await phone.enable(laptop)
    late = await outcome_of(email_codes.confirm_set_up(thief, postbox.code))
    assert isinstance(late, SetUpDead)
    assert await on(ada) == ("totp",)


async def test_d5_the_method_used_last_is_asked_first(
    owner: Actor, ada: Account, postbox: Postbox, clock: time_machine.Traveller
) -> None:
    clock.shift(60)
    secret = await add_app(owner, postbox)
    assert await on(ada) == ("totp", "email_code")
    clock.shift(3600)
    assert await give_password() == ("totp", "email_code", "recovery_code")
    mails = len(postbox.mails)
    await sign_in_code.mail_first_code(OWNER)
    assert len(postbox.mails) == mails
    await sign_in_code.mail_code_of_browser(OWNER)
    assert isinstance(await verify(postbox.code), SignedIn)
    clock.shift(61)
    assert await give_password() == ("email_code", "totp", "recovery_code")
    needed = await step_up.needed(owner, "change_password")
    assert needed.methods == ("email_code", "totp", "recovery_code")
    await sign_in_code.mail_first_code(OWNER)
    assert len(postbox.mails) == mails + 2
    text = phone.code(secret)
    signed_in = await sign_in_code.verify_browser(OWNER, code=text, method="totp")
    assert isinstance(signed_in, SignedIn)
    clock.shift(61)
    assert (await give_password())[0] == "totp"


async def test_mailed_codes_alone_come_without_recovery_codes(owner: Actor) -> None:
    assert await give_password() == ("email_code",)
    pending = await sign_in_code.pending_of_browser(OWNER)
    assert pending.methods == ("email_code",)
    assert not await rows(RecoveryCode)


async def test_s84_every_change_is_logged_and_mailed(
    owner: Actor, ada: Account, postbox: Postbox
) -> None:
    code = await code_for(owner, "disable_email_code", postbox)
    assert await prove(owner, "disable_email_code", code) is None
    await email_codes.disable(owner)
    assert await kinds_of_mail() == ["email_code_disabled", "email_code_enabled"]
    kinds = sorted(row.action for row in await rows(SecurityEvent))
    assert kinds == ["email_code.disabled", "email_code.enabled"]
