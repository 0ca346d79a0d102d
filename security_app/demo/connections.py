"""The connected accounts of the demo: one made with Google, one an organization manages."""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts.addresses import address_key
from security_app.accounts.providers import SSO_PREFIX, client_secret_context
from security_app.clock import now
from security_app.db.engine import transaction
from security_app.db.sealing import seal
from security_app.db.tables import (
    Account,
    Connection,
    Membership,
    Organization,
    SsoConnection,
    SsoDomain,
)
from security_app.demo.workspace import ORGANIZATION_ID
from security_app.settings import DEMO_SSO_OFFSET, get_settings

GOOGLE_EMAIL, SSO_EMAIL = "google@demo.test", "sso@demo.test"
#: What the stand-ins know these people by.
GOOGLE_SUBJECT, SSO_SUBJECT = "google-oauth-demo-1", "demo-sso"
_SSO_ID = "demo-sso"
_DOMAIN = "demo.test"


async def seed(made: Collection[str]) -> None:
    """Connect the accounts this start has made; point all to where the stand-ins listen now.

    Args:
        made: addresses. What somebody disconnected later stays so.
    """
    async with transaction() as db:
        if GOOGLE_EMAIL in made:
            google = await _account(db, GOOGLE_EMAIL)
            _connect(db, google, "google", GOOGLE_SUBJECT, get_settings().google_issuer)
        if SSO_EMAIL in made and await _set_up_sso(db):
            managed = await _account(db, SSO_EMAIL)
            await _join(db, managed)
            key = f"{SSO_PREFIX}{_SSO_ID}"
            _connect(db, managed, key, SSO_SUBJECT, _sso_issuer(), sso_connection_id=_SSO_ID)
        await _keep_issuers(db)


async def _account(db: AsyncSession, email: str) -> Account:
    statement = select(Account).where(Account.email_key == address_key(email))
    return (await db.exec(statement)).one()


def _connect(
    db: AsyncSession,
    account: Account,
    provider: str,
    subject: str,
    issuer: str,
    *,
    sso_connection_id: str | None = None,
) -> None:
    db.add(
        Connection(
            account_id=account.id,
            provider=provider,
            sso_connection_id=sso_connection_id,
            issuer=issuer,
            subject=subject,
            email=account.email,
            connected_at=account.created_at,
        )
    )


async def _set_up_sso(db: AsyncSession) -> bool:
    """Give the demo organization its provider; nobody proves the domain, it is ours.

    Returns:
        Whether it has it: not where somebody has deleted the organization or set up another.
    """
    if await db.get(SsoConnection, _SSO_ID) is not None:
        return True
    taken = select(SsoConnection.id).where(SsoConnection.organization_id == ORGANIZATION_ID)
    if (
        await db.get(Organization, ORGANIZATION_ID) is None
        or (await db.exec(taken)).first() is not None
        or await db.get(SsoDomain, _DOMAIN) is not None
    ):
        return False
    db.add(
        SsoConnection(
            id=_SSO_ID,
            organization_id=ORGANIZATION_ID,
            type="oidc",
            name="Demo ID",
            issuer=_sso_issuer(),
            client_id="demo",
            sealed_client_secret=seal(b"demo", client_secret_context(_SSO_ID)),
            created_at=now() - timedelta(days=120),
        )
    )
    await db.flush()
    db.add(SsoDomain(domain=_DOMAIN, sso_connection_id=_SSO_ID))
    return True


async def _join(db: AsyncSession, account: Account) -> None:
    if await db.get(Membership, account.id) is None:
        db.add(
            Membership(
                account_id=account.id,
                organization_id=ORGANIZATION_ID,
                role="member",
                joined_at=now() - timedelta(days=100),
            )
        )
    await db.flush()


async def _keep_issuers(db: AsyncSession) -> None:
    """Point to where the stand-ins listen now."""
    await db.flush()
    issuer = _sso_issuer()
    await db.exec(
        update(SsoConnection)
        .where(col(SsoConnection.id) == _SSO_ID, col(SsoConnection.client_id) == "demo")
        .values(issuer=issuer)
    )
    for subject, now_at in ((SSO_SUBJECT, issuer), (GOOGLE_SUBJECT, get_settings().google_issuer)):
        await db.exec(
            update(Connection).where(col(Connection.subject) == subject).values(issuer=now_at)
        )


def _sso_issuer() -> str:
    return f"http://127.0.0.1:{get_settings().port + DEMO_SSO_OFFSET}"
