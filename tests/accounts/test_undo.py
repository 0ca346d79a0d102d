""" "This wasn't me": the theft stories, and what a link must not do."""

import asyncio
from pathlib import Path

import time_machine

from security_app.accounts import (
    api_key_changes,
    connections,
    emails,
    passwords,
    recovery_codes,
    sign_in,
    sign_in_code,
    step_up,
    totp,
    undo,
)
from security_app.accounts.actor import Actor
from security_app.accounts.errors import CodeRefused, InvalidCredentials, LinkDead, Refused
from security_app.accounts.step_up import Proofs
from security_app.accounts.undo import Undone
from security_app.db.engine import transaction
from security_app.db.tables import (
    Account,
    Challenge,
    EmailChange,
    SecurityEvent,
    StepUpGrant,
    Totp,
    TotpSetUp,
)
from security_app.limits import MAX_API_KEYS, MAX_LIVE_SESSIONS
from tests.accounts.cast import (
    EMAIL,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    STRANGER,
    is_signed_in,
    live_sessions,
    open_session,
    outcome_of,
    rows,
    sign_in_browser,
    sign_in_client,
    the_account,
    token_in,
)
from tests.accounts.identities import ADA_AT_GOOGLE, come_back, google, url_of
from tests.accounts.moving import ask, change, mails_to, new_password, undo_tokens
from tests.accounts.phone import code, enable, set_up
from tests.oidc_provider import Provider

__all__ = ["google"]

CHANGED = "Your Security Centre e-mail address was changed"
ASKED = "Somebody asked to change your Security Centre e-mail address"
OFF = "Your authenticator app was turned off"
THIEF = "thief@evil.example"


async def test_a_stolen_address_comes_back_and_the_thief_is_out(
    ada: Account, tmp_path: Path
) -> None:
    await open_session(ada)
    thief, stolen = await open_session(ada, "stranger")
    _, bearer = await open_session(ada, "", kind="api")
    await change(thief, tmp_path, THIEF)
    links = await undo_tokens(tmp_path, EMAIL)
    done = await undo.undo(OWNER, links[CHANGED])
    assert done.address_back
    assert done.ended_sessions == 3
    account = await the_account(ada)
    assert account.email == EMAIL
    assert account.password_hash is None
    assert not await is_signed_in(stolen)
    assert not await is_signed_in(bearer)
    assert await live_sessions(ada) == set()
    for address in (EMAIL, THIEF):
        refused = await outcome_of(sign_in_browser(STRANGER, email=address))
        assert isinstance(refused, InvalidCredentials)
    await new_password(tmp_path)
    await sign_in_browser(password=OTHER_PASSWORD)


async def test_both_addresses_hear_of_it(ada: Account, tmp_path: Path) -> None:
    thief, _ = await open_session(ada, "stranger")
    await change(thief, tmp_path, THIEF)
    await undo.undo(OWNER, (await undo_tokens(tmp_path, EMAIL))[CHANGED])
    for address in (EMAIL, THIEF):
        subjects = [str(mail["Subject"]) for mail in await mails_to(tmp_path, address)]
        assert "Your Security Centre account was put back" in subjects
    # A link that opens something goes to the owner alone.
    assert not await mails_to(tmp_path, THIEF, "/reset-password")
    (event,) = await rows(SecurityEvent, SecurityEvent.action == "account.undone")
    assert "address put back" in event.detail


async def test_an_earlier_mail_serves_as_well(ada: Account, tmp_path: Path) -> None:
    thief, _ = await open_session(ada, "stranger")
    await change(thief, tmp_path, THIEF)
    links = await undo_tokens(tmp_path, EMAIL)
    assert (await undo.undo(OWNER, links[ASKED])).address_back
    assert (await the_account(ada)).email == EMAIL
    # It took back all that came later, so the later link has nothing left to do.
    assert isinstance(await outcome_of(undo.undo(OWNER, links[CHANGED])), LinkDead)


async def test_the_thief_cannot_stop_it(
    ada: Account, tmp_path: Path, clock: time_machine.Traveller
) -> None:
    thief, _ = await open_session(ada, "stranger")
    await change(thief, tmp_path, THIEF)
    token = (await undo_tokens(tmp_path, EMAIL))[CHANGED]
    # Everything somebody who holds the account can do.
    secret, _kit = await enable(thief)
    clock.shift(60)
    await passwords.change_password(
        thief, current=PASSWORD, new=OTHER_PASSWORD, repeat=OTHER_PASSWORD, code=code(secret)
    )
    clock.shift(60)
    await step_up.prove(thief, "change_email", Proofs(OTHER_PASSWORD, code(secret)))
    await emails.request_change(thief, new_email="second@evil.example")
    (mail,) = await mails_to(tmp_path, "second@evil.example", "/confirm-new-email")
    await emails.confirm_change(STRANGER, token_in(mail))
    theirs = list((await undo_tokens(tmp_path, THIEF)).values())
    assert theirs

    await undo.undo(OWNER, token)
    assert (await the_account(ada)).email == EMAIL
    # The thief's own app locks nobody out, and the thief's own links are dead.
    assert await rows(Totp) == []
    for link in theirs:
        assert isinstance(await outcome_of(undo.undo(STRANGER, link)), LinkDead)
    await new_password(tmp_path)
    assert (await sign_in.sign_in(OWNER, email=EMAIL, password=OTHER_PASSWORD)).ticket


async def test_the_thiefs_link_used_first_does_not_harm_the_owners(
    ada: Account, tmp_path: Path
) -> None:
    thief, _ = await open_session(ada, "stranger")
    await change(thief, tmp_path, THIEF)
    await enable(thief)
    theirs = (await undo_tokens(tmp_path, THIEF))["Your authenticator app is on"]
    await undo.undo(STRANGER, theirs)
    assert (await the_account(ada)).email == THIEF
    await undo.undo(OWNER, (await undo_tokens(tmp_path, EMAIL))[CHANGED])
    assert (await the_account(ada)).email == EMAIL
    assert await rows(Totp) == []


async def test_a_switched_off_app_is_on_again_with_its_codes(
    ada: Account, tmp_path: Path, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    secret, kit = await enable(actor)
    await step_up.prove(actor, "disable_totp", Proofs(PASSWORD, kit.codes[0].code))
    await totp.disable(actor)
    done = await undo.undo(OWNER, (await undo_tokens(tmp_path, EMAIL))[OFF])
    assert done.factors_back
    assert not done.address_back
    await new_password(tmp_path)
    clock.shift(60)
    pending = await sign_in.sign_in(OWNER, email=EMAIL, password=OTHER_PASSWORD)
    assert pending.code_needed is not None
    await sign_in_code.verify_browser(OWNER, code=code(secret), method="totp")
    again, _ = await open_session(ada)
    clock.shift(60)
    await step_up.prove(again, "view_recovery_codes", Proofs(code=code(secret)))
    shown = await recovery_codes.view(again)
    assert [each.code for each in shown.codes] == [each.code for each in kit.codes]
    assert shown.number == kit.number
    # S-26: what was used since stays used.
    assert [each.used_at is not None for each in shown.codes] == [True] + [False] * 9


async def test_another_app_put_in_its_place_gives_way(
    ada: Account, tmp_path: Path, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    mine, kit = await enable(actor)
    thief, _ = await open_session(ada, "stranger")
    await step_up.prove(thief, "disable_totp", Proofs(PASSWORD, kit.codes[3].code))
    await totp.disable(thief)
    theirs, their_kit = await enable(thief)
    await undo.undo(OWNER, (await undo_tokens(tmp_path, EMAIL))[OFF])
    await new_password(tmp_path)
    clock.shift(60)
    for wrong in (code(theirs), their_kit.codes[0].code):
        await sign_in.sign_in(OWNER, email=EMAIL, password=OTHER_PASSWORD)
        answer = await outcome_of(sign_in_code.verify_browser(OWNER, code=wrong, method=""))
        assert isinstance(answer, CodeRefused)
    assert (await sign_in_code.verify_browser(OWNER, code=code(mine), method="totp")).ticket


async def test_a_stolen_address_brings_the_app_of_that_moment_back(
    ada: Account, tmp_path: Path, clock: time_machine.Traveller
) -> None:
    thief, _ = await open_session(ada, "stranger")
    mine, kit = await enable(thief)
    clock.shift(60)
    await change(thief, tmp_path, THIEF, code=code(mine))
    await step_up.prove(thief, "disable_totp", Proofs(PASSWORD, kit.codes[0].code))
    await totp.disable(thief)
    await enable(thief)
    await undo.undo(OWNER, (await undo_tokens(tmp_path, EMAIL))[CHANGED])
    await new_password(tmp_path)
    clock.shift(60)
    await sign_in.sign_in(OWNER, email=EMAIL, password=OTHER_PASSWORD)
    assert (await sign_in_code.verify_browser(OWNER, code=code(mine), method="totp")).ticket


async def test_all_at_once_is_put_back_and_fits_the_log(
    google: Provider, ada: Account, tmp_path: Path, clock: time_machine.Traveller
) -> None:
    """The worst theft: address, app, a key and a connected account. The log has its bounds."""
    thief, _ = await open_session(ada, "stranger")
    mine, kit = await enable(thief)
    clock.shift(60)
    proofs = Proofs(PASSWORD, code(mine))
    await api_key_changes.create(thief, name="Mine", scopes=["account:read"], proofs=proofs)
    async with transaction() as db:
        step_up.grant(db, thief, "connect_provider", "google")
    path = await connections.begin(thief, "google")
    answer = google.authorize(await url_of(path, STRANGER), ADA_AT_GOOGLE)
    assert (await come_back(answer, visitor=STRANGER, actor=thief)).refusal is None
    clock.shift(60)
    await change(thief, tmp_path, THIEF, code=code(mine))
    await step_up.prove(thief, "disable_totp", Proofs(PASSWORD, kit.codes[0].code))
    await totp.disable(thief)
    done = await undo.undo(OWNER, (await undo_tokens(tmp_path, EMAIL))[CHANGED])
    assert done == Undone(
        address_back=True, factors_back=True, ended_sessions=1, revoked_keys=1, disconnected=1
    )
    [event] = [row for row in await rows(SecurityEvent) if row.action == "account.undone"]
    assert event.detail == (
        "address and second factor put back; 1 sessions, 1 API keys, 1 connected accounts ended"
    )


def test_the_most_a_link_can_do_fits_the_log() -> None:
    most = Undone(True, True, MAX_LIVE_SESSIONS, MAX_API_KEYS, 999)
    assert len(str(most)) <= 100


async def test_what_was_begun_ends_too(ada: Account, tmp_path: Path) -> None:
    thief, _ = await open_session(ada, "stranger")
    await ask(thief, THIEF)
    await set_up(thief)
    await step_up.prove(thief, "delete_account", Proofs(PASSWORD))
    await sign_in.sign_in(STRANGER, email=EMAIL, password=PASSWORD)
    (waiting,) = await mails_to(tmp_path, THIEF, "/confirm-new-email")
    await undo.undo(OWNER, (await undo_tokens(tmp_path, EMAIL))[ASKED])
    for table in (EmailChange, TotpSetUp, StepUpGrant, Challenge):
        assert await rows(table) == []
    answer = await outcome_of(emails.confirm_change(STRANGER, token_in(waiting)))
    assert isinstance(answer, LinkDead)
    assert isinstance(await outcome_of(totp.start_set_up(thief)), Refused)


async def test_it_outruns_what_the_thief_does_at_the_same_moment(
    ada: Account, tmp_path: Path
) -> None:
    thief, _ = await open_session(ada, "stranger")
    await change(thief, tmp_path, THIEF)
    token = (await undo_tokens(tmp_path, EMAIL))[CHANGED]
    secret = await set_up(thief)
    await step_up.prove(thief, "change_email", Proofs(PASSWORD))
    outcomes = await asyncio.gather(
        undo.undo(OWNER, token),
        totp.confirm_set_up(thief, code(secret)),
        emails.request_change(thief, new_email="second@evil.example"),
        sign_in_client(STRANGER, email=THIEF),
        sign_in_browser(STRANGER, email=THIEF),
        return_exceptions=True,
    )
    assert isinstance(outcomes[0], undo.Undone), repr(outcomes)
    assert (await the_account(ada)).email == EMAIL
    assert await live_sessions(ada) == set()
    assert await rows(Totp) == []
    assert await rows(EmailChange) == []


async def test_the_actor_of_an_ended_session_is_powerless(ada: Account, tmp_path: Path) -> None:
    thief, _ = await open_session(ada, "stranger")
    await change(thief, tmp_path, THIEF)
    await undo.undo(OWNER, (await undo_tokens(tmp_path, EMAIL))[CHANGED])
    await _cannot(thief)


async def _cannot(actor: Actor) -> None:
    for act in (
        emails.request_change(actor, new_email="x@evil.example"),
        totp.start_set_up(actor),
        step_up.prove(actor, "change_email", Proofs(PASSWORD)),
    ):
        assert isinstance(await outcome_of(act), Refused)
