"""Releases: what their times make of them, and who may change those when."""

import asyncio
from datetime import timedelta

import pytest
import time_machine

from security_app.accounts import releases, step_up
from security_app.accounts.errors import FieldRefused, StepUpRequired
from security_app.accounts.releases import ReleaseItem
from security_app.accounts.step_up import Proofs, Target
from security_app.accounts.workspace_errors import (
    NotInWorkspace,
    ReleaseMoved,
    RoleRequired,
    TwoFactorRequired,
)
from security_app.clock import now
from security_app.db.engine import Database, reading
from security_app.db.tables import Release, SecurityEvent
from security_app.live.hub import hub
from tests.accounts.cast import outcome_of, rows
from tests.accounts.workplace import Colleague, colleague, found, release, require_2fa

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def organization_id(database: Database, clock: time_machine.Traveller) -> str:
    return await found()


@pytest.fixture
async def boss(organization_id: str) -> Colleague:
    return await colleague(organization_id, "owner")


async def listed(person: Colleague, limit: int = 50, cursor: str = "") -> list[ReleaseItem]:
    async with reading() as db:
        return list((await releases.listing(db, person.actor, limit=limit, cursor=cursor)).items)


async def state(person: Colleague, release_id: str) -> str:
    return {item.id: item.state for item in await listed(person)}[release_id]


async def granted(person: Colleague, release_id: str) -> None:
    await step_up.prove(person.actor, "cancel_release", Proofs(), Target(release_id))


async def test_a_release_goes_its_way_by_the_clock(
    boss: Colleague, clock: time_machine.Traveller
) -> None:
    release_id = await releases.create(boss.actor, name=" Autumn  list ")
    assert await state(boss, release_id) == "draft"
    await releases.schedule(boss.actor, release_id, start="in_1_hour")
    assert await state(boss, release_id) == "scheduled"
    clock.shift(timedelta(minutes=59, seconds=59))
    assert await state(boss, release_id) == "scheduled"
    clock.shift(1)
    assert await state(boss, release_id) == "processing"
    clock.shift(timedelta(minutes=9, seconds=59))
    assert await state(boss, release_id) == "processing"
    clock.shift(1)
    assert await state(boss, release_id) == "shipped"
    [item] = await listed(boss)
    assert item.name == "Autumn list"
    assert item.ships_at == now()


async def test_one_that_starts_now_is_processing(boss: Colleague) -> None:
    release_id = await releases.create(boss.actor, name="Now")
    await releases.schedule(boss.actor, release_id, start="now")
    assert await state(boss, release_id) == "processing"


async def test_one_that_waits_can_wait_longer(
    boss: Colleague, clock: time_machine.Traveller
) -> None:
    release_id = await releases.create(boss.actor, name="Later")
    await releases.schedule(boss.actor, release_id, start="in_1_hour")
    await releases.schedule(boss.actor, release_id, start="in_24_hours")
    clock.shift(timedelta(hours=2))
    assert await state(boss, release_id) == "scheduled"


#: Where a release stands → what can be done then.
ALLOWED = {
    "draft": {"schedule", "cancel"},
    "scheduled": {"schedule", "cancel"},
    "processing": {"force_cancel"},
    "shipped": set[str](),
    "cancelled": set[str](),
}
STARTS = {
    "draft": None,
    "scheduled": MINUTE,
    "processing": -MINUTE,
    "shipped": -11 * MINUTE,
    "cancelled": MINUTE,
}


@pytest.mark.parametrize("act", ["schedule", "cancel", "force_cancel"])
@pytest.mark.parametrize("start", list(ALLOWED))
async def test_each_state_allows_what_it_allows(
    organization_id: str, boss: Colleague, start: str, act: str
) -> None:
    release_id = await release(organization_id, STARTS[start], is_cancelled=start == "cancelled")
    assert await state(boss, release_id) == start
    if act == "schedule":
        outcome = await outcome_of(releases.schedule(boss.actor, release_id, start="now"))
    elif act == "cancel":
        outcome = await outcome_of(releases.cancel(boss.actor, release_id))
    else:
        await granted(boss, release_id)
        outcome = await outcome_of(releases.force_cancel(boss.actor, release_id))
    if act in ALLOWED[start]:
        after = "processing" if act == "schedule" else "cancelled"
        assert not isinstance(outcome, BaseException)
    else:
        after = start
        assert isinstance(outcome, ReleaseMoved)
    assert await state(boss, release_id) == after
    noted = await rows(SecurityEvent, SecurityEvent.account_id == boss.id)
    assert len(noted) == (act in ALLOWED[start])


async def test_s33_force_cancelling_needs_the_proof_for_this_very_release(
    organization_id: str, boss: Colleague, clock: time_machine.Traveller
) -> None:
    release_id = await release(organization_id, -MINUTE)
    other = await release(organization_id, -MINUTE)
    await granted(boss, other)
    with pytest.raises(StepUpRequired):
        await releases.force_cancel(boss.actor, release_id)
    await granted(boss, release_id)
    clock.shift(timedelta(seconds=61))
    with pytest.raises(StepUpRequired):
        await releases.force_cancel(boss.actor, release_id)
    assert await state(boss, release_id) == "processing"


async def test_s87_force_cancelled_twice_at_once_counts_once(
    organization_id: str, boss: Colleague
) -> None:
    admin = await colleague(organization_id, "admin")
    release_id = await release(organization_id, -MINUTE)
    await granted(boss, release_id)
    await granted(admin, release_id)
    outcomes = await asyncio.gather(
        releases.force_cancel(boss.actor, release_id),
        releases.force_cancel(admin.actor, release_id),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ReleaseItem", "ReleaseMoved"]
    noted = await rows(SecurityEvent, SecurityEvent.action == "release.force_cancelled")
    assert len(noted) == 1


async def test_s42_one_proof_cancels_once_however_often_it_is_sent(
    organization_id: str, boss: Colleague
) -> None:
    release_id = await release(organization_id, -MINUTE)
    await granted(boss, release_id)
    outcomes = await asyncio.gather(
        *(releases.force_cancel(boss.actor, release_id) for _ in range(5)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, ReleaseItem) for outcome in outcomes) == 1
    assert {type(each) for each in outcomes} <= {ReleaseItem, StepUpRequired, ReleaseMoved}


async def test_the_prompt_is_for_processing_releases_of_ones_own(
    organization_id: str, boss: Colleague
) -> None:
    running = await release(organization_id, -MINUTE)
    target = await releases.find_to_cancel(boss.actor, running)
    assert target == Target(running, "Autumn list")
    waits = await release(organization_id, MINUTE)
    with pytest.raises(ReleaseMoved):
        await releases.find_to_cancel(boss.actor, waits)
    member = await colleague(organization_id, "finance")
    with pytest.raises(RoleRequired):
        await releases.find_to_cancel(member.actor, running)


async def test_s56_foreign_and_unknown_releases_look_alike(
    organization_id: str, boss: Colleague
) -> None:
    elsewhere = await found("Elsewhere")
    foreign = await release(elsewhere, -MINUTE)
    for release_id in (foreign, "A" * 20, "", "\0", "x" * 5000):
        await granted(boss, release_id[:24].replace("\0", ""))
        for act in (
            releases.find_to_cancel(boss.actor, release_id),
            releases.force_cancel(boss.actor, release_id),
            releases.cancel(boss.actor, release_id),
            releases.schedule(boss.actor, release_id, start="now"),
        ):
            refusal = await outcome_of(act)
            assert isinstance(refusal, NotInWorkspace)
            assert refusal.sentence == "There is no such release in your organization."
    assert [row.cancelled_at for row in await rows(Release)] == [None]


@pytest.mark.parametrize("start", ["", "tomorrow", "-1", "in_1_hour "])
async def test_a_time_that_is_none_is_refused(
    organization_id: str, boss: Colleague, start: str
) -> None:
    release_id = await release(organization_id)
    with pytest.raises(FieldRefused) as refused:
        await releases.schedule(boss.actor, release_id, start=start)
    assert refused.value.field == "start"


@pytest.mark.parametrize("name", ["", " ", "n" * 101, "a\u202eb", "a\nb\x07"])
async def test_s83_a_name_that_is_none_is_refused(boss: Colleague, name: str) -> None:
    with pytest.raises(FieldRefused):
        await releases.create(boss.actor, name=name)
    assert await rows(Release) == []


async def test_s40_the_list_is_paged_newest_first(
    organization_id: str, boss: Colleague, clock: time_machine.Traveller
) -> None:
    made: list[str] = []
    for number in range(7):
        made.append(await release(organization_id))
        if number % 2:
            clock.shift(1)
    elsewhere = await release(await found("Elsewhere"))
    seen: list[str] = []
    cursor = ""
    while True:
        async with reading() as db:
            page = await releases.listing(db, boss.actor, limit=3, cursor=cursor)
        seen += [item.id for item in page.items]
        cursor = page.next
        if not cursor:
            break
    assert sorted(seen) == sorted(made)
    by_age = {row.id: row.created_at for row in await rows(Release)}
    assert [by_age[each] for each in seen] == sorted((by_age[each] for each in made), reverse=True)
    # A foreign cursor is as an unknown one.
    assert [item.id for item in await listed(boss, 3, elsewhere)] == seen[:3]


async def test_without_an_organization_there_are_none_and_shut_out_nothing_is_said(
    organization_id: str, boss: Colleague
) -> None:
    await release(organization_id)
    assert await listed(await colleague("", "")) == []
    await require_2fa(organization_id)
    with pytest.raises(TwoFactorRequired):
        await listed(boss)


async def test_open_pages_hear_of_what_the_clock_does(
    organization_id: str, boss: Colleague, clock: time_machine.Traveller
) -> None:
    member = await colleague(organization_id, "member")
    stranger = await colleague(await found("Elsewhere"), "owner")
    await release(organization_id, timedelta(seconds=10))
    await release(organization_id, timedelta(seconds=10), is_cancelled=True)
    since = now()
    with hub.subscribe(member.id) as page, hub.subscribe(stranger.id) as other:
        clock.shift(9)
        assert await releases.announce_moved(since, now()) == 0
        since = now()
        clock.shift(1)
        assert await releases.announce_moved(since, now()) == 2
        assert [change.topic for change in await page.next(1)] == ["workspace"]
        since = now()
        clock.shift(timedelta(minutes=10))
        assert await releases.announce_moved(since, now()) == 2
        assert [change.topic for change in await page.next(1)] == ["workspace"]
        since = now()
        clock.shift(timedelta(days=1))
        assert await releases.announce_moved(since, now()) == 0
        assert await other.next(0.01) == []
