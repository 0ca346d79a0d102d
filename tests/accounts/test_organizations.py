"""An organization: made, renamed, left and deleted."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import update

from security_app.accounts import (
    accounts,
    deletion,
    memberships,
    organizations,
    step_up,
)
from security_app.accounts.actor import Actor
from security_app.accounts.errors import EmailNotConfirmed, FieldRefused, StepUpRequired
from security_app.accounts.step_up import Proofs, Target
from security_app.accounts.workspace_errors import (
    InOrganization,
    LastOwner,
    NotInWorkspace,
    RoleRequired,
)
from security_app.db.engine import reading, transaction
from security_app.db.tables import (
    Account,
    Invitation,
    Membership,
    Organization,
    Release,
    SecurityEvent,
)
from security_app.live.hub import hub
from tests.accounts.cast import (
    EMAIL,
    PASSWORD,
    deliver,
    kinds_of_mail,
    open_session,
    outcome_of,
    rows,
)
from tests.accounts.workplace import (
    colleague,
    found,
    invitation,
    release,
    roles,
)

pytestmark = pytest.mark.usefixtures("database", "clock")


async def actions(account_id: str) -> list[str]:
    return [row.action for row in await rows(SecurityEvent, SecurityEvent.account_id == account_id)]


async def granted(actor: Actor, organization_id: str) -> None:
    """What the PIN prompt asks of somebody without a PIN: the name, typed."""
    target = await organizations.find_to_delete(actor, organization_id)
    proofs = Proofs(confirmation=target.name)
    await step_up.prove(actor, "delete_organization", proofs, target)


async def test_who_makes_one_owns_it(ada: Account) -> None:
    actor, _ = await open_session(ada)
    with hub.subscribe(ada.id) as page:
        organization_id = await organizations.create(actor, name="  Northwind   Wines ")
        assert {change.topic for change in await page.next(1)} == {
            "workspace",
            "account",
            "activity",
        }
    assert await roles(organization_id) == {ada.id: "owner"}
    async with reading() as db:
        profile = await accounts.profile(db, ada.id)
        overview = await organizations.overview(db, actor)
    assert (profile.role, profile.should_use_2fa) == ("owner", True)
    assert profile.organization == accounts.Belonging(organization_id, "Northwind Wines", "owner")
    assert (overview.name, overview.members, overview.protected) == ("Northwind Wines", 1, 0)
    assert await actions(ada.id) == ["organization.created"]


async def test_without_an_organization_one_is_a_member_of_none(ada: Account) -> None:
    actor, _ = await open_session(ada)
    async with reading() as db:
        profile = await accounts.profile(db, ada.id)
        assert (profile.role, profile.organization, profile.should_use_2fa) == (
            "member",
            None,
            False,
        )
        assert await memberships.standing(db, actor) is None
        with pytest.raises(NotInWorkspace):
            await organizations.overview(db, actor)


@pytest.mark.parametrize(
    "name",
    ["", "   ", "n" * 101, "n" * 1_000_000, "a\u202eb", "a\u200fb", "a\x00b", "a\x1bb", "a\ud800"],
)
async def test_s83_names_that_break_a_line_or_a_list_are_refused(ada: Account, name: str) -> None:
    actor, _ = await open_session(ada)
    with pytest.raises(FieldRefused) as refused:
        await organizations.create(actor, name=name)
    assert refused.value.field == "name"
    assert await rows(Organization) == []


async def test_an_address_that_is_not_confirmed_makes_none(ada: Account) -> None:
    actor, _ = await open_session(ada)
    async with transaction() as db:
        await db.exec(update(Account).values(email_confirmed_at=None))
    with pytest.raises(EmailNotConfirmed):
        await organizations.create(actor, name="Northwind")


async def test_s87_made_twice_at_once_there_is_one(ada: Account) -> None:
    here, _ = await open_session(ada)
    there, _ = await open_session(ada, "phone")
    outcomes = await asyncio.gather(
        organizations.create(here, name="One"),
        organizations.create(there, name="Two"),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InOrganization", "str"]
    assert len(await rows(Organization)) == 1


async def test_a_new_name_is_told_to_everybody(ada: Account) -> None:
    organization_id = await found()
    boss = await colleague(organization_id, "owner")
    member = await colleague(organization_id, "member")
    with hub.subscribe(member.id) as page:
        await organizations.rename(boss.actor, name="Southwind")
        assert [change.topic for change in await page.next(1)] == ["workspace"]
    assert (await rows(Organization))[0].name == "Southwind"
    await organizations.rename(boss.actor, name="Southwind")
    assert await actions(boss.id) == ["organization.renamed"]


async def test_who_leaves_sees_nothing_any_more_and_their_invitations_go() -> None:
    organization_id = await found()
    boss = await colleague(organization_id, "owner")
    admin = await colleague(organization_id, "admin")
    await invitation(organization_id, admin, "eve@example.org")
    with hub.subscribe(boss.id) as page:
        await organizations.leave(admin.actor)
        assert [change.topic for change in await page.next(1)] == ["workspace"]
    assert await roles(organization_id) == {boss.id: "owner"}
    assert await rows(Invitation) == []
    with pytest.raises(NotInWorkspace):
        await organizations.leave(admin.actor)


async def test_the_last_owner_stays() -> None:
    organization_id = await found()
    boss = await colleague(organization_id, "owner")
    with pytest.raises(LastOwner):
        await organizations.leave(boss.actor)
    await colleague(organization_id, "super_admin")
    with pytest.raises(LastOwner):
        await organizations.leave(boss.actor)
    assert (await roles(organization_id))[boss.id] == "owner"


async def test_s87_of_two_owners_who_leave_at_once_one_stays() -> None:
    organization_id = await found()
    owners = [await colleague(organization_id, "owner") for _ in range(2)]
    await colleague(organization_id, "member")
    outcomes = await asyncio.gather(
        *(organizations.leave(owner.actor) for owner in owners), return_exceptions=True
    )
    assert [type(each) for each in outcomes if isinstance(each, Exception)] == [LastOwner]
    assert sorted((await roles(organization_id)).values()) == ["member", "owner"]


async def test_s33_deleting_needs_the_proof_for_this_very_organization() -> None:
    organization_id = await found()
    boss = await colleague(organization_id, "owner")
    with pytest.raises(StepUpRequired):
        await organizations.delete_organization(boss.actor, organization_id)
    await step_up.prove(boss.actor, "delete_organization", Proofs(), Target("another"))
    with pytest.raises(StepUpRequired):
        await organizations.delete_organization(boss.actor, organization_id)
    assert len(await rows(Organization)) == 1


async def test_deleting_takes_everything_and_tells_everybody(tmp_path: Path) -> None:
    organization_id = await found()
    boss = await colleague(organization_id, "owner")
    member = await colleague(organization_id, "member")
    await invitation(organization_id, boss, "eve@example.org")
    await release(organization_id)
    await granted(boss.actor, organization_id)
    with hub.subscribe(member.id) as page:
        await organizations.delete_organization(boss.actor, organization_id)
        topics = {change.topic for change in await page.next(1)}
        assert topics == {"workspace", "account", "activity"}
    for table in (Organization, Membership, Invitation, Release):
        assert await rows(table) == []
    mails = await deliver(tmp_path)
    assert {mail["To"] for mail in mails} == {boss.account.email, member.account.email}
    assert await actions(boss.id) == await actions(member.id) == ["organization.deleted"]


@pytest.mark.parametrize("role", ["super_admin", "admin", "finance", "member"])
async def test_only_owners_delete(role: str) -> None:
    organization_id = await found()
    await colleague(organization_id, "owner")
    person = await colleague(organization_id, role)
    with pytest.raises(RoleRequired):
        await organizations.find_to_delete(person.actor, organization_id)
    await step_up.prove(person.actor, "delete_organization", Proofs(), Target(organization_id))
    with pytest.raises(RoleRequired):
        await organizations.delete_organization(person.actor, organization_id)


async def test_s56_foreign_and_unknown_organizations_look_alike() -> None:
    boss = await colleague(await found(), "owner")
    foreign = await found()
    await colleague(foreign, "owner")
    for organization_id in (foreign, "A" * 20, "", "\0" * 8, "x" * 4000):
        with pytest.raises(NotInWorkspace):
            await organizations.find_to_delete(boss.actor, organization_id)
        with pytest.raises(NotInWorkspace):
            await organizations.delete_organization(boss.actor, organization_id)
        async with reading() as db:
            with pytest.raises(NotInWorkspace):
                await organizations.overview(db, boss.actor, organization_id)


async def test_an_account_that_alone_owns_others_place_hands_it_over_first(ada: Account) -> None:
    actor, _ = await open_session(ada)
    organization_id = await organizations.create(actor, name="Northwind")
    other = await colleague(organization_id, "admin")
    await step_up.prove(actor, "delete_account", Proofs(PASSWORD))
    with pytest.raises(LastOwner):
        await deletion.delete_account(actor, typed=EMAIL)
    assert (await roles(organization_id)).keys() == {ada.id, other.id}
    await organizations.leave(other.actor)
    await invitation(organization_id, other, EMAIL)
    await deletion.delete_account(actor, typed=EMAIL)
    for table in (Organization, Membership, Invitation):
        assert await rows(table) == []


async def test_an_owner_beside_another_deletes_their_account_freely(ada: Account) -> None:
    actor, _ = await open_session(ada)
    organization_id = await organizations.create(actor, name="Northwind")
    other = await colleague(organization_id, "owner")
    await step_up.prove(actor, "delete_account", Proofs(PASSWORD))
    with hub.subscribe(other.id) as page:
        await deletion.delete_account(actor, typed=EMAIL)
        assert [change.topic for change in await page.next(1)] == ["workspace"]
    assert await roles(organization_id) == {other.id: "owner"}


async def test_s87_an_owner_who_deletes_the_account_while_the_other_leaves(ada: Account) -> None:
    actor, _ = await open_session(ada)
    organization_id = await organizations.create(actor, name="Northwind")
    other = await colleague(organization_id, "owner")
    await colleague(organization_id, "member")
    await step_up.prove(actor, "delete_account", Proofs(PASSWORD))
    outcomes = await asyncio.gather(
        deletion.delete_account(actor, typed=EMAIL),
        organizations.leave(other.actor),
        return_exceptions=True,
    )
    assert [type(each) for each in outcomes if isinstance(each, Exception)] == [LastOwner]
    assert list((await roles(organization_id)).values()).count("owner") == 1


async def test_who_belongs_somewhere_makes_no_other(ada: Account) -> None:
    person = await colleague(await found(), "member")
    assert isinstance(
        await outcome_of(organizations.create(person.actor, name="Two")), InOrganization
    )
    assert await kinds_of_mail() == []
