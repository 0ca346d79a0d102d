"""API keys: what one is, who gets one, how it is found and listed (S-69, S-70, S-71)."""

import re
import string
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from security_app.accounts import api_keys, step_up
from security_app.accounts.api_key_errors import ScopeRequired, SessionRequired, TooManyKeys
from security_app.accounts.api_key_list import list_keys
from security_app.accounts.errors import CodeRefused, EmailNotConfirmed, FieldRefused, WrongPassword
from security_app.accounts.step_up import Proofs
from security_app.accounts.tokens import digest
from security_app.clock import now
from security_app.db.engine import Database, reading, transaction
from security_app.db.tables import Account, ApiKey, StepUpGrant
from security_app.limits import API_KEY_LIFE, API_KEY_MAX_LIFE, API_KEY_MEMORY, MAX_API_KEYS
from security_app.policy import API_KEY_SCOPES
from tests.accounts import phone
from tests.accounts.cast import (
    EMAIL,
    OWNER,
    PASSWORD,
    everything_stored,
    make_account,
    open_session,
    rows,
    visitor,
)
from tests.accounts.keyring import READ, listed, make, plant, refusal, revoke, rotate, row_of, works

_BASE62 = set(string.ascii_letters + string.digits)
LRM, RLO, ZWSP = "\u200e", "\u202e", "\u200b"


def test_s69_a_key_is_recognised_by_its_shape() -> None:
    keys = {api_keys.new_key() for _ in range(200)}
    assert len(keys) == 200
    for key in keys:
        assert re.fullmatch(r"sapp_[0-9A-Za-z]{46}", key)
        assert api_keys.is_key(key)
    # Every sign of the alphabet occurs: 9,200 drawn evenly miss one of 62 practically never.
    assert set("".join(key[5:45] for key in keys)) == _BASE62


def test_s69_a_typing_error_is_seen_without_the_database() -> None:
    key = api_keys.new_key()
    for place in range(5, len(key)):
        other = "A" if key[place] != "A" else "B"
        assert not api_keys.is_key(key[:place] + other + key[place + 1 :]), place


@given(st.text(max_size=80))
def test_s69_no_other_text_is_a_key(text: str) -> None:
    assert not api_keys.is_key(text)
    assert not api_keys.is_key(f"sapp_{text}")


async def test_s69_the_database_holds_digest_hint_and_terms_only(
    ada: Account, database: Database
) -> None:
    actor, _ = await open_session(ada)
    made = await make(actor, "Nightly backup", ("account:write", "account:read"))
    row = await row_of(made)
    assert row.secret_hash == digest(made.key)
    assert (row.prefix, row.last_four) == (made.key[:9], made.key[-4:])
    assert row.scopes == "account:read account:write"
    assert row.created_at == now()
    assert row.expires_at == now() + API_KEY_LIFE
    assert made.key[5:].encode() not in await everything_stored(database)
    assert made.key not in repr(made)
    assert "Nightly" not in repr(made)


async def test_s69_it_dies_at_its_expiry(ada: Account, clock: time_machine.Traveller) -> None:
    actor, _ = await open_session(ada)
    made = await make(actor, expires_at=now() + timedelta(days=1))
    clock.shift(24 * 3600 - 1)
    assert await works(made.key)
    clock.shift(1)
    assert not await works(made.key)


async def test_s69_an_end_lies_within_a_year(ada: Account) -> None:
    actor, _ = await open_session(ada)
    longest = await make(actor, expires_at=now() + API_KEY_MAX_LIFE)
    assert (await row_of(longest)).expires_at == now() + API_KEY_MAX_LIFE
    second = timedelta(seconds=1)
    for end in (
        now(),
        now() - second,
        now() + API_KEY_MAX_LIFE + second,
        datetime.max.replace(tzinfo=UTC),
        datetime.min.replace(tzinfo=UTC),
    ):
        refused = await refusal(actor, expires_at=end)
        assert isinstance(refused, FieldRefused)
        assert refused.field == "expires_at"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  \t ",
        "n" * 61,
        "n" * 10_000,
        f"left{RLO}right",
        f"a{LRM}b",
        f"a{ZWSP}b",
        "bell\a",
        "null\0",
        "esc\x1b[31m",
        "\ud800",
    ],
)
async def test_s83_a_name_is_short_and_printable(ada: Account, name: str) -> None:
    actor, _ = await open_session(ada)
    refused = await refusal(actor, name=name)
    assert isinstance(refused, FieldRefused)
    assert refused.field == "name"
    assert not await rows(ApiKey)


@pytest.mark.parametrize(
    "name", ["n" * 60, "<b>bold</b>", "{0.__class__} %s $HOME", "שלום", "日本語 🔑", "'; DROP --"]
)
async def test_any_other_name_is_kept_as_typed(ada: Account, name: str) -> None:
    actor, _ = await open_session(ada)
    made = await make(actor, f"  {name} ")
    assert (await row_of(made)).name == name


@pytest.mark.parametrize(
    "scopes", [(), ("",), ("account:admin",), ("account:read", "ACCOUNT:READ")]
)
async def test_a_key_may_do_something_and_nothing_unheard_of(
    ada: Account, scopes: tuple[str, ...]
) -> None:
    actor, _ = await open_session(ada)
    refused = await refusal(actor, scopes=scopes)
    assert isinstance(refused, FieldRefused)
    assert refused.field == "scopes"


async def test_s70_making_one_takes_the_password(ada: Account) -> None:
    actor, _ = await open_session(ada)
    missing = await refusal(actor, proofs=Proofs())
    assert isinstance(missing, FieldRefused)
    assert missing.field == "password"
    assert isinstance(await refusal(actor, proofs=Proofs("not it")), WrongPassword)
    assert not await rows(ApiKey)
    await make(actor)
    assert len(await rows(ApiKey)) == 1
    # The grant went with it: the next one asks again.
    assert all(grant.spent_at for grant in await rows(StepUpGrant))
    assert isinstance(await refusal(actor, proofs=Proofs()), FieldRefused)


async def test_s46_with_a_second_factor_it_takes_a_code_too(
    ada: Account, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    secret, kit = await phone.enable(actor)
    alone = await refusal(actor)
    assert isinstance(alone, FieldRefused)
    assert alone.field == "code"
    assert isinstance(await refusal(actor, proofs=Proofs(PASSWORD, "000000")), CodeRefused)
    clock.shift(60)
    code = phone.code(secret)
    assert isinstance(await refusal(actor, proofs=Proofs("not it", code)), WrongPassword)
    await make(actor, proofs=Proofs(PASSWORD, code))
    assert isinstance(await refusal(actor, proofs=Proofs(PASSWORD, code)), CodeRefused)
    await make(actor, proofs=Proofs(PASSWORD, kit.codes[0].code))
    assert len(await rows(ApiKey)) == 2


async def test_an_address_nobody_confirmed_gets_none(ada: Account) -> None:
    actor, _ = await open_session(ada)
    async with transaction() as db:
        account = await db.get(Account, ada.id)
        assert account is not None
        account.email_confirmed_at = None
        db.add(account)
    assert isinstance(await refusal(actor), EmailNotConfirmed)
    assert not await rows(StepUpGrant)


async def test_fifty_keys_and_no_more(ada: Account, clock: time_machine.Traveller) -> None:
    actor, _ = await open_session(ada)
    made = await make(actor)
    await plant(ada, MAX_API_KEYS - 1)
    assert isinstance(await refusal(actor), TooManyKeys)
    # Nothing was spent on what could not be.
    assert len(await rows(StepUpGrant)) == 1
    kept = await _outcome_of_rotation(actor, made.shown.id, cut=False)
    assert isinstance(kept, TooManyKeys)
    await rotate(actor, made.shown.id, cut=True)
    await revoke(actor, (await listed(actor))[0].id)
    await make(actor)


async def _outcome_of_rotation(actor: api_keys.Actor, key_id: str, *, cut: bool) -> object:
    try:
        return await rotate(actor, key_id, cut=cut)
    except TooManyKeys as refused:
        return refused


async def test_s71_it_acts_for_its_owner_within_its_scopes(ada: Account) -> None:
    actor, _ = await open_session(ada)
    made = await make(actor, scopes=("account:read", "sessions:write"))
    found = await api_keys.find_actor(made.key, OWNER)
    assert found is not None
    assert (found.account_id, found.session_id, found.kind) == (ada.id, made.shown.id, "api_key")
    for scope in API_KEY_SCOPES:
        if scope in {"account:read", "sessions:write"}:
            api_keys.require(found, scope)
        else:
            with pytest.raises(ScopeRequired):
                api_keys.require(found, scope)
        api_keys.require(actor, scope)
    with pytest.raises(SessionRequired):
        api_keys.require(found)


async def test_its_use_is_noted_once_a_minute_with_the_place(
    ada: Account, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    made = await make(actor)
    assert (await row_of(made)).last_used_at is None
    await api_keys.find_actor(made.key, visitor(ip="89.160.20.112"))
    first = now()
    row = await row_of(made)
    assert (row.last_used_at, row.last_used_place) == (first, "Sweden")
    clock.shift(59)
    await api_keys.find_actor(made.key, OWNER)
    assert (await row_of(made)).last_used_at == first
    clock.shift(1)
    await api_keys.find_actor(made.key, OWNER)
    assert (await row_of(made)).last_used_at == now()


async def test_s72_a_disabled_account_takes_its_keys_along(ada: Account) -> None:
    actor, _ = await open_session(ada)
    made = await make(actor)
    async with transaction() as db:
        account = await db.get(Account, ada.id)
        assert account is not None
        account.disabled_at = now()
        db.add(account)
    assert not await works(made.key)


async def test_s56_the_list_is_ones_own_newest_first_and_paged(
    ada: Account, clock: time_machine.Traveller
) -> None:
    bob = await make_account("bob@example.org")
    await plant(bob, 3)
    await plant(ada, 7)
    actor, _ = await open_session(ada)
    names: list[str] = []
    cursor = ""
    for _ in range(4):
        async with reading() as db:
            page = await list_keys(db, actor, limit=2, cursor=cursor)
        names += [key.name for key in page.items]
        cursor = page.next
    assert names == [f"Key {number}" for number in reversed(range(7))]
    assert cursor == ""
    (foreign, *_) = await rows(ApiKey, ApiKey.account_id == bob.id)
    async with reading() as db:
        first = await list_keys(db, actor, limit=2)
        assert await list_keys(db, actor, limit=2, cursor=foreign.id) == first


async def test_an_expired_key_is_listed_for_a_month_a_revoked_or_replaced_one_is_not(
    ada: Account, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    expiring = await make(actor, "expiring", expires_at=now() + timedelta(days=2))
    revoked = await make(actor, "revoked")
    replaced = await make(actor, "replaced")
    await revoke(actor, revoked.shown.id)
    new = await rotate(actor, replaced.shown.id)
    status = {key.id: key.status for key in await listed(actor)}
    assert status == {
        new.shown.id: "active",
        replaced.shown.id: "replaced",
        expiring.shown.id: "active",
    }
    clock.shift(timedelta(days=3))
    actor, _ = await open_session(ada, "later")
    status = {key.id: key.status for key in await listed(actor)}
    assert status == {new.shown.id: "active", expiring.shown.id: "expired"}
    clock.shift(API_KEY_MEMORY)
    actor, _ = await open_session(ada, "much later")
    assert [key.id for key in await listed(actor)] == [new.shown.id]


async def test_the_sweep_takes_what_has_been_dead_for_a_month(
    ada: Account, clock: time_machine.Traveller
) -> None:
    actor, _ = await open_session(ada)
    revoked = await make(actor, "revoked")
    expiring = await make(actor, "expiring", expires_at=now() + timedelta(days=1))
    kept = await make(actor, "kept", READ)
    await revoke(actor, revoked.shown.id)
    for days, left in ((30, 3), (0.5, 2), (1, 1)):
        clock.shift(timedelta(days=days))
        async with transaction() as db:
            await api_keys.forget_old(db)
        assert len(await rows(ApiKey)) == left
    assert (await rows(ApiKey))[0].id == kept.shown.id
    assert expiring.shown.id != kept.shown.id


async def test_a_key_cannot_be_used_as_a_proof_or_a_grant_of_a_session(ada: Account) -> None:
    actor, _ = await open_session(ada)
    made = await make(actor)
    as_key = await api_keys.find_actor(made.key, OWNER)
    assert as_key is not None
    await step_up.prove(actor, "create_api_key", Proofs(PASSWORD))
    async with transaction() as db:
        with pytest.raises(step_up.StepUpRequired):
            await step_up.spend(db, as_key, "create_api_key")
    assert EMAIL not in repr(as_key)
