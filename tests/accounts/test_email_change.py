"""Changing the address: asked for, confirmed at the new one, told to the old one (S-22, S-47)."""

import asyncio
from pathlib import Path

import pytest
import time_machine

from security_app.accounts import emails, password_reset, passwords, step_up
from security_app.accounts.addresses import address_key
from security_app.accounts.errors import (
    Conflict,
    EmailNotConfirmed,
    EmailRefused,
    EmailTaken,
    FieldRefused,
    LinkDead,
    Refused,
    StepUpRequired,
    TooManyAttempts,
)
from security_app.accounts.step_up import Proofs
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, EmailChange, OutboxMessage, SecurityEvent, UndoLink
from tests.accounts.cast import (
    EMAIL,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    STRANGER,
    kinds_of_mail,
    live_sessions,
    make_account,
    open_session,
    outcome_of,
    rows,
    sign_in_browser,
    the_account,
    token_in,
)
from tests.accounts.moving import NEW, ask, change, mails_to


async def test_s22_nothing_changes_until_the_new_address_confirms(
    ada: Account, tmp_path: Path
) -> None:
    actor, _ = await open_session(ada)
    await open_session(ada, "phone")
    await ask(actor)
    assert (await the_account(ada)).email == EMAIL
    async with reading() as db:
        waiting = await emails.pending(db, ada.id)
    assert waiting is not None
    assert waiting.email == NEW
    (mail,) = await mails_to(tmp_path, NEW)
    await emails.confirm_change(STRANGER, token_in(mail))
    after = await the_account(ada)
    assert (after.email, after.email_key) == (NEW, address_key(NEW))
    assert after.email_confirmed_at is not None
    # Sessions stay, the password stays.
    assert len(await live_sessions(ada)) == 2
    await sign_in_browser(email=NEW)
    assert isinstance(await outcome_of(sign_in_browser()), Refused)


async def test_s84_the_old_address_hears_of_the_asking_and_of_the_change(
    ada: Account, tmp_path: Path
) -> None:
    actor, _ = await open_session(ada)
    await change(actor, tmp_path)
    told = {str(mail["Subject"]) for mail in await mails_to(tmp_path, EMAIL)}
    assert told == {
        "Somebody asked to change your Security Centre e-mail address",
        "Your Security Centre e-mail address was changed",
    }
    actions = [row.action for row in await rows(SecurityEvent)]
    assert sorted(actions) == ["email.change_asked", "email.changed"]


async def test_s46_it_needs_password_and_code_every_time(ada: Account) -> None:
    actor, _ = await open_session(ada)
    other, _ = await open_session(ada, "phone")
    assert isinstance(await outcome_of(emails.request_change(actor, new_email=NEW)), StepUpRequired)
    await step_up.prove(actor, "change_email", Proofs(PASSWORD))
    # A grant is of one session and for one time.
    assert isinstance(await outcome_of(emails.request_change(other, new_email=NEW)), StepUpRequired)
    await emails.request_change(actor, new_email=NEW)
    again = await outcome_of(emails.request_change(actor, new_email="b@new.example"))
    assert isinstance(again, StepUpRequired)


async def test_an_unconfirmed_address_cannot_move(ada: Account) -> None:
    async with transaction() as db:
        db.add(ada)
        ada.email_confirmed_at = None
    actor, _ = await open_session(ada)
    await step_up.prove(actor, "change_email", Proofs(PASSWORD))
    refusal = await outcome_of(emails.request_change(actor, new_email=NEW))
    assert isinstance(refusal, EmailNotConfirmed)


@pytest.mark.parametrize("same", [EMAIL, "ADA@EXAMPLE.ORG", "  ada@example.org "])
async def test_the_present_address_is_refused_in_words(ada: Account, same: str) -> None:
    actor, _ = await open_session(ada)
    await step_up.prove(actor, "change_email", Proofs(PASSWORD))
    refusal = await outcome_of(emails.request_change(actor, new_email=same))
    assert isinstance(refusal, FieldRefused)
    assert refusal.field == "email"
    # The refusal used nothing up.
    await emails.request_change(actor, new_email=NEW)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "no address",
        "a@b@c.example",
        "a@new.example,b@new.example",
        "a@new.example\r\nBcc: b@new.example",
        "a@new.example\n",
        "a\0@new.example",
        f"{'a' * 243}@new.example",
        "a@new.example b@new.example",
        "Ada <a@new.example>",
    ],
)
async def test_s22_what_is_not_one_address_is_refused(
    ada: Account, typed: str, tmp_path: Path
) -> None:
    actor, _ = await open_session(ada)
    await step_up.prove(actor, "change_email", Proofs(PASSWORD))
    refusal = await outcome_of(emails.request_change(actor, new_email=typed))
    if typed.strip() == "a@new.example":
        (mail,) = await mails_to(tmp_path, "a@new.example")
        assert len(mail["To"].addresses) == 1
        return
    assert isinstance(refusal, EmailRefused)
    assert await rows(EmailChange) == []
    assert await rows(OutboxMessage) == []


@pytest.mark.parametrize("typed", ["ada＠new.example", "ada@ｎｅｗ.example", "Ada@NEW.example"])
async def test_other_spellings_are_one_address_or_none(
    ada: Account, typed: str, tmp_path: Path
) -> None:
    actor, _ = await open_session(ada)
    await step_up.prove(actor, "change_email", Proofs(PASSWORD))
    refusal = await outcome_of(emails.request_change(actor, new_email=typed))
    if isinstance(refusal, EmailRefused):
        return
    (waiting,) = await rows(EmailChange)
    assert waiting.email_key == address_key(NEW)


@pytest.mark.parametrize("new", ["ada@bücher.example", "дана@пример.example", "李@例子.example"])
async def test_other_scripts_work(ada: Account, new: str) -> None:
    actor, _ = await open_session(ada)
    await ask(actor, new)
    (waiting,) = await rows(EmailChange)
    assert waiting.email_key == address_key(new)


async def test_a_newer_asking_replaces_the_older(ada: Account, tmp_path: Path) -> None:
    actor, _ = await open_session(ada)
    await ask(actor)
    await ask(actor, "b@new.example")
    (older,) = await mails_to(tmp_path, NEW)
    assert isinstance(await outcome_of(emails.confirm_change(OWNER, token_in(older))), LinkDead)
    (newer,) = await mails_to(tmp_path, "b@new.example")
    await emails.confirm_change(OWNER, token_in(newer))
    assert (await the_account(ada)).email == "b@new.example"


async def test_a_link_sent_again_replaces_the_older_and_gains_no_time(
    ada: Account, tmp_path: Path, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    await ask(actor)
    (first,) = await mails_to(tmp_path, NEW)
    clock.shift(3600)
    await emails.send_again(actor)
    assert isinstance(await outcome_of(emails.confirm_change(OWNER, token_in(first))), LinkDead)
    _, second = await mails_to(tmp_path, NEW)
    clock.shift(24 * 3600 - 3600 + 1)
    assert isinstance(await outcome_of(emails.confirm_change(OWNER, token_in(second))), LinkDead)
    assert isinstance(await outcome_of(emails.send_again(actor)), Conflict)


async def test_cancelled_the_link_is_dead(ada: Account, tmp_path: Path) -> None:
    actor, _ = await open_session(ada)
    await ask(actor)
    await emails.cancel(actor)
    await emails.cancel(actor)
    (mail,) = await mails_to(tmp_path, NEW)
    assert isinstance(await outcome_of(emails.confirm_change(OWNER, token_in(mail))), LinkDead)
    assert (await the_account(ada)).email == EMAIL


async def test_a_new_password_ends_the_waiting_change(ada: Account, tmp_path: Path) -> None:
    actor, _ = await open_session(ada)
    await ask(actor)
    await passwords.change_password(
        actor, current=PASSWORD, new=OTHER_PASSWORD, repeat=OTHER_PASSWORD
    )
    (mail,) = await mails_to(tmp_path, NEW)
    assert isinstance(await outcome_of(emails.confirm_change(OWNER, token_in(mail))), LinkDead)


async def test_s47_an_address_in_use_gets_other_words_and_no_link(
    ada: Account, tmp_path: Path
) -> None:
    await make_account("Bob@Example.org")
    actor, _ = await open_session(ada)
    await ask(actor, "bob@example.org")
    assert await kinds_of_mail() == ["email_change_asked", "email_change_existing"]
    (waiting,) = await rows(EmailChange)
    assert waiting.email == "bob@example.org"
    # To bob's own spelling.
    (mail,) = await mails_to(tmp_path, "Bob@Example.org")
    body = mail.get_body(("plain",))
    assert body is not None
    assert "?token=" not in body.get_content()


async def test_an_address_taken_meanwhile_is_refused_cleanly(ada: Account, tmp_path: Path) -> None:
    actor, _ = await open_session(ada)
    await ask(actor)
    (mail,) = await mails_to(tmp_path, NEW)
    await make_account(NEW)
    assert isinstance(await outcome_of(emails.confirm_change(OWNER, token_in(mail))), EmailTaken)
    assert (await the_account(ada)).email == EMAIL
    assert len(await rows(UndoLink)) == 1


async def test_mailed_links_of_the_old_address_die_with_it(ada: Account, tmp_path: Path) -> None:
    actor, _ = await open_session(ada)
    await password_reset.ask_for_reset(STRANGER, email=EMAIL)
    (reset,) = await mails_to(tmp_path, EMAIL, "/reset-password")
    await change(actor, tmp_path)
    answer = await outcome_of(
        passwords.reset_password(
            STRANGER, token=token_in(reset), new=OTHER_PASSWORD, repeat=OTHER_PASSWORD
        )
    )
    assert isinstance(answer, LinkDead)


async def test_a_flood_is_slowed_whatever_the_address(ada: Account) -> None:
    actor, _ = await open_session(ada)
    for number in range(5):
        await ask(actor, f"a{number}@new.example")
    await step_up.prove(actor, "change_email", Proofs(PASSWORD))
    answer = await outcome_of(emails.request_change(actor, new_email="a5@new.example"))
    assert isinstance(answer, TooManyAttempts)
    # The refusal did not use the grant up.
    assert (await rows(EmailChange))[0].email == "a4@new.example"


async def test_one_link_pressed_many_times_at_once_changes_once(
    ada: Account, tmp_path: Path
) -> None:
    actor, _ = await open_session(ada)
    await ask(actor)
    (mail,) = await mails_to(tmp_path, NEW)
    outcomes = await asyncio.gather(
        *(emails.confirm_change(OWNER, token_in(mail)) for _ in range(8)), return_exceptions=True
    )
    assert outcomes.count(None) == 1
    assert all(isinstance(each, LinkDead) for each in outcomes if each is not None)
    assert len(await rows(UndoLink)) == 2
