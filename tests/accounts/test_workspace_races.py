"""The workspace when two things happen at the same moment: S-55, S-85, S-87."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import delete, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import invitations, organizations, releases, step_up
from security_app.accounts.step_up import Proofs, Target
from security_app.accounts.workspace_errors import LastOwner, NotInWorkspace, ReleaseMoved
from security_app.db.engine import Database, transaction
from security_app.db.tables import Invitation, Membership, Organization, Release, SecurityEvent
from security_app.limits import RELEASE_PROCESSING
from tests.accounts.cast import make_account, open_session, rows
from tests.accounts.waiting import begin_and_wait
from tests.accounts.workplace import colleague, found, release

_MINUTE = timedelta(minutes=1)


async def _touch(db: AsyncSession, release_id: str) -> None:
    await db.exec(update(Release).where(col(Release.id) == release_id).values(name="Held"))


@pytest.mark.parametrize("act", ["cancel", "schedule"])
async def test_s87_a_release_that_begins_while_an_act_waits_is_not_called_off(
    database: Database, clock: time_machine.Traveller, act: str
) -> None:
    organization_id = await found()
    actor = (await colleague(organization_id, "admin")).actor
    release_id = await release(organization_id, _MINUTE)
    (before,) = await rows(Release)
    attempt = (
        releases.cancel(actor, release_id)
        if act == "cancel"
        else releases.schedule(actor, release_id, start="in_24_hours")
    )
    async with transaction() as db:
        await _touch(db, release_id)
        waiting = await begin_and_wait(database, attempt)
        clock.shift(2 * _MINUTE)
    assert isinstance(await waiting, ReleaseMoved)
    (left,) = await rows(Release)
    assert (left.starts_at, left.cancelled_at) == (before.starts_at, None)


async def test_s33_a_release_that_ships_while_the_force_cancel_waits_has_shipped(
    database: Database, clock: time_machine.Traveller
) -> None:
    organization_id = await found()
    actor = (await colleague(organization_id, "admin")).actor
    release_id = await release(organization_id, _MINUTE / 4 - RELEASE_PROCESSING)
    await step_up.prove(actor, "cancel_release", Proofs(), Target(release_id))
    async with transaction() as db:
        await _touch(db, release_id)
        waiting = await begin_and_wait(database, releases.force_cancel(actor, release_id))
        clock.shift(_MINUTE / 2)
    assert isinstance(await waiting, ReleaseMoved)
    assert (await rows(Release))[0].cancelled_at is None


async def test_s87_nothing_is_drafted_in_an_organization_that_goes(
    database: Database, clock: time_machine.Traveller
) -> None:
    organization_id = await found()
    actor = (await colleague(organization_id, "admin")).actor
    async with transaction() as db:
        await db.exec(delete(Organization).where(col(Organization.id) == organization_id))
        waiting = await begin_and_wait(database, releases.create(actor, name="Autumn list"))
    assert isinstance(await waiting, NotInWorkspace)
    assert await rows(Release) == []


async def test_s87_who_is_removed_while_they_leave_has_not_left(
    database: Database, clock: time_machine.Traveller
) -> None:
    organization_id = await found()
    await colleague(organization_id, "owner")
    leaving = await colleague(organization_id, "member")
    elsewhere = await found()
    async with transaction() as db:
        await db.exec(
            update(Organization).where(col(Organization.id) == organization_id).values(name="Held")
        )
        waiting = await begin_and_wait(database, organizations.leave(leaving.actor))
        # Removed there, and welcome elsewhere, where nobody else belongs.
        await db.exec(
            update(Membership)
            .where(col(Membership.account_id) == leaving.id)
            .values(organization_id=elsewhere, role="owner")
        )
    outcome = await waiting
    places = {row.organization_id for row in await rows(Membership)}
    if database.is_sqlite:
        # There nothing is read before the other transaction is over: they leave what they are in.
        assert isinstance(outcome, LastOwner)
    else:
        assert isinstance(outcome, NotInWorkspace)
    assert places == {organization_id, elsewhere}
    assert await rows(SecurityEvent) == []


async def test_s87_an_invitation_turned_down_twice_at_once_is_turned_down_once(
    database: Database, clock: time_machine.Traveller
) -> None:
    organization_id = await found()
    owner = (await colleague(organization_id, "owner")).actor
    guest = await make_account()
    actor, _ = await open_session(guest)
    await invitations.invite(owner, email=guest.email, role="member")
    (invitation,) = await rows(Invitation)
    async with transaction() as db:
        await db.exec(
            update(Organization).where(col(Organization.id) == organization_id).values(name="Held")
        )
        waiting = await begin_and_wait(database, invitations.decline(actor, invitation.id))
        await db.exec(delete(Invitation).where(col(Invitation.id) == invitation.id))
    assert isinstance(await waiting, NotInWorkspace)
    assert await rows(SecurityEvent, SecurityEvent.account_id == guest.id) == []
