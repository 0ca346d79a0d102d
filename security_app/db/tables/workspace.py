"""Organizations, their members and their releases."""

# SQLModel types `__tablename__` as the method it generates, not as the name its users give.
# pyright: reportAssignmentType=false

from datetime import datetime

from sqlalchemy import Boolean, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from security_app.db.tables.columns import instant, key, refers_to


class Organization(SQLModel, table=True):
    """A group of accounts with releases of their own."""

    __tablename__ = "organization"

    id: str = key()
    name: str = Field(max_length=100)
    created_at: datetime = instant()
    #: Whether its members reach it with a second factor only.
    requires_2fa: bool = Field(default=False, sa_type=Boolean)


class Membership(SQLModel, table=True):
    """Who belongs to an organization, and as what; an account belongs to one at most."""

    __tablename__ = "membership"
    __table_args__ = (Index("ix_membership_organization", "organization_id", "joined_at"),)

    account_id: str = refers_to("account", primary_key=True)
    organization_id: str = refers_to("organization")
    role: str = Field(max_length=20)
    joined_at: datetime = instant()
    #: When somebody last asked the member to turn two-factor authentication on.
    reminded_at: datetime | None = instant(nullable=True)


class Invitation(SQLModel, table=True):
    """An address that may join; whoever confirmed it as theirs can (no token travels)."""

    __tablename__ = "invitation"
    __table_args__ = (
        UniqueConstraint("organization_id", "email_key"),
        Index("ix_invitation_address", "email_key", "expires_at"),
    )

    id: str = key()
    organization_id: str = refers_to("organization")
    invited_by: str = refers_to("account")
    email: str = Field(max_length=254)
    email_key: str = Field(max_length=254)
    role: str = Field(max_length=20)
    created_at: datetime = instant()
    expires_at: datetime = instant()


class Release(SQLModel, table=True):
    """Something an organization ships; how far it is, its times tell."""

    __tablename__ = "release"
    __table_args__ = (
        Index("ix_release_page", "organization_id", "created_at", "id"),
        Index("ix_release_starts", "starts_at"),
        Index("ix_release_ships", "ships_at"),
    )

    id: str = key()
    organization_id: str = refers_to("organization")
    name: str = Field(max_length=100)
    created_at: datetime = instant()
    #: When processing begins; None while it is a draft.
    starts_at: datetime | None = instant(nullable=True)
    #: When processing is over and it has shipped.
    ships_at: datetime | None = instant(nullable=True)
    cancelled_at: datetime | None = instant(nullable=True)
