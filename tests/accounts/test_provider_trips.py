"""A round trip is good once, in its own browser, session, provider and time: S-61, S-64."""

import asyncio
from pathlib import Path

import pytest
import time_machine
from sqlmodel import select

from security_app.accounts import (
    connections,
    passwords,
    pins,
    provider_sign_in,
    provider_trips,
    sessions,
    step_up,
    undo,
)
from security_app.accounts.actor import Visitor
from security_app.accounts.provider_errors import TripDead
from security_app.accounts.step_up import Proofs, Target
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, Connection, ProviderTrip
from security_app.limits import TRIP_LIFE
from tests.accounts.cast import (
    EMAIL,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    STRANGER,
    open_session,
    outcome_of,
    visitor,
)
from tests.accounts.identities import ADA_AT_GOOGLE, come_back, google, url_of
from tests.accounts.moving import undo_tokens
from tests.oidc_provider import Provider

__all__ = ["google"]

pytestmark = pytest.mark.usefixtures("database", "clock")


async def _answer(google: Provider) -> dict[str, str]:
    path = await provider_sign_in.begin(OWNER, "google")
    return google.authorize(await url_of(path), ADA_AT_GOOGLE)


async def _trips() -> int:
    async with reading() as db:
        return len((await db.exec(select(ProviderTrip.id))).all())


@pytest.mark.parametrize(
    "state", ["", "x", "\0", "ü" * 40, "a" * 43, "' OR 1=1 --", "x" * 1_000_000]
)
async def test_s61_a_foreign_state_finds_nothing(google: Provider, state: str) -> None:
    answer = await _answer(google)
    assert isinstance(await outcome_of(come_back(answer | {"state": state})), TripDead)
    assert google.hits["token"] == 0
    assert await _trips() == 1


async def test_s61_a_state_works_once(google: Provider) -> None:
    answer = await _answer(google)
    outcomes = await asyncio.gather(*(outcome_of(come_back(answer)) for _ in range(5)))
    assert sum(isinstance(outcome, TripDead) for outcome in outcomes) == 4
    assert google.hits["token"] == 1
    assert await _trips() == 0


@pytest.mark.parametrize("who", [STRANGER, visitor("")])
async def test_s61_another_browser_can_neither_finish_nor_use_it_up(
    google: Provider, who: Visitor
) -> None:
    answer = await _answer(google)
    assert isinstance(await outcome_of(come_back(answer, visitor=who)), TripDead)
    assert (await come_back(answer)).ticket


async def test_s61_another_provider_cannot_finish_it(google: Provider) -> None:
    answer = await _answer(google)
    for provider in ("apple", "sso-x", "", "google\0"):
        refusal = await outcome_of(come_back(answer, provider=provider))
        assert isinstance(refusal, TripDead)
    assert (await come_back(answer)).ticket


async def test_s61_it_lives_ten_minutes(google: Provider, clock: time_machine.Traveller) -> None:
    answer = await _answer(google)
    clock.shift(TRIP_LIFE.total_seconds() + 1)
    assert isinstance(await outcome_of(come_back(answer)), TripDead)
    async with transaction() as db:
        await provider_trips.forget_old(db)
    assert await _trips() == 0


async def test_an_answer_posted_across_sites_waits_for_the_browser(google: Provider) -> None:
    """As Apple's form_post: it carries no cookie, so nothing happens by it alone."""
    answer = await _answer(google)
    state, rest = answer["state"], {"code": answer["code"]}
    await provider_trips.keep_answer("google", state, rest)
    assert google.hits["token"] == 0
    second = await outcome_of(provider_trips.keep_answer("google", state, {"code": "other"}))
    assert isinstance(second, TripDead)
    assert isinstance(await outcome_of(come_back({"state": state}, visitor=STRANGER)), TripDead)
    assert (await come_back({"state": state})).ticket


async def test_an_answer_is_kept_for_a_trip_of_that_provider_only(google: Provider) -> None:
    answer = await _answer(google)
    for provider, state in (("apple", answer["state"]), ("google", "x"), ("", "")):
        refusal = await outcome_of(provider_trips.keep_answer(provider, state, {"code": "x"}))
        assert isinstance(refusal, TripDead)


async def test_nothing_of_a_trip_can_be_read_in_the_database(google: Provider) -> None:
    answer = await _answer(google)
    await provider_trips.keep_answer("google", answer["state"], {"code": answer["code"]})
    async with reading() as db:
        row = (await db.exec(select(ProviderTrip))).one()
    kept = repr(row.model_dump()).encode() + row.sealed_secrets + (row.sealed_answer or b"")
    for secret in (answer["state"], answer["code"]):
        assert secret.encode() not in kept


async def test_s64_to_connect_is_of_the_session_that_asked(google: Provider, ada: Account) -> None:
    """Neither signed out, nor in another session, nor as somebody else."""
    actor, _ = await open_session(ada)
    other, _ = await open_session(ada)

    async def begun() -> dict[str, str]:
        await step_up.prove(actor, "connect_provider", Proofs(PASSWORD), Target("google"))
        path = await connections.begin(actor, "google")
        return google.authorize(await url_of(path), ADA_AT_GOOGLE)

    for who in (None, other):
        arrived = await come_back(await begun(), actor=who)
        assert isinstance(arrived.refusal, TripDead)
    answer = await begun()
    async with transaction() as db:
        await sessions.end_all_sessions(db, ada.id, reason="test")
    arrived = await come_back(answer, actor=None)
    assert isinstance(arrived.refusal, TripDead)
    async with reading() as db:
        assert (await db.exec(select(Connection))).all() == []


@pytest.mark.parametrize("end", ["password changed", "undone"])
async def test_s05_a_way_to_connect_begun_before_ends_with_the_password(
    google: Provider, ada: Account, tmp_path: Path, end: str
) -> None:
    actor, _ = await open_session(ada)
    await step_up.prove(actor, "connect_provider", Proofs(PASSWORD), Target("google"))
    path = await connections.begin(actor, "google")
    answer = google.authorize(await url_of(path), ADA_AT_GOOGLE)
    if end == "undone":
        await pins.set_pin(actor, pin="2580", repeat="2580", proofs=Proofs(PASSWORD))
        [token] = (await undo_tokens(tmp_path, EMAIL)).values()
        await undo.undo(OWNER, token)
    else:
        typed = {"current": PASSWORD, "new": OTHER_PASSWORD, "repeat": OTHER_PASSWORD}
        await passwords.change_password(actor, **typed)
    assert isinstance(await outcome_of(come_back(answer, actor=actor)), TripDead)
    async with reading() as db:
        assert (await db.exec(select(Connection))).all() == []
