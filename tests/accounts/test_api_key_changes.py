"""API keys replaced and revoked, two changes at once: S-70."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from security_app.accounts import (
    api_key_changes,
    api_keys,
    pins,
    step_up,
)
from security_app.accounts.api_key_changes import NewKey
from security_app.accounts.api_key_errors import KeyGone, KeyReplaced, TooManyKeys
from security_app.accounts.errors import FieldRefused, StepUpRequired, WrongPassword
from security_app.accounts.pin_errors import PinRequired, PinWrong
from security_app.accounts.step_up import Proofs, Target
from security_app.clock import now
from security_app.db.engine import Database, reading
from security_app.db.tables import Account, ApiKey, SecurityEvent
from security_app.limits import API_KEY_OVERLAP, MAX_API_KEYS
from security_app.live.hub import hub
from tests.accounts.cast import (
    PASSWORD,
    deliver,
    kinds_of_mail,
    make_account,
    open_session,
    outcome_of,
    rows,
)
from tests.accounts.keyring import (
    grant_revoking,
    listed,
    make,
    plant,
    refusal,
    revoke,
    rotate,
    row_of,
    works,
)


async def test_a_new_key_takes_the_place_of_the_old_one_which_works_a_day_more(
    ada: Account, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    old = await make(actor, "Backup", ("account:read",), expires_at=now() + timedelta(days=30))
    clock.shift(3600)
    new = await rotate(actor, old.shown.id)
    assert new.key != old.key
    assert (new.shown.name, new.shown.scopes) == ("Backup", ("account:read",))
    assert new.shown.expires_at == now() + timedelta(days=30)
    assert (await row_of(old)).replaced_by == new.shown.id
    clock.shift(API_KEY_OVERLAP - timedelta(seconds=1))
    assert await works(old.key)
    clock.shift(1)
    assert not await works(old.key)
    assert await works(new.key)


async def test_or_it_is_cut_at_once(ada: Account) -> None:
    actor, _ = await open_session(ada)
    old = await make(actor)
    new = await rotate(actor, old.shown.id, cut=True)
    assert not await works(old.key)
    assert await works(new.key)
    assert [key.id for key in await listed(actor)] == [new.shown.id]


async def test_the_last_day_makes_no_life_longer(
    ada: Account, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    end = now() + timedelta(hours=10)
    old = await make(actor, expires_at=end)
    await rotate(actor, old.shown.id)
    assert (await row_of(old)).expires_at == end


async def test_what_is_replaced_revoked_or_expired_cannot_be_replaced(
    ada: Account, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    replaced, revoked = await make(actor), await make(actor)
    expired = await make(actor, expires_at=now() + timedelta(minutes=1))
    await rotate(actor, replaced.shown.id)
    await revoke(actor, revoked.shown.id)
    clock.shift(60)
    before = len(await rows(ApiKey))
    assert isinstance(await outcome_of(rotate(actor, replaced.shown.id)), KeyReplaced)
    for made in (revoked, expired):
        assert isinstance(await outcome_of(rotate(actor, made.shown.id)), KeyGone)
        assert isinstance(await outcome_of(grant_revoking(actor, made.shown.id)), KeyGone)
    assert len(await rows(ApiKey)) == before


async def test_s70_replacing_takes_the_proofs_of_making(ada: Account) -> None:
    actor, _ = await open_session(ada)
    old = await make(actor)
    for proofs, refused in ((Proofs(), FieldRefused), (Proofs("not it"), WrongPassword)):
        answer = await outcome_of(
            api_key_changes.rotate(actor, old.shown.id, cut_at_once=True, proofs=proofs)
        )
        assert isinstance(answer, refused)
    assert await works(old.key)


async def test_s70_revoking_takes_the_name_typed_and_is_immediate(ada: Account) -> None:
    actor, _ = await open_session(ada)
    made, other = await make(actor, "<b>Backup</b> {name}"), await make(actor)
    assert isinstance(
        await outcome_of(api_key_changes.revoke(actor, made.shown.id)), StepUpRequired
    )
    target = await api_key_changes.find_target(actor, made.shown.id)
    for typed in ("", "Backup", "<B>BACKUP</B> {NAME}"):
        wrong = await outcome_of(
            step_up.prove(actor, "revoke_api_key", Proofs(confirmation=typed), target)
        )
        assert isinstance(wrong, FieldRefused)
    assert await works(made.key)
    await revoke(actor, made.shown.id)
    assert not await works(made.key)
    assert await works(other.key)
    assert isinstance(await outcome_of(revoke(actor, made.shown.id)), KeyGone)


async def test_s33_with_a_pin_it_takes_the_pin_for_this_key(
    ada: Account, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    await pins.set_pin(actor, pin="2580", repeat="2580", proofs=Proofs(PASSWORD))
    made, other = await make(actor), await make(actor)
    target = await api_key_changes.find_target(actor, made.shown.id)
    missing = await outcome_of(
        step_up.prove(actor, "revoke_api_key", Proofs(confirmation=target.name), target)
    )
    assert isinstance(missing, PinRequired)
    wrong = await outcome_of(step_up.prove(actor, "revoke_api_key", Proofs(pin="2581"), target))
    assert isinstance(wrong, PinWrong)
    await grant_revoking(actor, made.shown.id, pin="2580")
    for stolen in (
        api_key_changes.revoke(actor, other.shown.id),
        api_key_changes.revoke_all(actor, "all"),
        api_key_changes.revoke((await open_session(ada, "phone"))[0], made.shown.id),
    ):
        assert isinstance(await outcome_of(stolen), StepUpRequired)
    clock.shift(61)
    late = await outcome_of(api_key_changes.revoke(actor, made.shown.id))
    assert isinstance(late, StepUpRequired)
    assert await works(made.key)
    await grant_revoking(actor, made.shown.id, pin="2580")
    await api_key_changes.revoke(actor, made.shown.id)
    assert not await works(made.key)


async def test_s56_foreign_keys_look_like_unknown_ones(ada: Account) -> None:
    bob = await make_account("bob@example.org")
    as_bob, _ = await open_session(bob)
    bobs = await make(as_bob)
    actor, _ = await open_session(ada)
    for key_id in (bobs.shown.id, "nothing", "", "all", "x" * 500, "nul\0"):
        for call in (
            api_key_changes.find_target(actor, key_id),
            api_key_changes.revoke(actor, key_id),
            rotate(actor, key_id),
        ):
            refused = await outcome_of(call)
            assert isinstance(refused, KeyGone)
            assert refused.sentence == KeyGone.sentence
    assert await works(bobs.key)


async def test_all_of_them_are_revoked_with_one_confirmation(ada: Account) -> None:
    bob = await make_account("bob@example.org")
    bobs = await make((await open_session(bob))[0])
    actor, _ = await open_session(ada)
    assert isinstance(await outcome_of(api_key_changes.find_all(actor, "")), KeyGone)
    made = [await make(actor), await make(actor)]
    target = await api_key_changes.find_all(actor, "")
    assert target == Target("all", "revoke all")
    assert isinstance(await outcome_of(api_key_changes.revoke_all(actor, "all")), StepUpRequired)
    await step_up.prove(actor, "revoke_api_keys", Proofs(confirmation="revoke all"), target)
    assert await api_key_changes.revoke_all(actor, "all") == 2
    assert not any([await works(key.key) for key in made])
    assert await works(bobs.key)
    assert await listed(actor) == []


async def test_two_replacements_at_once_make_one_key(ada: Account) -> None:
    laptop, _ = await open_session(ada)
    tablet, _ = await open_session(ada, "tablet")
    old = await make(laptop)
    answers = await asyncio.gather(
        rotate(laptop, old.shown.id), rotate(tablet, old.shown.id), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["KeyReplaced", "NewKey"]
    assert len(await rows(ApiKey)) == 2


async def test_many_made_at_once_never_exceed_the_limit(ada: Account) -> None:
    await plant(ada, MAX_API_KEYS - 2)
    actors = [(await open_session(ada, f"browser {number}"))[0] for number in range(5)]
    answers = await asyncio.gather(*(make(actor) for actor in actors), return_exceptions=True)
    assert [type(answer) for answer in answers].count(NewKey) == 2
    assert [type(answer) for answer in answers].count(TooManyKeys) == 3
    async with reading() as db:
        assert await api_keys.count_live(db, ada.id) == MAX_API_KEYS


async def test_revoking_and_replacing_at_once_leave_no_key_alive_by_mistake(
    ada: Account,
) -> None:
    actor, _ = await open_session(ada)
    tablet, _ = await open_session(ada, "tablet")
    old = await make(actor)
    await grant_revoking(actor, old.shown.id)
    revoked, rotated = await asyncio.gather(
        api_key_changes.revoke(actor, old.shown.id),
        rotate(tablet, old.shown.id),
        return_exceptions=True,
    )
    assert revoked is None
    assert not await works(old.key)
    assert isinstance(rotated, NewKey | KeyGone)
    assert len(await listed(actor)) == (1 if isinstance(rotated, NewKey) else 0)


async def test_s82_s84_each_change_is_logged_mailed_and_told(ada: Account, tmp_path: Path) -> None:
    actor, _ = await open_session(ada)
    with hub.subscribe(ada.id) as page:
        first = await make(actor, "visit evil.example", ("account:read", "sessions:write"))
        heard = await page.next(0)
    assert sorted(change.topic for change in heard) == ["activity", "api_keys"]
    assert {change.by for change in heard} == {actor.session_id}
    second = await rotate(actor, first.shown.id)
    third = await rotate(actor, second.shown.id, cut=True)
    await revoke(actor, third.shown.id)
    await make(actor)
    await step_up.prove(
        actor,
        "revoke_api_keys",
        Proofs(confirmation="revoke all"),
        await api_key_changes.find_all(actor, ""),
    )
    await api_key_changes.revoke_all(actor, "all")
    hints = [f"{each.key[:9]}...{each.key[-4:]}" for each in (first, second, third)]
    logged = {(row.action, row.detail) for row in await rows(SecurityEvent)}
    assert {
        ("api_key.created", hints[0]),
        ("api_key.rotated", hints[1]),
        ("api_key.rotated", hints[2]),
        ("api_key.revoked", hints[2]),
        ("api_keys.revoked", "2"),
    } <= logged
    assert await kinds_of_mail() == [
        "api_key_created",
        "api_key_created",
        "api_key_revoked",
        "api_key_rotated",
        "api_key_rotated",
        "api_keys_revoked",
    ]
    texts = "\n".join(str(mail.get_body(("plain",))) for mail in await deliver(tmp_path))
    for said in (
        f"account: {hints[0]}.",
        "It may use: account:read, sessions:write.",
        f"{hints[0]} by {hints[1]}.\nThe old one works until 5 May 2026, 10:00 UTC.",
        f"{hints[1]} by {hints[2]}.\nThe old one works no more.",
        f"revoked: {hints[2]}.",
        "2 in number",
    ):
        assert said in texts
    # A name is anybody's text: it is in no mail of ours. Nor is the key.
    assert "evil" not in texts
    assert first.key not in texts


@pytest.mark.parametrize("table", ["security_event", "outbox_message"])
async def test_s82_without_its_row_in_the_log_or_its_mail_nothing_is_made(
    ada: Account, database: Database, table: str
) -> None:
    actor, _ = await open_session(ada)
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO hidden")
    broken = await refusal(actor)
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(f"ALTER TABLE hidden RENAME TO {table}")
    assert isinstance(broken, Exception)
    assert not await rows(ApiKey)
