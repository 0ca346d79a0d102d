"""Members: given a role, handed the organization, reminded, removed, listed."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from security_app.accounts import members, memberships
from security_app.accounts.errors import Conflict, FieldRefused
from security_app.accounts.workspace_errors import (
    LastOwner,
    RoleRequired,
)
from security_app.clock import now
from security_app.db.engine import Database, reading, transaction
from security_app.db.tables import Account, Invitation, Membership, SecurityEvent
from security_app.live.hub import hub
from tests.accounts.cast import deliver, kinds_of_mail, open_session, rows
from tests.accounts.phone import enable
from tests.accounts.workplace import (
    Colleague,
    colleague,
    found,
    has_2fa,
    invitation,
    roles,
)


@pytest.fixture
async def organization_id(database: Database, clock: time_machine.Traveller) -> str:
    return await found()


@pytest.fixture
async def boss(organization_id: str) -> Colleague:
    return await colleague(organization_id, "owner", "olga@example.org", with_2fa=True)


@pytest.fixture
async def member(organization_id: str) -> Colleague:
    return await colleague(organization_id, "member", "bea@example.org")


async def actions(person: Colleague) -> list[tuple[str, str, str]]:
    found = await rows(SecurityEvent, SecurityEvent.account_id == person.id)
    return [(row.action, row.detail, row.ip) for row in found]


async def test_a_changed_role_is_told_and_noted_without_the_others_device(
    organization_id: str, boss: Colleague, member: Colleague, tmp_path: Path
) -> None:
    with hub.subscribe(member.id) as page:
        await members.change_role(boss.actor, member.id, role="admin")
        changes = await page.next(1)
    assert {change.topic for change in changes} == {"account", "workspace", "activity"}
    assert {change.device for change in changes} == {""}
    assert await roles(organization_id) == {boss.id: "owner", member.id: "admin"}
    assert await actions(boss) == [("organization.role_given", "admin", "203.0.113.10")]
    assert await actions(member) == [("organization.role_changed", "admin", "")]
    [mail] = await deliver(tmp_path)
    assert mail["To"] == "bea@example.org"
    assert "you are admin now" in " ".join(str(mail.get_body(("plain",))).split())
    await members.change_role(boss.actor, member.id, role="admin")
    assert len(await actions(boss)) == 1


@pytest.mark.parametrize("role", ["", "OWNER", "root", "owner ", "delete"])
async def test_a_role_that_is_none_is_refused(
    boss: Colleague, member: Colleague, role: str
) -> None:
    with pytest.raises(FieldRefused) as refused:
        await members.change_role(boss.actor, member.id, role=role)
    assert refused.value.field == "role"


async def test_the_last_owner_keeps_the_role(
    organization_id: str, boss: Colleague, member: Colleague
) -> None:
    with pytest.raises(LastOwner):
        await members.change_role(boss.actor, boss.id, role="admin")
    assert (await roles(organization_id))[boss.id] == "owner"
    assert await actions(boss) == []
    await members.change_role(boss.actor, member.id, role="owner")
    await members.change_role(boss.actor, boss.id, role="admin")
    assert await roles(organization_id) == {boss.id: "admin", member.id: "owner"}


async def test_s87_two_owners_who_demote_each_other_at_once_leave_one(
    organization_id: str, boss: Colleague
) -> None:
    other = await colleague(organization_id, "owner")
    outcomes = await asyncio.gather(
        members.change_role(boss.actor, other.id, role="member"),
        members.change_role(other.actor, boss.id, role="member"),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "RoleRequired"]
    assert sorted((await roles(organization_id)).values()) == ["member", "owner"]


async def test_handing_over_changes_both_at_once(
    organization_id: str, boss: Colleague, member: Colleague
) -> None:
    await members.hand_over(boss.actor, member.id)
    assert await roles(organization_id) == {boss.id: "super_admin", member.id: "owner"}
    for account_id in (boss.id, member.id):
        with pytest.raises(RoleRequired):
            await members.hand_over(boss.actor, account_id)


async def test_who_is_removed_is_told_and_so_are_their_invitations_gone(
    organization_id: str, boss: Colleague, tmp_path: Path
) -> None:
    admin = await colleague(organization_id, "admin", "adam@example.org")
    await invitation(organization_id, admin, "eve@example.org")
    with hub.subscribe(admin.id) as page:
        await members.remove(boss.actor, admin.id)
        assert {change.topic for change in await page.next(1)} >= {"account", "workspace"}
    assert await roles(organization_id) == {boss.id: "owner"}
    assert await rows(Invitation) == []
    assert await actions(boss) == [("organization.member_removed", admin.id, "203.0.113.10")]
    assert await actions(admin) == [("organization.removed", "", "")]
    [mail] = await deliver(tmp_path)
    assert mail["To"] == "adam@example.org"
    async with reading() as db:
        assert await memberships.standing(db, admin.actor) is None


async def test_removing_oneself_is_called_leaving(boss: Colleague) -> None:
    with pytest.raises(RoleRequired):
        await members.remove(boss.actor, boss.id)


async def test_a_lower_role_takes_back_what_it_could_not_invite_to(
    organization_id: str, boss: Colleague
) -> None:
    inviter = await colleague(organization_id, "super_admin")
    await invitation(organization_id, inviter, "one@example.org", "super_admin")
    kept = await invitation(organization_id, inviter, "two@example.org", "member")
    await members.change_role(boss.actor, inviter.id, role="admin")
    assert [row.id for row in await rows(Invitation)] == [kept]
    # Finance invites nobody.
    await members.change_role(boss.actor, inviter.id, role="finance")
    assert await rows(Invitation) == []


async def test_s52_a_member_is_reminded_once_a_day(
    boss: Colleague, member: Colleague, clock: time_machine.Traveller
) -> None:
    outcomes = await asyncio.gather(
        *(members.remind(boss.actor, member.id) for _ in range(5)), return_exceptions=True
    )
    assert sum(outcome is None for outcome in outcomes) == 1
    assert {type(outcome) for outcome in outcomes if outcome is not None} == {Conflict}
    clock.shift(timedelta(hours=23, minutes=59))
    with pytest.raises(Conflict):
        await members.remind(boss.actor, member.id)
    clock.shift(timedelta(minutes=1))
    await members.remind(boss.actor, member.id)
    assert await kinds_of_mail() == ["two_factor_reminder"] * 2


async def test_who_has_2fa_is_not_reminded(boss: Colleague, member: Colleague) -> None:
    await has_2fa(member)
    with pytest.raises(Conflict):
        await members.remind(boss.actor, member.id)
    assert await kinds_of_mail() == []


async def test_the_list_says_what_the_reader_may_do_with_each(
    organization_id: str, boss: Colleague, member: Colleague
) -> None:
    async def listed(person: Colleague) -> dict[str, members.Member]:
        async with reading() as db:
            place = await memberships.entered(db, person.actor, "read")
            found = await members.listing(db, place, person.actor, limit=10)
        return {row.email: row for row in found}

    seen = await listed(boss)
    own, other = seen["olga@example.org"], seen["bea@example.org"]
    assert (own.is_self, own.has_2fa, own.may_change, own.may_remove, own.may_remind) == (
        True,
        True,
        True,
        False,
        False,
    )
    assert (other.has_2fa, other.may_change, other.may_remove, other.may_remind) == (
        False,
        True,
        True,
        True,
    )
    await members.remind(boss.actor, member.id)
    assert (await listed(boss))["bea@example.org"].reminded_at is not None
    assert not (await listed(boss))["bea@example.org"].may_remind
    for row in (await listed(member)).values():
        assert (row.has_2fa, row.reminded_at) == (None, None)
        assert (row.may_change, row.may_remove, row.may_remind) == (False, False, False)
    assert "olga" not in repr(own)


async def test_the_list_of_an_owner_follows_what_a_member_turns_on(
    organization_id: str, boss: Colleague, ada: Account
) -> None:
    async with transaction() as db:
        db.add(
            Membership(
                account_id=ada.id, organization_id=organization_id, role="member", joined_at=now()
            )
        )
    actor, _ = await open_session(ada)
    with hub.subscribe(boss.id) as page:
        await enable(actor)
        assert [change.topic for change in await page.next(1)] == ["workspace"]
