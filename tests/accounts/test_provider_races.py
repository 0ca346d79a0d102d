"""Providers when two things happen at the same moment: S-87."""

import pytest
from sqlalchemy import delete
from sqlmodel import col

from security_app.accounts import (
    activity,
    deletion,
    identities,
    memberships,
    provider_sign_in,
    step_up,
)
from security_app.accounts.errors import Conflict
from security_app.accounts.provider_errors import ProviderUnknown
from security_app.accounts.provider_types import Identity
from security_app.clock import now
from security_app.db.engine import Database, transaction
from security_app.db.tables import Account, Connection, SignInAttempt, SsoConnection
from tests.accounts.cast import EMAIL, OWNER, open_session, rows
from tests.accounts.identities import ADA_AT_GOOGLE, come_back, google, url_of
from tests.accounts.sso_house import (
    SUB,
    account_with,
    house_with_sso,
    okta,
    the_connection,
)
from tests.accounts.waiting import begin_and_wait
from tests.oidc_provider import Provider

__all__ = ["google", "okta"]

pytestmark = pytest.mark.usefixtures("clock")


async def test_who_signs_in_while_the_account_is_deleted_does_not_stop_it(
    database: Database, ada: Account, google: Provider
) -> None:
    actor, _ = await open_session(ada)
    async with transaction() as db:
        step_up.grant(db, actor, "delete_account")
        db.add(
            Connection(
                account_id=ada.id,
                provider="google",
                issuer=google.issuer,
                subject=ADA_AT_GOOGLE,
                connected_at=now(),
            )
        )
    async with transaction() as db:
        await identities.note_use(db, Identity(google.issuer, ADA_AT_GOOGLE))
        deleting = await begin_and_wait(database, deletion.delete_account(actor, typed=EMAIL))
        await activity.record_sign_in(db, ada.id, OWNER, result="signed_in", method="google")
        await db.flush()
    assert await deleting is None
    assert await rows(Account) == await rows(Connection) == await rows(SignInAttempt) == []


async def test_a_newcomer_who_arrives_while_the_sign_on_is_removed_is_not_made(
    database: Database, okta: Provider
) -> None:
    made = await house_with_sso(okta)
    row = await the_connection()
    path = await provider_sign_in.begin_sso(OWNER, email="ada@example.com")
    answer = okta.authorize(await url_of(path), SUB)
    async with transaction() as db:
        await memberships.hold_organization(db, made.id)
        arriving = await begin_and_wait(database, come_back(answer, provider=f"sso-{row.id}"))
        await db.exec(delete(SsoConnection).where(col(SsoConnection.id) == row.id))
    refusal = (await arriving).refusal
    assert isinstance(refusal, ProviderUnknown if database.is_sqlite else Conflict)
    assert await account_with("ada@example.com") is None
