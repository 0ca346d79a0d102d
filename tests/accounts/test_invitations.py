"""Invitations: mailed without a token, good for one confirmed address, for seven days."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import update
from sqlmodel import col

from security_app.accounts import invitations, memberships, password_reset
from security_app.accounts.errors import (
    EmailNotConfirmed,
    EmailRefused,
    FieldRefused,
    TooManyAttempts,
)
from security_app.accounts.invitations import Offered, Waiting
from security_app.accounts.workspace_errors import InOrganization, NotInWorkspace, RoleRequired
from security_app.db.engine import Database, reading, transaction
from security_app.db.tables import Account, Invitation, SecurityEvent
from security_app.limits import MAX_MEMBERS
from security_app.live.hub import hub
from tests.accounts.cast import OWNER, deliver, kinds_of_mail, outcome_of, rows
from tests.accounts.workplace import Colleague, colleague, found, invitation, require_2fa, roles

EVE = "eve@example.org"


@pytest.fixture
async def organization_id(database: Database, clock: time_machine.Traveller) -> str:
    return await found()


@pytest.fixture
async def boss(organization_id: str) -> Colleague:
    return await colleague(organization_id, "owner", "olga@example.org")


@pytest.fixture
async def eve(organization_id: str) -> Colleague:
    return await colleague("", "", EVE)


async def offers(person: Colleague) -> list[Offered]:
    async with reading() as db:
        return await invitations.offered(db, person.actor)


async def waiting(person: Colleague) -> list[Waiting]:
    async with reading() as db:
        place = await memberships.entered(db, person.actor, "invite")
        return await invitations.waiting(db, place)


async def test_from_the_mail_to_the_place(
    organization_id: str, boss: Colleague, eve: Colleague, tmp_path: Path
) -> None:
    with hub.subscribe(eve.id) as page:
        await invitations.invite(boss.actor, email="Eve@Example.org", role="finance")
        assert [change.topic for change in await page.next(1)] == ["workspace"]
    [mail] = await deliver(tmp_path)
    text = str(mail.get_body(("plain",)))
    assert "/workspace" in text
    # Nothing in it opens anything.
    assert "token" not in text
    [sent] = await waiting(boss)
    assert (sent.role, sent.may_change) == ("finance", True)
    [offer] = await offers(eve)
    assert (offer.organization, offer.role, offer.by) == ("Northwind Wines", "finance", "Ada")
    with hub.subscribe(boss.id) as page:
        await invitations.join(eve.actor, offer.id)
        assert [change.topic for change in await page.next(1)] == ["workspace"]
    assert await roles(organization_id) == {boss.id: "owner", eve.id: "finance"}
    assert await rows(Invitation) == []
    noted = await rows(SecurityEvent, SecurityEvent.account_id == eve.id)
    assert [(row.action, row.detail) for row in noted] == [("organization.joined", "finance")]


@pytest.mark.parametrize("whose", ["nobody's", "an account's", "one elsewhere"])
async def test_s47_who_invites_never_learns_whether_there_is_an_account(
    boss: Colleague, whose: str
) -> None:
    if whose == "an account's":
        await colleague("", "", EVE)
    if whose == "one elsewhere":
        await colleague(await found("Elsewhere"), "owner", EVE)
    address = await invitations.invite(boss.actor, email=EVE, role="member")
    assert address.email == EVE
    assert await kinds_of_mail() == ["invitation"]
    [sent] = await waiting(boss)
    assert (sent.email, sent.role) == (EVE, "member")
    assert EVE not in repr(sent)


async def test_a_members_address_is_said_to_be_one(boss: Colleague, organization_id: str) -> None:
    await colleague(organization_id, "member", EVE)
    with pytest.raises(FieldRefused) as refused:
        await invitations.invite(boss.actor, email=EVE.upper(), role="member")
    assert refused.value.field == "email"
    assert await kinds_of_mail() == []


@pytest.mark.parametrize(
    "email", ["", "eve", "a@b, c@d.e", "eve@example.org\r\nBcc: x", "e" * 5000]
)
async def test_what_is_no_address_is_refused(boss: Colleague, email: str) -> None:
    with pytest.raises(EmailRefused):
        await invitations.invite(boss.actor, email=email, role="member")


async def test_inviting_again_renews_it_and_gives_the_new_role(
    boss: Colleague, clock: time_machine.Traveller
) -> None:
    await invitations.invite(boss.actor, email=EVE, role="member")
    clock.shift(timedelta(days=3))
    await invitations.invite(boss.actor, email=EVE, role="admin")
    [row] = await rows(Invitation)
    assert (row.role, row.expires_at - row.created_at) == ("admin", timedelta(days=7))


async def test_s87_invited_twice_at_once_there_is_one(
    boss: Colleague, organization_id: str
) -> None:
    admin = await colleague(organization_id, "admin")
    outcomes = await asyncio.gather(
        invitations.invite(boss.actor, email=EVE, role="member"),
        invitations.invite(admin.actor, email=EVE, role="member"),
        return_exceptions=True,
    )
    assert not [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert len(await rows(Invitation)) == 1


async def test_an_invitation_to_a_higher_role_is_not_lowered_resent_or_withdrawn_from_below(
    boss: Colleague, organization_id: str
) -> None:
    admin = await colleague(organization_id, "admin")
    high = await invitation(organization_id, boss, EVE, "owner")
    for act in (
        invitations.invite(admin.actor, email=EVE, role="member"),
        invitations.send_again(admin.actor, high),
        invitations.withdraw(admin.actor, high),
    ):
        assert isinstance(await outcome_of(act), RoleRequired)
    assert [row.may_change for row in await waiting(admin)] == [False]
    assert [row.role for row in await rows(Invitation)] == ["owner"]


async def test_it_expires_after_seven_days(
    boss: Colleague, eve: Colleague, organization_id: str, clock: time_machine.Traveller
) -> None:
    invitation_id = await invitation(organization_id, boss, EVE)
    clock.shift(timedelta(days=7))
    assert await offers(eve) == []
    assert await waiting(boss) == []
    for act in (
        invitations.join(eve.actor, invitation_id),
        invitations.decline(eve.actor, invitation_id),
        invitations.withdraw(boss.actor, invitation_id),
        invitations.send_again(boss.actor, invitation_id),
    ):
        assert isinstance(await outcome_of(act), NotInWorkspace)
    # The address can be invited anew, and the sweeper takes what is left.
    await invitations.invite(boss.actor, email=EVE, role="member")
    assert len(await rows(Invitation)) == 1
    clock.shift(timedelta(days=7, seconds=1))
    async with transaction() as db:
        await invitations.forget_old(db)
    assert await rows(Invitation) == []


async def test_sent_again_it_counts_from_now(
    boss: Colleague, eve: Colleague, organization_id: str, clock: time_machine.Traveller
) -> None:
    invitation_id = await invitation(organization_id, boss, EVE)
    clock.shift(timedelta(days=6))
    await invitations.send_again(boss.actor, invitation_id)
    clock.shift(timedelta(days=6))
    assert [offer.id for offer in await offers(eve)] == [invitation_id]


async def test_s52_an_address_gets_five_mails_an_hour(boss: Colleague) -> None:
    for _ in range(5):
        await invitations.invite(boss.actor, email=EVE, role="member")
    with pytest.raises(TooManyAttempts):
        await invitations.invite(boss.actor, email=EVE, role="member")
    [sent] = await waiting(boss)
    with pytest.raises(TooManyAttempts):
        await invitations.send_again(boss.actor, sent.id)
    assert await kinds_of_mail() == ["invitation"] * 5


async def test_s50_invitations_do_not_use_up_the_mails_of_a_forgotten_password(
    boss: Colleague, eve: Colleague
) -> None:
    for _ in range(5):
        await invitations.invite(boss.actor, email=EVE, role="member")
    await password_reset.ask_for_reset(OWNER, email=EVE)
    assert "reset_password" in await kinds_of_mail()


async def test_who_is_not_confirmed_sees_and_joins_nothing(
    boss: Colleague, eve: Colleague, organization_id: str
) -> None:
    invitation_id = await invitation(organization_id, boss, EVE)
    async with transaction() as db:
        await db.exec(
            update(Account).where(col(Account.id) == eve.id).values(email_confirmed_at=None)
        )
    assert await offers(eve) == []
    for act in (invitations.join, invitations.decline):
        assert isinstance(await outcome_of(act(eve.actor, invitation_id)), EmailNotConfirmed)
    assert await roles(organization_id) == {boss.id: "owner"}


async def test_s56_other_peoples_and_unknown_invitations_look_alike(
    boss: Colleague, eve: Colleague, organization_id: str
) -> None:
    of_others = await invitation(organization_id, boss, "mallory@example.org")
    stranger = await colleague(await found("Elsewhere"), "owner")
    for invitation_id in (of_others, "A" * 20, "", "\0", "x" * 5000):
        for act in (
            invitations.join(eve.actor, invitation_id),
            invitations.decline(eve.actor, invitation_id),
            invitations.withdraw(stranger.actor, invitation_id),
            invitations.send_again(stranger.actor, invitation_id),
        ):
            refusal = await outcome_of(act)
            assert isinstance(refusal, NotInWorkspace)
            assert refusal.sentence == "This invitation is not valid any more."
    assert len(await rows(Invitation)) == 1


async def test_who_belongs_elsewhere_leaves_there_first(
    boss: Colleague, organization_id: str
) -> None:
    eve = await colleague(await found("Elsewhere"), "member", EVE)
    invitation_id = await invitation(organization_id, boss, EVE)
    assert [offer.id for offer in await offers(eve)] == [invitation_id]
    with pytest.raises(InOrganization):
        await invitations.join(eve.actor, invitation_id)
    assert len(await rows(Invitation)) == 1


async def test_s87_joined_twice_at_once_counts_once(
    boss: Colleague, eve: Colleague, organization_id: str
) -> None:
    first = await invitation(organization_id, boss, EVE)
    elsewhere = await found("Elsewhere")
    other_boss = await colleague(elsewhere, "owner")
    second = await invitation(elsewhere, other_boss, EVE)
    outcomes = await asyncio.gather(
        invitations.join(eve.actor, first),
        invitations.join(eve.actor, first),
        invitations.join(eve.actor, second),
        return_exceptions=True,
    )
    assert sum(outcome is None for outcome in outcomes) == 1
    refused = {type(outcome) for outcome in outcomes if outcome is not None}
    assert refused <= {InOrganization, NotInWorkspace}
    assert (eve.id in await roles(organization_id)) != (eve.id in await roles(elsewhere))


async def test_s87_joined_while_it_is_withdrawn_it_is_one_or_the_other(
    boss: Colleague, eve: Colleague, organization_id: str
) -> None:
    invitation_id = await invitation(organization_id, boss, EVE)
    joined, withdrawn = await asyncio.gather(
        invitations.join(eve.actor, invitation_id),
        invitations.withdraw(boss.actor, invitation_id),
        return_exceptions=True,
    )
    assert (joined is None) != (withdrawn is None)
    assert (eve.id in await roles(organization_id)) == (joined is None)
    assert await rows(Invitation) == []


async def test_declined_and_withdrawn_they_are_gone(
    boss: Colleague, eve: Colleague, organization_id: str
) -> None:
    declined = await invitation(organization_id, boss, EVE)
    with hub.subscribe(boss.id) as page:
        await invitations.decline(eve.actor, declined)
        assert [change.topic for change in await page.next(1)] == ["workspace"]
    withdrawn = await invitation(organization_id, boss, EVE)
    with hub.subscribe(eve.id) as page:
        await invitations.withdraw(boss.actor, withdrawn)
        assert [change.topic for change in await page.next(1)] == ["workspace"]
    assert await rows(Invitation) == []
    for invitation_id in (declined, withdrawn):
        with pytest.raises(NotInWorkspace):
            await invitations.join(eve.actor, invitation_id)


async def test_who_joins_a_place_that_requires_2fa_is_shut_out_until_it_is_on(
    boss: Colleague, eve: Colleague, organization_id: str
) -> None:
    invitation_id = await invitation(organization_id, boss, EVE)
    await require_2fa(organization_id)
    await invitations.join(eve.actor, invitation_id)
    async with reading() as db:
        place = await memberships.standing(db, eve.actor)
        assert place is not None
        assert place.is_shut
        assert await memberships.must_set_up_2fa(db, eve.id)


async def test_s89_an_organization_is_bounded(boss: Colleague, organization_id: str) -> None:
    for number in range(MAX_MEMBERS - 1):
        await invitation(organization_id, boss, f"guest{number}@example.org")
    with pytest.raises(FieldRefused):
        await invitations.invite(boss.actor, email=EVE, role="member")


@pytest.mark.parametrize("name", ["http://evil.example", "evil.example/now", "a@evil.example"])
async def test_s83_an_organizations_name_carries_no_link_to_a_stranger(
    database: Database, clock: time_machine.Traveller, tmp_path: Path, name: str
) -> None:
    boss = await colleague(await found(name), "owner", "olga@example.org")
    await invitations.invite(boss.actor, email=EVE, role="member")
    [mail] = await deliver(tmp_path)
    assert "evil" not in mail.as_string()
