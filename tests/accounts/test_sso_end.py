"""The end of an organization's single sign-on: everybody it managed has a way back."""

from pathlib import Path

import pytest

from security_app.accounts import members, organizations, passwords, sso_settings
from security_app.accounts.password_reset import ask_for_reset
from security_app.accounts.step_up import Proofs
from security_app.db.tables import (
    Connection,
    SecurityEvent,
    SsoConnection,
    SsoDomain,
)
from security_app.live.hub import hub
from tests.accounts.cast import (
    OTHER_PASSWORD,
    OWNER,
    deliver,
    rows,
    sign_in_browser,
    token_in,
)
from tests.accounts.sso_house import (
    PROOFS,
    account_with,
    actor_after,
    house,
    house_with_sso,
    okta,
    seen_by,
    sign_in_with_sso,
    terms,
)
from tests.accounts.workplace import colleague
from tests.oidc_provider import Provider

__all__ = ["okta"]

pytestmark = pytest.mark.usefixtures("database", "clock")


async def test_removal_gives_everybody_a_way_back(okta: Provider, tmp_path: Path) -> None:
    made = await house_with_sso(okta)
    newcomer = await actor_after(await sign_in_with_sso(okta))
    seen = await seen_by(made.boss.actor)
    assert seen is not None
    assert seen.members == 1
    assert await sso_settings.remove(made.boss.actor, PROOFS) == "Okta"
    for table in (SsoConnection, SsoDomain, Connection):
        assert await rows(table) == []
    mails = [each.as_string() for each in await deliver(tmp_path) if "ada@" in each["To"]]
    assert any("/forgot-password" in mail for mail in mails)

    await ask_for_reset(OWNER, email="ada@example.com")
    link = next(each for each in await deliver(tmp_path) if "?token=" in each.as_string())
    token = token_in(link)
    await passwords.reset_password(OWNER, token=token, new=OTHER_PASSWORD, repeat=OTHER_PASSWORD)
    assert (await sign_in_browser(email="ada@example.com", password=OTHER_PASSWORD)).secret
    account = await account_with("ada@example.com")
    assert account is not None
    assert account.id == newcomer.account_id
    log = await rows(SecurityEvent)
    assert "organization.sso_removed" in [row.action for row in log]
    [cut] = [row for row in log if row.action == "connection.removed"]
    assert (cut.account_id, cut.detail, cut.ip) == (account.id, "Okta", "")


async def test_who_left_neither_counts_nor_is_written_to(okta: Provider, tmp_path: Path) -> None:
    made = await house_with_sso(okta)
    former = await actor_after(await sign_in_with_sso(okta))
    assert await organizations.leave(former) == "Okta"
    seen = await seen_by(made.boss.actor)
    assert seen is not None
    assert seen.members == 0
    await sso_settings.remove(made.boss.actor, PROOFS)
    told = [each for each in await deliver(tmp_path) if "ada@example.com" in each["To"]]
    # Of the account, when it was made; of the end of what opens it no more, nothing.
    assert len(told) == 1
    assert "no longer signs you in" not in told[0].as_string()


async def test_who_is_removed_is_told_how_to_get_in(okta: Provider, tmp_path: Path) -> None:
    made = await house_with_sso(okta)
    newcomer = await actor_after(await sign_in_with_sso(okta))
    plain = await colleague(made.id, "member")
    for account_id in (newcomer.account_id, plain.id):
        await members.remove(made.boss.actor, account_id)
    mails = await deliver(tmp_path)
    told = "".join(mail.as_string() for mail in mails if mail["To"] == "ada@example.com")
    assert "Okta no longer signs you in" in told
    assert "/forgot-password" in told
    others = [mail.as_string() for mail in mails if mail["To"] == plain.account.email]
    assert others
    assert not [mail for mail in others if "/forgot-password" in mail]


async def test_the_pages_of_all_members_follow(okta: Provider) -> None:
    made = await house()
    member = await colleague(made.id, "member")
    with hub.subscribe(member.id) as subscription:
        for act in (
            sso_settings.configure(made.boss.actor, terms(okta), PROOFS),
            sso_settings.remove(made.boss.actor, PROOFS),
        ):
            await act
            topics = {change.topic for change in await subscription.next(1)}
            assert {"workspace", "connections"} <= topics


async def test_the_end_of_the_organization_is_its_end(okta: Provider, tmp_path: Path) -> None:
    from security_app.accounts import step_up
    from security_app.accounts.step_up import Target

    made = await house_with_sso(okta)
    proofs = Proofs(confirmation="Northwind Wines")
    target = Target(made.id, "Northwind Wines")
    await step_up.prove(made.boss.actor, "delete_organization", proofs, target)
    newcomer = await actor_after(await sign_in_with_sso(okta))
    await organizations.delete_organization(made.boss.actor, made.id)
    assert await rows(SsoConnection) == await rows(SsoDomain) == []
    mails = [mail for mail in await deliver(tmp_path) if mail["To"] == "ada@example.com"]
    assert "/forgot-password" in "".join(mail.as_string() for mail in mails)
    log = await rows(SecurityEvent, SecurityEvent.account_id == newcomer.account_id)
    assert {"connection.removed", "organization.deleted"} <= {row.action for row in log}
