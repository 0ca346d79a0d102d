"""What is left of mailed codes at rest, and what ends them: S-05, S-21."""

import base64
import hashlib

import time_machine

from security_app.accounts import email_codes, passwords, sign_in_code
from security_app.accounts.actor import Actor
from security_app.accounts.errors import ChallengeDead, CodeRefused
from security_app.accounts.proofs import email_code
from security_app.db.engine import Database, transaction
from security_app.db.tables import Account, Challenge, EmailCode
from tests.accounts.cast import OTHER_PASSWORD, PASSWORD, STRANGER, everything_stored, rows
from tests.accounts.postbox import Postbox, code_for, give_password, prove, verify


async def test_s21_neither_the_code_nor_a_plain_digest_of_it_is_stored(
    owner: Actor, postbox: Postbox, database: Database, ada: Account
) -> None:
    code = await code_for(owner, "enable_totp", postbox)
    (row,) = await rows(EmailCode)
    stored = await everything_stored(database)
    assert row.code_hash.encode() in stored
    texts = [code, f"{ada.id}:{code}", f"{ada.id}:enable_totp:{owner.session_id}:{code}"]
    shapes = {code.encode(), base64.b64encode(code.encode())}
    for text in texts:
        for name in ("md5", "sha1", "sha256", "sha512", "blake2b", "sha3_256"):
            digest = hashlib.new(name, text.encode())
            raw = digest.digest()
            shapes |= {raw, digest.hexdigest().encode(), base64.b64encode(raw)}
    assert not [shape for shape in shapes if shape in stored]


async def test_s21_used_and_expired_codes_leave_the_database(
    owner: Actor, postbox: Postbox, clock: time_machine.Traveller, database: Database
) -> None:
    await code_for(owner, "enable_totp", postbox)
    (row,) = await rows(EmailCode)
    clock.shift(5 * 60 + 1)
    async with transaction() as db:
        await email_code.forget_old(db)
    assert not await rows(EmailCode)
    if database.is_sqlite:
        async with database.engine.connect() as connection:
            await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        assert row.code_hash.encode() not in await everything_stored(database)


async def test_s21_the_sweeper_leaves_codes_that_still_count(
    owner: Actor, postbox: Postbox, clock: time_machine.Traveller
) -> None:
    code = await code_for(owner, "enable_totp", postbox)
    clock.shift(4 * 60 + 59)
    async with transaction() as db:
        await email_code.forget_old(db)
        await email_codes.forget_old(db)
    assert await prove(owner, "enable_totp", code) is None


async def test_s05_a_password_change_ends_mailed_codes(owner: Actor, postbox: Postbox) -> None:
    await give_password(STRANGER)
    await sign_in_code.mail_code_of_browser(STRANGER)
    of_sign_in = postbox.code
    of_step_up = await code_for(owner, "enable_totp", postbox)
    of_change = await code_for(owner, "change_password", postbox)
    await passwords.change_password(
        owner,
        current=PASSWORD,
        new=OTHER_PASSWORD,
        repeat=OTHER_PASSWORD,
        code=of_change,
        method="email_code",
    )
    assert not await rows(EmailCode)
    assert not await rows(Challenge)
    assert isinstance(await verify(of_sign_in, STRANGER), ChallengeDead)
    assert isinstance(await prove(owner, "enable_totp", of_step_up), CodeRefused)
