"""Mail that waits, links in mail, and changes of the address."""

# SQLModel types `__tablename__` as the method it generates, not as the name its users give.
# pyright: reportAssignmentType=false

from datetime import datetime

from sqlalchemy import Index, LargeBinary
from sqlmodel import Field, SQLModel

from security_app.db.tables.columns import instant, key, refers_to


class OutboxMessage(SQLModel, table=True):
    """Mail that waits to be sent; its content is sealed and leaves with the sending."""

    __tablename__ = "outbox_message"
    __table_args__ = (Index("ix_outbox_message_due", "sent_at", "failed_at", "not_before"),)

    id: str = key()
    kind: str = Field(max_length=40)
    recipient: str = Field(max_length=254)
    sealed_params: bytes | None = Field(default=None, sa_type=LargeBinary)
    created_at: datetime = instant()
    not_before: datetime = instant()
    attempts: int = 0
    sent_at: datetime | None = instant(nullable=True)
    failed_at: datetime | None = instant(nullable=True)
    last_error: str = Field(default="", max_length=100)


class MailedLink(SQLModel, table=True):
    """A single-use link sent by mail."""

    __tablename__ = "mailed_link"
    __table_args__ = (Index("ix_mailed_link_account", "account_id", "purpose"),)

    secret_hash: str = Field(primary_key=True, max_length=64)
    account_id: str = refers_to("account")
    purpose: str = Field(max_length=24)
    #: The address the link was sent to: it confirms that one and no other.
    email_key: str = Field(max_length=254)
    created_at: datetime = instant()
    expires_at: datetime = instant()


class EmailChange(SQLModel, table=True):
    """An e-mail change that waits for its confirmation: nothing has changed yet (S-22)."""

    __tablename__ = "email_change"

    account_id: str = refers_to("account", primary_key=True)
    email: str = Field(max_length=254)
    email_key: str = Field(max_length=254)
    secret_hash: str = Field(max_length=64, unique=True)
    requested_at: datetime = instant()
    expires_at: datetime = instant()


class UndoLink(SQLModel, table=True):
    """The "This wasn't me" link of one security mail; holds its address for the account."""

    __tablename__ = "undo_link"
    __table_args__ = (
        Index("ix_undo_link_account", "account_id", "number"),
        Index("ix_undo_link_reserved", "email_key", "expires_at"),
    )

    #: Counts up: which of two links is the newer one, whatever the clock did.
    number: int | None = Field(default=None, primary_key=True)
    secret_hash: str = Field(max_length=64, unique=True)
    account_id: str = refers_to("account")
    #: The address the mail went to, the account's own before what the mail tells of.
    email: str = Field(max_length=254)
    email_key: str = Field(max_length=254)
    #: The second factors of that moment, under a key only the mailed link holds; None: none on.
    wrapped: bytes | None = Field(default=None, sa_type=LargeBinary)
    created_at: datetime = instant()
    expires_at: datetime = instant()
