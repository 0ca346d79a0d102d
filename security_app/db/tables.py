"""All tables. The schema changes through alembic only.

Secrets never rest here: cookie values, tickets and link tokens are SHA-256
digests of 256 random bits, passwords are keyed Argon2id, mails are sealed.
"""

# SQLModel types `__tablename__` as the method it generates, not as the name its users give.
# pyright: reportAssignmentType=false

import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Boolean, DateTime, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


#: Room for ids of other origins than :func:`new_id`.
_ID_MAX_CHARS = 24


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python on every engine; SQLite keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """To UTC."""
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Back to aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def new_id() -> str:
    """An opaque public id: 120 random bits as 20 URL-safe characters."""
    return secrets.token_urlsafe(15)


def known_id(text: str) -> str:
    """An id as it can be looked up: what cannot be one (PostgreSQL takes no NUL) becomes ""."""
    return text if len(text) <= _ID_MAX_CHARS and "\0" not in text else ""


def _key() -> Any:  # noqa: ANN401
    return Field(default_factory=new_id, primary_key=True, max_length=24)


def _owner(*, nullable: bool = False) -> Any:  # noqa: ANN401
    return Field(
        sa_type=String(24),
        sa_column_args=[ForeignKey("account.id", ondelete="CASCADE")],
        nullable=nullable,
    )


def _time(*, nullable: bool = False) -> Any:  # noqa: ANN401
    return Field(default=None, sa_type=UtcDateTime, nullable=nullable)


class Account(SQLModel, table=True):
    """One person."""

    __tablename__ = "account"

    id: str = _key()
    email: str = Field(max_length=254)
    #: The address folded for comparison: unique whatever its spelling.
    email_key: str = Field(max_length=254, unique=True)
    name: str = Field(default="", max_length=100)
    created_at: datetime = _time()
    email_confirmed_at: datetime | None = _time(nullable=True)
    password_hash: str | None = Field(default=None, max_length=300)
    password_changed_at: datetime | None = _time(nullable=True)
    disabled_at: datetime | None = _time(nullable=True)
    #: The highest role anywhere; until there are organizations an operator sets it.
    role: str = Field(
        default="member", max_length=20, sa_column_kwargs={"server_default": "member"}
    )


class Session(SQLModel, table=True):
    """One signed-in browser or API client; ended ones stay for the history."""

    __tablename__ = "session"
    __table_args__ = (Index("ix_session_live", "account_id", "ended_at", "last_active_at", "id"),)

    id: str = _key()
    account_id: str = _owner()
    secret_hash: str = Field(max_length=64, unique=True)
    kind: str = Field(max_length=8)
    opened_by: str = Field(max_length=40)
    two_factor_verified: bool = Field(default=False, sa_type=Boolean)
    name: str = Field(default="", max_length=60)
    browser_hash: str = Field(default="", max_length=64)
    ip: str = Field(default="", max_length=45)
    place: str = Field(default="", max_length=100)
    user_agent: str = Field(default="", max_length=512)
    opened_at: datetime = _time()
    last_active_at: datetime = _time()
    expires_at: datetime = _time()
    ended_at: datetime | None = _time(nullable=True)
    ended_by: str = Field(default="", max_length=24)
    #: A notice to show on the next page load, as "kind:number".
    notice: str = Field(default="", max_length=40)


class Ticket(SQLModel, table=True):
    """The 30-second hand-off from an event to the cookie."""

    __tablename__ = "ticket"

    secret_hash: str = Field(primary_key=True, max_length=64)
    account_id: str = _owner()
    browser_hash: str = Field(max_length=64)
    #: Set when an existing session gets a new secret; empty when a session is opened.
    session_id: str | None = Field(
        default=None,
        sa_type=String(24),
        sa_column_args=[ForeignKey("session.id", ondelete="CASCADE")],
    )
    sign_in_id: str = Field(default="", max_length=24)
    opened_by: str = Field(default="password", max_length=40)
    two_factor_verified: bool = Field(default=False, sa_type=Boolean)
    next_path: str = Field(default="", max_length=200)
    expires_at: datetime = _time()
    spent_at: datetime | None = _time(nullable=True)


class SignInAttempt(SQLModel, table=True):
    """Login history: one row per try, with or without a known account."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index("ix_sign_in_attempt_page", "account_id", "at", "id"),)

    id: str = _key()
    account_id: str | None = _owner(nullable=True)
    at: datetime = _time()
    result: str = Field(max_length=24)
    method: str = Field(max_length=40)
    two_factor_verified: bool = Field(default=False, sa_type=Boolean)
    is_new_device: bool = Field(default=False, sa_type=Boolean)
    ip: str = Field(default="", max_length=45)
    place: str = Field(default="", max_length=100)
    user_agent: str = Field(default="", max_length=512)
    session_id: str = Field(default="", max_length=24)


class SecurityEvent(SQLModel, table=True):
    """The security log: one row per change, written in the change's own commit (S-82)."""

    __tablename__ = "security_event"
    __table_args__ = (Index("ix_security_event_page", "account_id", "at", "id"),)

    id: str = _key()
    account_id: str = _owner()
    at: datetime = _time()
    action: str = Field(max_length=40)
    #: A number or an id that belongs to the action; never a secret.
    detail: str = Field(default="", max_length=100)
    session_id: str = Field(default="", max_length=24)
    ip: str = Field(default="", max_length=45)
    place: str = Field(default="", max_length=100)
    user_agent: str = Field(default="", max_length=512)


class KnownBrowser(SQLModel, table=True):
    """A browser that signed in before: it has its own failure budget (S-50)."""

    __tablename__ = "known_browser"

    account_id: str = Field(
        sa_type=String(24),
        sa_column_args=[ForeignKey("account.id", ondelete="CASCADE")],
        primary_key=True,
    )
    browser_hash: str = Field(primary_key=True, max_length=64)
    last_seen_at: datetime = _time()


class MailedLink(SQLModel, table=True):
    """A single-use link sent by mail."""

    __tablename__ = "mailed_link"
    __table_args__ = (Index("ix_mailed_link_account", "account_id", "purpose"),)

    secret_hash: str = Field(primary_key=True, max_length=64)
    account_id: str = _owner()
    purpose: str = Field(max_length=24)
    #: The address the link was sent to: it confirms that one and no other.
    email_key: str = Field(max_length=254)
    created_at: datetime = _time()
    expires_at: datetime = _time()


class ThrottleKey(SQLModel, table=True):
    """Recent failures under one key, as epoch seconds, newest last."""

    __tablename__ = "throttle_key"

    key: str = Field(primary_key=True, max_length=120)
    hits: str = Field(default="", sa_type=Text)
    updated_at: datetime = _time()


class OutboxMessage(SQLModel, table=True):
    """Mail that waits to be sent; its content is sealed and leaves with the sending."""

    __tablename__ = "outbox_message"
    __table_args__ = (Index("ix_outbox_message_due", "sent_at", "failed_at", "not_before"),)

    id: str = _key()
    kind: str = Field(max_length=40)
    recipient: str = Field(max_length=254)
    sealed_params: bytes | None = Field(default=None, sa_type=LargeBinary)
    created_at: datetime = _time()
    not_before: datetime = _time()
    attempts: int = 0
    sent_at: datetime | None = _time(nullable=True)
    failed_at: datetime | None = _time(nullable=True)
    last_error: str = Field(default="", max_length=100)


class StepUpGrant(SQLModel, table=True):
    """A step-up that succeeded: one action, one session, five minutes, spent once."""

    __tablename__ = "step_up_grant"
    __table_args__ = (Index("ix_step_up_grant_session", "session_id", "action"),)

    id: str = _key()
    account_id: str = _owner()
    session_id: str = Field(
        sa_type=String(24), sa_column_args=[ForeignKey("session.id", ondelete="CASCADE")]
    )
    action: str = Field(max_length=40)
    expires_at: datetime = _time()
    spent_at: datetime | None = _time(nullable=True)


class Totp(SQLModel, table=True):
    """An authenticator app that is on."""

    __tablename__ = "totp"

    account_id: str = Field(
        sa_type=String(24),
        sa_column_args=[ForeignKey("account.id", ondelete="CASCADE")],
        primary_key=True,
    )
    sealed_secret: bytes = Field(sa_type=LargeBinary)
    enabled_at: datetime = _time()
    #: The last time step accepted: this one and all before it are used up (RFC 6238 §5.2).
    last_step: int
    #: Wrong codes in a row; at 50 the method is suspended (S-49).
    failures: int = 0


class TotpSetUp(SQLModel, table=True):
    """An authenticator app that is being set up: inert until a code proves it (S-15)."""

    __tablename__ = "totp_set_up"

    account_id: str = Field(
        sa_type=String(24),
        sa_column_args=[ForeignKey("account.id", ondelete="CASCADE")],
        primary_key=True,
    )
    session_id: str = Field(
        sa_type=String(24), sa_column_args=[ForeignKey("session.id", ondelete="CASCADE")]
    )
    sealed_secret: bytes = Field(sa_type=LargeBinary)
    expires_at: datetime = _time()


class EmailMethod(SQLModel, table=True):
    """The e-mail code as a second factor that is on: codes go to the account's address."""

    __tablename__ = "email_method"

    account_id: str = Field(
        sa_type=String(24),
        sa_column_args=[ForeignKey("account.id", ondelete="CASCADE")],
        primary_key=True,
    )
    enabled_at: datetime = _time()
    last_used_at: datetime | None = _time(nullable=True)
    #: Since a password reset by mail the mailbox has been enough once: with an app on, its
    #: codes do not count until the app has (D5).
    needs_other_method: bool = Field(default=False, sa_type=Boolean)
    #: Wrong codes in a row; at 50 the method is suspended (S-49).
    failures: int = 0


class EmailSetUp(SQLModel, table=True):
    """An e-mail code that is being turned on: inert until a mailed code proves it."""

    __tablename__ = "email_set_up"

    account_id: str = Field(
        sa_type=String(24),
        sa_column_args=[ForeignKey("account.id", ondelete="CASCADE")],
        primary_key=True,
    )
    session_id: str = Field(
        sa_type=String(24), sa_column_args=[ForeignKey("session.id", ondelete="CASCADE")]
    )
    expires_at: datetime = _time()


class EmailCode(SQLModel, table=True):
    """A mailed code: for one purpose of one holder, five minutes, five tries, one use (S-18)."""

    __tablename__ = "email_code"

    account_id: str = Field(
        sa_type=String(24),
        sa_column_args=[ForeignKey("account.id", ondelete="CASCADE")],
        primary_key=True,
    )
    #: "sign_in" or an action of the step-up table.
    purpose: str = Field(primary_key=True, max_length=40)
    #: The half-finished sign-in or the session that asked for it.
    holder: str = Field(primary_key=True, max_length=24)
    #: Keyed: a plain digest of one of a million values hides nothing (S-21).
    code_hash: str = Field(max_length=64)
    expires_at: datetime = _time()
    tries: int = 0


class RecoveryKit(SQLModel, table=True):
    """Which set of recovery codes an account is at; the number outlives the set."""

    __tablename__ = "recovery_kit"

    account_id: str = Field(
        sa_type=String(24),
        sa_column_args=[ForeignKey("account.id", ondelete="CASCADE")],
        primary_key=True,
    )
    number: int
    made_at: datetime = _time()
    failures: int = 0


class RecoveryCode(SQLModel, table=True):
    """One recovery code: a keyed slow hash to check, and by policy a sealed copy to view."""

    __tablename__ = "recovery_code"
    __table_args__ = (Index("ix_recovery_code_tag", "account_id", "tag"),)

    id: str = _key()
    account_id: str = _owner()
    position: int
    #: A keyed digest that finds the one code to compare; useless without the key.
    tag: str = Field(max_length=32)
    code_hash: str = Field(max_length=300)
    sealed_code: bytes | None = Field(default=None, sa_type=LargeBinary)
    used_at: datetime | None = _time(nullable=True)


class Challenge(SQLModel, table=True):
    """A sign-in that has passed the password and awaits the second factor (S-41)."""

    __tablename__ = "challenge"
    __table_args__ = (Index("ix_challenge_browser", "browser_hash", "expires_at"),)

    id: str = _key()
    account_id: str = _owner()
    #: Digest of the API's pending secret; of nothing anybody knows for a browser.
    secret_hash: str = Field(max_length=64, unique=True)
    #: The browser that may finish it, "" for API clients.
    browser_hash: str = Field(default="", max_length=64)
    sign_in_id: str = Field(max_length=24)
    next_path: str = Field(default="", max_length=200)
    expires_at: datetime = _time()
    tries: int = 0
    finished_at: datetime | None = _time(nullable=True)


class EmailChange(SQLModel, table=True):
    """An e-mail change that waits for its confirmation: nothing has changed yet (S-22)."""

    __tablename__ = "email_change"

    account_id: str = Field(
        sa_type=String(24),
        sa_column_args=[ForeignKey("account.id", ondelete="CASCADE")],
        primary_key=True,
    )
    email: str = Field(max_length=254)
    email_key: str = Field(max_length=254)
    secret_hash: str = Field(max_length=64, unique=True)
    requested_at: datetime = _time()
    expires_at: datetime = _time()


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
    account_id: str = _owner()
    #: The address the mail went to, the account's own before what the mail tells of.
    email: str = Field(max_length=254)
    email_key: str = Field(max_length=254)
    #: The second factors of that moment, under a key only the mailed link holds; None: none on.
    wrapped: bytes | None = Field(default=None, sa_type=LargeBinary)
    created_at: datetime = _time()
    expires_at: datetime = _time()
