"""An owner whose account is disabled cannot act, and is not counted as one (S-87)."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import update
from sqlmodel import col

from security_app.accounts import deletion, members, organizations, step_up
from security_app.accounts.errors import Refused
from security_app.accounts.step_up import Proofs
from security_app.accounts.workspace_errors import LastOwner
from security_app.clock import now
from security_app.db.engine import transaction
from security_app.db.tables import Account, SecurityEvent
from tests.accounts.cast import PASSWORD, outcome_of, rows
from tests.accounts.workplace import Colleague, colleague, found, roles

pytestmark = pytest.mark.usefixtures("database", "clock")
Act = Callable[[Colleague, Colleague], Awaitable[object]]


async def disable(person: Colleague) -> None:
    async with transaction() as db:
        await db.exec(update(Account).where(col(Account.id) == person.id).values(disabled_at=now()))


async def delete_account(person: Colleague) -> None:
    await step_up.prove(person.actor, "delete_account", Proofs(PASSWORD))
    await deletion.delete_account(person.actor, typed=person.account.email)


#: What takes the owner away of the one who acts; the other one is an owner who cannot sign in.
GOING: dict[str, Act] = {
    "leave": lambda own, _: organizations.leave(own.actor),
    "step down": lambda own, _: members.change_role(own.actor, own.id, role="member"),
    "hand over": lambda own, other: members.hand_over(own.actor, other.id),
    "delete the account": lambda own, _: delete_account(own),
}


@pytest.mark.parametrize("act", GOING.values(), ids=GOING)
@pytest.mark.parametrize("other_role", ["owner", "member"])
async def test_the_last_owner_who_can_sign_in_stays(act: Act, other_role: str) -> None:
    organization_id = await found()
    own = await colleague(organization_id, "owner", password=PASSWORD)
    other = await colleague(organization_id, other_role)
    await disable(other)
    before = await roles(organization_id)
    assert isinstance(await outcome_of(act(own, other)), LastOwner)
    assert await roles(organization_id) == before
    assert await rows(SecurityEvent, SecurityEvent.account_id == own.id) == []


@pytest.mark.parametrize("first", ["leave", "step down", "delete the account"])
@pytest.mark.parametrize("second", ["leave", "step down", "delete the account"])
async def test_s87_of_two_who_go_at_once_beside_a_disabled_owner_one_stays(
    first: str, second: str
) -> None:
    organization_id = await found()
    pair = [await colleague(organization_id, "owner", password=PASSWORD) for _ in range(2)]
    disabled = await colleague(organization_id, "owner")
    await disable(disabled)
    outcomes = await asyncio.gather(
        GOING[first](pair[0], disabled), GOING[second](pair[1], disabled), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes if isinstance(outcome, Refused)] == [LastOwner]
    owners = {who for who, role in (await roles(organization_id)).items() if role == "owner"}
    assert len(owners) == 2
    assert owners & {person.id for person in pair}


async def test_s87_of_an_owner_who_leaves_and_one_who_hands_over_to_a_disabled_one_stays() -> None:
    organization_id = await found()
    pair = [await colleague(organization_id, "owner") for _ in range(2)]
    disabled = await colleague(organization_id, "member")
    await disable(disabled)
    outcomes = await asyncio.gather(
        organizations.leave(pair[0].actor),
        members.hand_over(pair[1].actor, disabled.id),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes if isinstance(outcome, Refused)] == [LastOwner]
    left = await roles(organization_id)
    assert "owner" in {left.get(person.id) for person in pair}


async def test_where_the_only_owner_is_disabled_others_come_and_go() -> None:
    organization_id = await found()
    owner = await colleague(organization_id, "owner")
    chief = await colleague(organization_id, "super_admin")
    leaving, going, deleted = [
        await colleague(organization_id, "member", password=PASSWORD) for _ in range(3)
    ]
    await disable(owner)
    await organizations.leave(leaving.actor)
    await members.change_role(chief.actor, going.id, role="admin")
    await members.remove(chief.actor, going.id)
    await delete_account(deleted)
    assert await roles(organization_id) == {owner.id: "owner", chief.id: "super_admin"}


async def test_a_disabled_owner_is_removed_by_another() -> None:
    organization_id = await found()
    own, disabled = [await colleague(organization_id, "owner") for _ in range(2)]
    await disable(disabled)
    await members.change_role(own.actor, disabled.id, role="admin")
    await members.remove(own.actor, disabled.id)
    assert await roles(organization_id) == {own.id: "owner"}
