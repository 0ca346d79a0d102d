"""Organizations that ask for a second factor, and the ways around it: S-44, S-72."""

import pytest
import time_machine
from sqlalchemy import update

from security_app.accounts import api_keys, organizations
from security_app.accounts.actor import Actor
from security_app.accounts.errors import TooManyAttempts
from security_app.accounts.step_up import Proofs
from security_app.accounts.workspace_errors import TwoFactorRequired
from security_app.db.engine import Database, reading, transaction
from security_app.db.tables import ApiKey, Organization
from tests.accounts.cast import OWNER, PASSWORD, kinds_of_mail, outcome_of, rows
from tests.accounts.keyring import make, rotate
from tests.accounts.postbox import Postbox, code_for, enable
from tests.accounts.workplace import colleague, found

_SCOPES = ("organization:read", "organization:write")


async def _admin(organization_id: str) -> Actor:
    """Somebody there who has a password."""
    return (await colleague(organization_id, "admin", password=PASSWORD)).actor


@pytest.mark.parametrize("scope", _SCOPES)
async def test_s44_a_password_alone_makes_no_key_that_gets_past_the_requirement(
    database: Database, scope: str
) -> None:
    actor = await _admin(await found(requires_2fa=True))
    refused = await outcome_of(make(actor, scopes=("account:read", scope)))
    assert isinstance(refused, TwoFactorRequired)
    assert refused.field == "scopes"
    assert await rows(ApiKey) == []
    assert (await make(actor, scopes=("account:read", "account:write"))).key


async def test_s72_a_key_made_before_goes_on_working_but_is_not_made_anew(
    database: Database,
) -> None:
    organization_id = await found()
    actor = await _admin(organization_id)
    key = await make(actor, scopes=_SCOPES)
    async with transaction() as db:
        await db.exec(update(Organization).values(requires_2fa=True))
    by_key = await api_keys.find_actor(key.key, OWNER)
    assert by_key is not None
    async with reading() as db:
        assert (await organizations.overview(db, by_key)).id == organization_id
    refused = await outcome_of(rotate(actor, key.shown.id))
    assert isinstance(refused, TwoFactorRequired)
    # The dialog that replaces a key has no field for it.
    assert refused.field == "form"
    assert len(await rows(ApiKey)) == 1


async def test_s44_with_a_second_factor_such_keys_are_made(
    database: Database, postbox: Postbox
) -> None:
    actor = await _admin(await found(requires_2fa=True))
    await enable(actor, postbox)
    proofs = Proofs(PASSWORD, await code_for(actor, "create_api_key", postbox))
    assert (await make(actor, scopes=_SCOPES, proofs=proofs)).key


async def test_s20_requiring_it_again_and_again_does_not_flood_the_members_mailboxes(
    database: Database, clock: time_machine.Traveller, postbox: Postbox
) -> None:
    organization_id = await found()
    actor = (await colleague(organization_id, "owner", password=PASSWORD)).actor
    await colleague(organization_id, "member")
    await enable(actor, postbox)
    for _ in range(3):
        for is_required in (True, True, False):
            await organizations.require_2fa(actor, is_required=is_required)
    refused = await outcome_of(organizations.require_2fa(actor, is_required=True))
    assert isinstance(refused, TooManyAttempts)
    assert (await kinds_of_mail()).count("two_factor_required") == 3
    assert not (await rows(Organization))[0].requires_2fa
    clock.shift(3601)
    await organizations.require_2fa(actor, is_required=True)
    await organizations.require_2fa(actor, is_required=False)
    assert (await kinds_of_mail()).count("two_factor_required") == 4
