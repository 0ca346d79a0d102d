"""An organization that requires 2FA: closed to people without it, who are led to set it up."""

import dataclasses
from pathlib import Path

import pytest

from security_app.accounts import (
    memberships,
    organizations,
    sign_in,
)
from security_app.accounts.workspace_errors import RoleRequired, TwoFactorRequired
from security_app.db.engine import reading, transaction
from security_app.db.tables import (
    Account,
    Membership,
    Organization,
    SecurityEvent,
)
from tests.accounts.cast import (
    EMAIL,
    OWNER,
    PASSWORD,
    deliver,
    kinds_of_mail,
    rows,
)
from tests.accounts.workplace import (
    colleague,
    found,
    has_2fa,
    require_2fa,
    roles,
)

pytestmark = pytest.mark.usefixtures("database", "clock")


async def actions(account_id: str) -> list[str]:
    return [row.action for row in await rows(SecurityEvent, SecurityEvent.account_id == account_id)]


async def test_requiring_2fa_shuts_out_who_has_none_and_tells_them(
    ada: Account, tmp_path: Path
) -> None:
    organization_id = await found()
    boss = await colleague(organization_id, "owner", with_2fa=True)
    safe = await colleague(organization_id, "member", with_2fa=True)
    lax = await colleague(organization_id, "admin")
    assert await organizations.require_2fa(boss.actor, is_required=True) == 1
    assert await organizations.require_2fa(boss.actor, is_required=True) == 0
    mails = await deliver(tmp_path)
    assert [(mail["To"], mail["Subject"]) for mail in mails] == [
        (lax.account.email, "Your organization requires two-factor authentication")
    ]
    assert "/settings/personal/security" in str(mails[0].get_body(("plain",)))
    async with reading() as db:
        for person in (boss, safe):
            assert await memberships.entered(db, person.actor, "read")
        for act in ("read", "invite", "release"):
            with pytest.raises(TwoFactorRequired):
                await memberships.entered(db, lax.actor, act)
        place = await memberships.standing(db, lax.actor)
    assert place is not None
    assert (place.is_shut, place.rights) == (True, frozenset())
    await has_2fa(lax)
    async with reading() as db:
        assert (await memberships.entered(db, lax.actor, "invite")).role == "admin"
    await organizations.require_2fa(boss.actor, is_required=False)
    assert sorted(await actions(boss.id)) == [
        "organization.2fa_optional",
        "organization.2fa_required",
    ]


async def test_whom_it_touches_is_known_before() -> None:
    organization_id = await found()
    boss = await colleague(organization_id, "owner", with_2fa=True)
    lax = await colleague(organization_id, "member", "bea@example.org")
    await colleague(await found(), "member")
    async with reading() as db:
        affected = await organizations.affected_by_2fa(db, boss.actor, is_required=True)
        assert (affected.members, affected.without_2fa) == (2, ("Ada, bea@example.org",))
        assert "bea" not in repr(affected)
        with pytest.raises(RoleRequired):
            await organizations.affected_by_2fa(db, lax.actor, is_required=True)
    assert await organizations.require_2fa(boss.actor, is_required=True) == 1
    assert await kinds_of_mail() == ["two_factor_required"]
    async with reading() as db:
        affected = await organizations.affected_by_2fa(db, boss.actor, is_required=False)
    assert affected.without_2fa == ("Ada, bea@example.org",)
    assert await organizations.require_2fa(boss.actor, is_required=False) == 0
    assert await kinds_of_mail() == ["two_factor_required"]


async def test_who_has_no_2fa_cannot_require_it() -> None:
    organization_id = await found()
    boss = await colleague(organization_id, "owner")
    with pytest.raises(TwoFactorRequired):
        await organizations.require_2fa(boss.actor, is_required=True)
    async with reading() as db:
        with pytest.raises(TwoFactorRequired):
            await organizations.affected_by_2fa(db, boss.actor, is_required=True)
    assert not (await rows(Organization))[0].requires_2fa


async def test_s72_a_key_is_let_in_whatever_its_owner_has_on() -> None:
    organization_id = await found(requires_2fa=True)
    lax = await colleague(organization_id, "admin")
    key = dataclasses.replace(
        lax.actor, kind="api_key", session_id="key", scopes=frozenset({"organization:read"})
    )
    async with reading() as db:
        assert (await memberships.entered(db, key, "release")).role == "admin"
        with pytest.raises(TwoFactorRequired):
            await memberships.entered(db, lax.actor, "release")


async def test_a_sign_in_leads_to_the_set_up_where_2fa_is_required(ada: Account) -> None:
    organization_id = await found()
    async with transaction() as db:
        db.add(
            Membership(
                account_id=ada.id,
                organization_id=organization_id,
                role="member",
                joined_at=ada.created_at,
            )
        )

    async def led_to() -> str:
        signed_in = await sign_in.sign_in(
            OWNER, email=EMAIL, password=PASSWORD, next_path="/workspace"
        )
        return (await sign_in.redeem_ticket(OWNER, signed_in.ticket)).next_path

    assert await led_to() == "/workspace"
    await require_2fa(organization_id)
    assert await led_to() == "/settings/personal/security"


async def test_who_is_shut_out_may_leave() -> None:
    organization_id = await found(requires_2fa=True)
    boss = await colleague(organization_id, "owner", with_2fa=True)
    lax = await colleague(organization_id, "member")
    await organizations.leave(lax.actor)
    assert await roles(organization_id) == {boss.id: "owner"}
