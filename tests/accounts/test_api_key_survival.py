"""What API keys outlive, and what ends them all: S-72."""

import asyncio
from pathlib import Path

import time_machine

from security_app.accounts import (
    api_keys,
    deletion,
    email_codes,
    password_reset,
    passwords,
    sessions,
    step_up,
    totp,
    undo,
)
from security_app.accounts.actor import Actor
from security_app.accounts.session_list import current_session, list_sessions
from security_app.accounts.step_up import Proofs
from security_app.clock import iso, now
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, ApiKey, SecurityEvent
from tests.accounts import phone
from tests.accounts.cast import (
    EMAIL,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    STRANGER,
    deliver,
    live_sessions,
    open_session,
    rows,
    token_in,
)
from tests.accounts.keyring import (
    make,
    works,
)
from tests.accounts.moving import mails_to, new_password, undo_tokens
from tests.accounts.postbox import Postbox, code_for, prove


async def test_s72_password_and_second_factor_leave_keys_alone_and_say_so(
    ada: Account, tmp_path: Path, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    made = await make(actor)
    secret, _kit = await phone.enable(actor)
    clock.shift(60)
    await step_up.prove(actor, "disable_totp", Proofs(PASSWORD, phone.code(secret)))
    await totp.disable(actor)
    await passwords.change_password(
        actor, current=PASSWORD, new=OTHER_PASSWORD, repeat=OTHER_PASSWORD
    )
    assert await works(made.key)
    mails = {str(mail["Subject"]): str(mail) for mail in await deliver(tmp_path)}
    for subject in (
        "Your authenticator app is on",
        "Your authenticator app was turned off",
        "Your Security Centre password was changed",
    ):
        assert "1 still works" in mails[subject]
        assert "/settings/personal/api-keys" in mails[subject]
    (session,) = [row for row in await rows(sessions.Session) if row.id == actor.session_id]
    assert session.notice == "password_changed:0:1"


async def test_s72_so_do_codes_by_mail_and_a_reset_by_mail(
    owner: Actor, postbox: Postbox, tmp_path: Path
) -> None:
    code = await code_for(owner, "create_api_key", postbox)
    made = await make(owner, proofs=Proofs(PASSWORD, code, "email_code"))
    code = await code_for(owner, "disable_email_code", postbox)
    assert await prove(owner, "disable_email_code", code) is None
    await email_codes.disable(owner)
    await password_reset.ask_for_reset(OWNER, email=EMAIL)
    (mail,) = await mails_to(tmp_path, EMAIL, "/reset-password")
    await passwords.reset_password(
        OWNER, token=token_in(mail), new=OTHER_PASSWORD, repeat=OTHER_PASSWORD
    )
    mails = {str(mail["Subject"]): str(mail) for mail in await deliver(tmp_path)}
    assert "1 still works" in mails["E-mail codes were turned off"]
    assert "1 still works" in mails["Your Security Centre password was changed"]
    assert await works(made.key)


async def test_without_keys_nothing_is_said_of_them(ada: Account, tmp_path: Path) -> None:
    actor, _ = await open_session(ada)
    await passwords.change_password(
        actor, current=PASSWORD, new=OTHER_PASSWORD, repeat=OTHER_PASSWORD
    )
    (mail,) = await deliver(tmp_path)
    assert "still work" not in str(mail)


async def test_s72_keys_die_with_the_account(ada: Account) -> None:
    actor, _ = await open_session(ada)
    made = await make(actor)
    await step_up.prove(actor, "delete_account", Proofs(PASSWORD))
    await deletion.delete_account(actor, typed=EMAIL)
    assert not await works(made.key)
    assert not await rows(ApiKey)


async def test_this_wasnt_me_revokes_every_key(ada: Account, tmp_path: Path) -> None:
    """Whoever held the account may have made one, or put one in the place of another."""
    actor, _ = await open_session(ada)
    own = await make(actor, "my own")
    thief, _ = await open_session(ada, "stranger")
    stolen = await make(thief, "stolen")
    links = await undo_tokens(tmp_path, EMAIL)
    done = await undo.undo(STRANGER, links["A Security Centre API key was made"])
    assert done.revoked_keys == 2
    assert not await works(own.key)
    assert not await works(stolen.key)
    (event,) = await rows(SecurityEvent, SecurityEvent.action == "account.undone")
    assert "2 API keys ended" in event.detail
    await new_password(tmp_path)
    assert not await works(stolen.key)
    (mail,) = [
        mail for mail in await mails_to(tmp_path, EMAIL) if "put back" in str(mail["Subject"])
    ]
    assert "API keys were revoked" in " ".join(str(mail.get_body(("plain",))).split())


async def test_undo_and_a_key_made_at_the_same_moment(ada: Account, tmp_path: Path) -> None:
    actor, _ = await open_session(ada)
    await make(actor)
    token = (await undo_tokens(tmp_path, EMAIL))["A Security Centre API key was made"]
    thief, _ = await open_session(ada, "stranger")
    await asyncio.gather(undo.undo(OWNER, token), make(thief), return_exceptions=True)
    async with reading() as db:
        assert await api_keys.count_live(db, ada.id) == 0


async def test_sessions_seen_with_a_key_none_of_them_is_its_own(ada: Account) -> None:
    actor, _ = await open_session(ada)
    await open_session(ada, "phone")
    made = await make(actor, scopes=("sessions:write",))
    as_key = await api_keys.find_actor(made.key, OWNER)
    assert as_key is not None
    async with reading() as db:
        page = await list_sessions(db, as_key, limit=10)
        assert [item.is_current for item in page.items] == [False, False]
        assert await current_session(db, as_key) is None
    async with transaction() as db:
        assert await sessions.sign_out_others(db, as_key) == 2
    assert await live_sessions(ada) == set()
    assert await works(made.key)
    (event,) = await rows(SecurityEvent, SecurityEvent.action == "sessions.ended")
    assert event.session_id == made.shown.id
    assert iso(event.at) == iso(now())
