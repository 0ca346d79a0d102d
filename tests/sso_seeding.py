"""An organization's single sign-on, put straight into the database of a running product."""

from datetime import UTC, datetime

from security_app.accounts.providers import client_secret_context
from security_app.db.sealing import seal
from security_app.db.tables import Connection, SsoConnection, SsoDomain, SsoDomainClaim, new_id
from tests.seeded_database import Person, SeededDatabase

ISSUER = "https://id.example.com"


def add_sso(
    database: SeededDatabase,
    organization_id: str,
    domain: str = "",
    *,
    issuer: str = ISSUER,
    client_id: str = "client",
    secret: str = "secret-of-the-client",
    name: str = "Okta",
    waiting: str = "",
    token: str = "token-of-the-claim",
) -> str:
    """Set it up for an organization; returns its id.

    Args:
        waiting: a domain that is not proven, whose record carries the token.
    """
    row_id = new_id()
    with database.rows() as rows:
        rows.add(
            SsoConnection(
                id=row_id,
                organization_id=organization_id,
                type="oidc",
                name=name,
                issuer=issuer,
                client_id=client_id,
                sealed_client_secret=seal(secret.encode(), client_secret_context(row_id)),
                created_at=datetime.now(UTC),
            )
        )
        rows.flush()
        domain = domain or f"{new_id().lower().replace('_', 'x').strip('-')}.example"
        rows.add(SsoDomain(domain=domain, sso_connection_id=row_id))
        if waiting:
            at = datetime.now(UTC)
            claim = SsoDomainClaim(
                sso_connection_id=row_id,
                domain=waiting,
                token=token,
                finding="missing",
                checked_at=at,
                created_at=at,
            )
            rows.add(claim)
        rows.commit()
    return row_id


def add_identity(
    database: SeededDatabase,
    person: Person,
    sso_connection_id: str,
    *,
    issuer: str = ISSUER,
    subject: str = "",
) -> None:
    """Let somebody have connected an identity there."""
    with database.rows() as rows:
        rows.add(
            Connection(
                account_id=person.id,
                provider=f"sso-{sso_connection_id}",
                sso_connection_id=sso_connection_id,
                issuer=issuer,
                subject=subject or person.id,
                email=person.email,
                connected_at=datetime.now(UTC),
            )
        )
        rows.commit()
