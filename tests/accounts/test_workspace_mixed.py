"""Everybody in an organization acts at the same moment: S-85, S-87."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import time_machine

from security_app.accounts import (
    deletion,
    invitations,
    members,
    organizations,
    releases,
    step_up,
)
from security_app.accounts.errors import Refused
from security_app.accounts.step_up import Proofs, Target
from security_app.db.engine import Database
from security_app.db.tables import Invitation, Membership, Organization
from tests.accounts.cast import PASSWORD, make_account, open_session, outcome_of, rows
from tests.accounts.workplace import colleague, found


async def test_s87_mixed_changes_at_once_leave_an_organization_somebody_owns_or_none(
    database: Database, clock: time_machine.Traveller
) -> None:
    organization_id = await found()
    roles = ["owner"] * 4 + ["admin"] * 3
    people = [await colleague(organization_id, role, password=PASSWORD) for role in roles]
    owners, admins = [each.actor for each in people[:4]], [each.actor for each in people[4:]]
    guests = [await make_account(f"guest{number}@example.org") for number in range(3)]
    for guest in guests:
        await invitations.invite(owners[0], email=guest.email, role="member")
    waiting = await rows(Invitation)
    joiners = [(await open_session(guest))[0] for guest in guests]
    await step_up.prove(owners[3], "delete_account", Proofs(PASSWORD))
    acts: list[Awaitable[Any]] = [
        organizations.leave(owners[0]),
        members.hand_over(owners[1], admins[0].account_id),
        members.change_role(owners[1], owners[0].account_id, role="member"),
        members.change_role(owners[0], owners[1].account_id, role="finance"),
        deletion.delete_account(owners[3], typed=people[3].account.email),
        members.remove(owners[2], owners[3].account_id),
        members.remove(admins[1], admins[2].account_id),
        organizations.leave(admins[2]),
        releases.create(admins[0], name="Autumn list"),
        organizations.rename(admins[1], name="Southwind"),
        invitations.invite(admins[0], email="more@example.org", role="admin"),
        *(
            invitations.join(joiner, each.id)
            for joiner in joiners
            for each in waiting
            if each.email == f"guest{joiners.index(joiner)}@example.org"
        ),
        organizations.leave(owners[2]),
    ]
    outcomes = await asyncio.gather(*(outcome_of(act) for act in acts))
    # Refusals in sentences; never a deadlock, never a broken key.
    assert [
        each for each in outcomes if isinstance(each, Exception) and not isinstance(each, Refused)
    ] == []
    left = await rows(Membership)
    assert [row for row in left if row.role == "owner"] != []
    assert len(left) == len({row.account_id for row in left})
    assert {row.organization_id for row in left} == {organization_id}
    # Then it goes, while everybody acts once more.
    deleter = next(
        each.actor
        for each in people
        if each.id == next(row.account_id for row in left if row.role == "owner")
    )
    await step_up.prove(deleter, "delete_organization", Proofs(), Target(organization_id))
    last: list[Awaitable[Any]] = [
        *(releases.create(actor, name="Last") for actor in admins),
        *(organizations.leave(actor) for actor in joiners),
        organizations.delete_organization(deleter, organization_id),
        *(invitations.invite(actor, email="late@example.org", role="member") for actor in admins),
        *(members.remove(actor, joiners[0].account_id) for actor in owners[:3]),
    ]
    outcomes = await asyncio.gather(*(outcome_of(act) for act in last))
    assert [
        each for each in outcomes if isinstance(each, Exception) and not isinstance(each, Refused)
    ] == []
    assert await rows(Membership) == []
    assert await rows(Invitation) == []
    assert await rows(Organization) == []
