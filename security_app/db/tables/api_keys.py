"""Keys for scripts."""

# SQLModel types `__tablename__` as the method it generates, not as the name its users give.
# pyright: reportAssignmentType=false

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from security_app.db.tables.columns import instant, key, refers_to


class ApiKey(SQLModel, table=True):
    """A personal API key: its digest, and what is shown of it (S-69)."""

    __tablename__ = "api_key"
    __table_args__ = (Index("ix_api_key_page", "account_id", "created_at", "id"),)

    id: str = key()
    account_id: str = refers_to("account")
    name: str = Field(max_length=60)
    #: SHA-256 of 238 random bits.
    secret_hash: str = Field(max_length=64, unique=True)
    prefix: str = Field(max_length=12)
    last_four: str = Field(max_length=4)
    #: Names of scopes, one space between them.
    scopes: str = Field(max_length=200)
    created_at: datetime = instant()
    expires_at: datetime = instant()
    last_used_at: datetime | None = instant(nullable=True)
    last_used_place: str = Field(default="", max_length=100)
    revoked_at: datetime | None = instant(nullable=True)
    #: The id of the key that took its place, "" when none did.
    replaced_by: str = Field(default="", max_length=24)
