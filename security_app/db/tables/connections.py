"""Identities at other providers, an organization's own sign-on, and round trips under way."""

# SQLModel types `__tablename__` as the method it generates, not as the name its users give.
# pyright: reportAssignmentType=false

from datetime import datetime

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from security_app.db.tables.columns import instant, key, refers_to


class SsoConnection(SQLModel, table=True):
    """The identity provider an organization signs its members in with; one at most."""

    __tablename__ = "sso_connection"
    __table_args__ = (UniqueConstraint("organization_id"),)

    id: str = key()
    organization_id: str = refers_to("organization")
    #: The protocol it speaks: a key of ``providers.PROTOCOLS``.
    type: str = Field(max_length=8)
    #: What people call it.
    name: str = Field(max_length=60)
    issuer: str = Field(max_length=255)
    client_id: str = Field(max_length=255)
    sealed_client_secret: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = instant()


class SsoDomain(SQLModel, table=True):
    """A domain whose addresses an organization's provider speaks for: proven, of one."""

    __tablename__ = "sso_domain"

    domain: str = Field(primary_key=True, max_length=253)
    sso_connection_id: str = refers_to("sso_connection")


class SsoDomainClaim(SQLModel, table=True):
    """A domain an organization describes as its own and has not proven; nothing trusts it."""

    __tablename__ = "sso_domain_claim"

    sso_connection_id: str = refers_to("sso_connection", primary_key=True)
    domain: str = Field(primary_key=True, max_length=253)
    #: What the record in its DNS must say: no secret, of this claim alone.
    token: str = Field(max_length=43)
    #: What the latest look for the record found; "" before the first one.
    finding: str = Field(default="", max_length=8)
    checked_at: datetime | None = instant(nullable=True)
    created_at: datetime = instant()


class Connection(SQLModel, table=True):
    """An identity at a provider that signs an account in (S-63: issuer and subject, unique)."""

    __tablename__ = "connection"
    __table_args__ = (
        UniqueConstraint("issuer", "subject"),
        UniqueConstraint("account_id", "provider"),
    )

    id: str = key()
    account_id: str = refers_to("account")
    #: "google", "apple", or the id of an organization's own sign-on, as "sso-<id>".
    provider: str = Field(max_length=40)
    #: Set for an organization's own: the identity goes with it.
    sso_connection_id: str | None = refers_to("sso_connection", nullable=True)
    issuer: str = Field(max_length=255)
    subject: str = Field(max_length=255)
    #: As the provider says: to be shown, never to find an account by.
    email: str = Field(default="", max_length=254)
    connected_at: datetime = instant()
    last_used_at: datetime | None = instant(nullable=True)


class ProviderTrip(SQLModel, table=True):
    """A browser on its way to a provider and back; the row goes when it returns (S-61)."""

    __tablename__ = "provider_trip"
    __table_args__ = (Index("ix_provider_trip_account", "account_id"),)

    id: str = key()
    state_hash: str = Field(max_length=64, unique=True)
    provider: str = Field(max_length=40)
    #: "sign_in", "connect" or "step_up".
    purpose: str = Field(max_length=8)
    browser_hash: str = Field(max_length=64)
    #: Who is signed in and in which session; empty for a sign-in.
    account_id: str | None = refers_to("account", nullable=True)
    session_id: str = Field(default="", max_length=24)
    #: What a step-up is for, and on which object.
    action: str = Field(default="", max_length=40)
    target: str = Field(default="", max_length=24)
    next_path: str = Field(default="", max_length=200)
    #: What the protocol must know when the browser is back.
    sealed_secrets: bytes = Field(sa_type=LargeBinary)
    #: An answer that came by a cross-site POST and waits for the browser's own request.
    sealed_answer: bytes | None = Field(default=None, sa_type=LargeBinary)
    created_at: datetime = instant()
    expires_at: datetime = instant()
