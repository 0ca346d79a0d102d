"""What a "This wasn't me" link must not do, and how long it lives."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import text

from security_app.accounts import (
    passwords,
    sign_in,
    sign_in_code,
    step_up,
    totp,
    undo,
    undo_links,
)
from security_app.accounts.errors import CodeRefused, LinkDead
from security_app.accounts.step_up import Proofs
from security_app.db.engine import Database, transaction
from security_app.db.sealing import open_sealed
from security_app.db.tables import (
    Account,
    RecoveryCode,
    Totp,
    UndoLink,
)
from tests.accounts.cast import (
    EMAIL,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    STRANGER,
    everything_stored,
    live_sessions,
    make_account,
    open_session,
    outcome_of,
    rows,
    sign_in_browser,
    the_account,
    token_in,
    visitor,
)
from tests.accounts.moving import change, mails_to, new_password, undo_tokens
from tests.accounts.phone import code, enable

CHANGED = "Your Security Centre e-mail address was changed"
ASKED = "Somebody asked to change your Security Centre e-mail address"
OFF = "Your authenticator app was turned off"
THIEF = "thief@evil.example"


async def test_a_link_takes_no_second_factor_away_from_whoever_reads_the_mailbox(
    ada: Account, tmp_path: Path, clock: time_machine.Traveller
) -> None:
    await sign_in_browser()
    await sign_in_browser(STRANGER)
    actor, _ = await open_session(ada)
    secret, _ = await enable(actor)
    links = await undo_tokens(tmp_path, EMAIL)
    # The oldest link, from before there was a second factor.
    await undo.undo(STRANGER, links["New sign-in to your Security Centre account"])
    await new_password(tmp_path)
    clock.shift(60)
    answer = await sign_in.sign_in(STRANGER, email=EMAIL, password=OTHER_PASSWORD)
    assert answer.code_needed is not None
    assert (await sign_in_code.verify_browser(STRANGER, code=code(secret), method="totp")).ticket


async def test_codes_of_the_app_from_before_the_undo_are_used_up(
    ada: Account, tmp_path: Path
) -> None:
    actor, _ = await open_session(ada)
    secret, kit = await enable(actor)
    await step_up.prove(actor, "disable_totp", Proofs(PASSWORD, kit.codes[0].code))
    await totp.disable(actor)
    await undo.undo(OWNER, (await undo_tokens(tmp_path, EMAIL))[OFF])
    await new_password(tmp_path)
    await sign_in.sign_in(OWNER, email=EMAIL, password=OTHER_PASSWORD)
    answer = sign_in_code.verify_browser(OWNER, code=code(secret), method="totp")
    assert isinstance(await outcome_of(answer), CodeRefused)


async def test_a_link_works_once_also_at_the_same_moment(ada: Account, tmp_path: Path) -> None:
    thief, _ = await open_session(ada, "stranger")
    await change(thief, tmp_path, THIEF)
    links = await undo_tokens(tmp_path, EMAIL)
    tokens = [links[CHANGED]] * 4 + [links[ASKED]] * 4
    outcomes = await asyncio.gather(
        *(undo.undo(OWNER, token) for token in tokens), return_exceptions=True
    )
    done = [each for each in outcomes if isinstance(each, undo.Undone)]
    assert 1 <= len(done) <= 2
    assert all(isinstance(each, LinkDead) for each in outcomes if each not in done)
    assert (await the_account(ada)).email == EMAIL


async def test_it_works_for_seven_days(
    ada: Account, tmp_path: Path, clock: time_machine.Traveller
) -> None:
    thief, _ = await open_session(ada, "stranger")
    await change(thief, tmp_path, THIEF)
    links = await undo_tokens(tmp_path, EMAIL)
    clock.shift(timedelta(days=7, seconds=1))
    assert isinstance(await outcome_of(undo.undo(OWNER, links[CHANGED])), LinkDead)
    async with transaction() as db:
        await undo_links.forget_old(db)
    assert await rows(UndoLink) == []


@pytest.mark.parametrize("token", ["", "x", "\0", "é" * 5000, "a" * 43])
async def test_what_is_no_link_is_refused(ada: Account, token: str) -> None:
    assert isinstance(await outcome_of(undo.undo(OWNER, token)), LinkDead)


async def test_s78_a_switched_off_app_is_not_in_the_file_though_it_can_come_back(
    ada: Account, database: Database
) -> None:
    actor, _ = await open_session(ada)
    _secret, kit = await enable(actor)
    (app,) = await rows(Totp)
    remains = [app.sealed_secret, app.sealed_secret.hex().encode()]
    remains += [row.sealed_code or b"?" for row in await rows(RecoveryCode)]
    await step_up.prove(actor, "disable_totp", Proofs(PASSWORD, kit.codes[0].code))
    await totp.disable(actor)
    link = max(await rows(UndoLink), key=lambda row: row.number or 0)
    assert link.wrapped
    # Not even who has the file and the server's key opens it: that key is in the mail alone.
    inside = open_sealed(link.wrapped, undo_links.seal_context(ada.id))
    assert b"sealed_secret" not in inside
    if database.is_sqlite:
        async with database.engine.connect() as connection:
            await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        left = await everything_stored(database)
        assert not [part for part in remains if part in left]


async def test_somebody_elses_account_is_left_alone(ada: Account, tmp_path: Path) -> None:
    bob = await make_account("bob@example.org")
    await open_session(bob, "tablet")
    thief, _ = await open_session(ada, "stranger")
    await change(thief, tmp_path, THIEF)
    await undo.undo(OWNER, (await undo_tokens(tmp_path, EMAIL))[CHANGED])
    assert len(await live_sessions(bob)) == 1
    assert (await the_account(bob)).password_hash is not None


async def test_every_security_mail_has_a_link_of_its_own(ada: Account, tmp_path: Path) -> None:
    await sign_in_browser()
    actor, _ = await open_session(ada)
    _secret, kit = await enable(actor)
    await sign_in.sign_in(visitor("new"), email=EMAIL, password=PASSWORD)
    await outcome_of(sign_in_code.verify_browser(visitor("new"), code="000000", method="totp"))
    await step_up.prove(actor, "change_password", Proofs(PASSWORD, kit.codes[1].code))
    await passwords.change_password(
        actor,
        current=PASSWORD,
        new=OTHER_PASSWORD,
        repeat=OTHER_PASSWORD,
        code=kit.codes[2].code,
    )
    mails = await mails_to(tmp_path, EMAIL, "/not-me")
    tokens = {token_in(mail) for mail in mails}
    assert len(tokens) == len(mails) == len(await rows(UndoLink)) >= 4
