"""Who may do what in an organization: every role, every act, every other role."""

from collections.abc import Awaitable, Callable

import pytest
import time_machine

from security_app.accounts import (
    invitations,
    members,
    memberships,
    organizations,
    releases,
    sso_settings,
)
from security_app.accounts.actor import Actor
from security_app.accounts.workspace_errors import (
    NotInWorkspace,
    RoleRequired,
    TwoFactorRequired,
)
from security_app.db.engine import Database, reading
from security_app.policy import ROLE_RIGHTS, ROLES
from tests.accounts.cast import outcome_of
from tests.accounts.workplace import (
    Colleague,
    colleague,
    found,
    release,
    roles,
)

#: Written by hand, from the issue: not read from the policy it tests.
MAY: dict[str, set[str]] = {
    "owner": {
        "read",
        "rename",
        "invite",
        "remove",
        "release",
        "see_2fa",
        "remind",
        "require_2fa",
        "change_role",
        "sso",
        "delete",
    },
    "super_admin": {
        "read",
        "rename",
        "invite",
        "remove",
        "release",
        "see_2fa",
        "remind",
        "require_2fa",
        "change_role",
    },
    "admin": {"read", "rename", "invite", "remove", "release"},
    "finance": {"read"},
    "member": {"read"},
}
#: Lowest first: whoever stands further right acts on those at their place or left of it.
LADDER = ["member", "finance", "admin", "super_admin", "owner"]
EVERY_ACT = sorted(MAY["owner"])


async def _read(actor: Actor, _other: Colleague) -> None:
    async with reading() as db:
        await organizations.overview(db, actor)
        await releases.listing(db, actor, limit=5)


async def _release(actor: Actor, _other: Colleague) -> None:
    release_id = await releases.create(actor, name="Spring")
    await releases.schedule(actor, release_id, start="in_1_hour")
    await releases.cancel(actor, release_id)


async def _see_2fa(actor: Actor, _other: Colleague) -> None:
    async with reading() as db:
        place = await memberships.entered(db, actor, "read")
        listed = await members.listing(db, place, actor, limit=9)
    if any(member.has_2fa is None for member in listed):
        raise RoleRequired


async def _change_role(actor: Actor, other: Colleague) -> None:
    await members.change_role(actor, other.id, role="finance")


async def _delete(actor: Actor, _other: Colleague) -> None:
    async with reading() as db:
        place = await memberships.standing(db, actor)
    assert place is not None
    await organizations.find_to_delete(actor, place.organization_id)


#: How each act is done, on or beside a plain member without 2FA.
ACTS: dict[str, Callable[[Actor, Colleague], Awaitable[object]]] = {
    "read": _read,
    "rename": lambda actor, _: organizations.rename(actor, name="Southwind"),
    "invite": lambda actor, _: invitations.invite(actor, email="eve@example.org", role="member"),
    "remove": lambda actor, other: members.remove(actor, other.id),
    "release": _release,
    "see_2fa": _see_2fa,
    "remind": lambda actor, other: members.remind(actor, other.id),
    "require_2fa": lambda actor, _: organizations.require_2fa(actor, is_required=True),
    "change_role": _change_role,
    "sso": lambda actor, _: sso_settings.require_owner(actor),
    "delete": _delete,
}


def test_the_table_names_every_role_and_act() -> None:
    assert set(MAY) == set(ROLE_RIGHTS) == set(LADDER)
    assert list(ROLES) == LADDER
    assert set(ACTS) == set(EVERY_ACT) == set().union(*ROLE_RIGHTS.values())


@pytest.mark.parametrize("act", EVERY_ACT)
@pytest.mark.parametrize("role", LADDER)
async def test_each_role_may_do_just_what_the_table_says(
    database: Database, clock: time_machine.Traveller, role: str, act: str
) -> None:
    organization_id = await found()
    await colleague(organization_id, "owner")
    actor = (await colleague(organization_id, role, with_2fa=True)).actor
    other = await colleague(organization_id, "member")
    outcome = await outcome_of(ACTS[act](actor, other))
    if act in MAY[role]:
        assert not isinstance(outcome, BaseException)
    else:
        assert isinstance(outcome, RoleRequired)


@pytest.mark.parametrize("act", EVERY_ACT)
async def test_who_belongs_elsewhere_or_nowhere_may_do_nothing_of_it(
    database: Database, clock: time_machine.Traveller, act: str
) -> None:
    """S-56: an act on a foreign person is as one on nobody."""
    other = await colleague(await found(), "member")
    stranger = await colleague("", "")
    if act != "delete":
        outcome = await outcome_of(ACTS[act](stranger.actor, other))
        assert isinstance(outcome, NotInWorkspace)
    if act in {"remove", "remind", "change_role"}:
        foreign = await colleague(await found("Elsewhere"), "owner", with_2fa=True)
        sentences = set()
        for account_id in (other.id, "A" * 20, "", "\0", "x" * 5000):
            unknown = Colleague(other.account.model_copy(update={"id": account_id}), other.actor)
            refusal = await outcome_of(ACTS[act](foreign.actor, unknown))
            assert isinstance(refusal, NotInWorkspace)
            sentences.add(refusal.sentence)
        assert len(sentences) == 1


@pytest.mark.parametrize("other_role", LADDER)
@pytest.mark.parametrize("role", ["owner", "super_admin", "admin"])
@pytest.mark.parametrize("act", ["remove", "change_role", "remind"])
async def test_nobody_acts_on_somebody_above_them(
    database: Database, clock: time_machine.Traveller, act: str, role: str, other_role: str
) -> None:
    organization_id = await found()
    await colleague(organization_id, "owner")
    actor = (await colleague(organization_id, role)).actor
    other = await colleague(organization_id, other_role)
    outcome = await outcome_of(ACTS[act](actor, other))
    is_reached = LADDER.index(other_role) <= LADDER.index(role)
    if act in MAY[role] and is_reached:
        assert not isinstance(outcome, BaseException)
    else:
        assert isinstance(outcome, RoleRequired)
        assert (await roles(organization_id))[other.id] == other_role


@pytest.mark.parametrize("given", LADDER)
@pytest.mark.parametrize("role", ["owner", "super_admin", "admin"])
async def test_nobody_gives_a_role_above_their_own(
    database: Database, clock: time_machine.Traveller, role: str, given: str
) -> None:
    organization_id = await found()
    await colleague(organization_id, "owner")
    actor = (await colleague(organization_id, role)).actor
    other = await colleague(organization_id, "finance")
    is_reached = LADDER.index(given) <= LADDER.index(role)
    changed = await outcome_of(members.change_role(actor, other.id, role=given))
    assert isinstance(changed, RoleRequired) == (not is_reached or "change_role" not in MAY[role])
    invited = await outcome_of(invitations.invite(actor, email="eve@example.org", role=given))
    assert isinstance(invited, RoleRequired) == (not is_reached)
    # And oneself is no exception.
    own = await outcome_of(members.change_role(actor, actor.account_id, role=given))
    if not is_reached:
        assert isinstance(own, RoleRequired)
        assert (await roles(organization_id))[actor.account_id] == role


async def test_who_is_shut_out_acts_on_nobody(
    database: Database, clock: time_machine.Traveller
) -> None:
    organization_id = await found()
    boss = await colleague(organization_id, "owner", with_2fa=True)
    member = await colleague(organization_id, "member")
    lax = await colleague(organization_id, "super_admin")
    await organizations.require_2fa(boss.actor, is_required=True)
    await release(organization_id)
    for act in set(EVERY_ACT) - {"delete"}:
        with pytest.raises(TwoFactorRequired):
            await ACTS[act](lax.actor, member)
