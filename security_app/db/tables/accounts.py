"""The account and its sign-ins."""

# SQLModel types `__tablename__` as the method it generates, not as the name its users give.
# pyright: reportAssignmentType=false

from datetime import datetime

from sqlalchemy import Boolean, Index, Text
from sqlmodel import Field, SQLModel

from security_app.db.tables.columns import instant, key, refers_to


class Account(SQLModel, table=True):
    """One person."""

    __tablename__ = "account"

    id: str = key()
    email: str = Field(max_length=254)
    #: The address folded for comparison: unique whatever its spelling.
    email_key: str = Field(max_length=254, unique=True)
    name: str = Field(default="", max_length=100)
    created_at: datetime = instant()
    email_confirmed_at: datetime | None = instant(nullable=True)
    password_hash: str | None = Field(default=None, max_length=300)
    password_changed_at: datetime | None = instant(nullable=True)
    disabled_at: datetime | None = instant(nullable=True)


class Session(SQLModel, table=True):
    """One signed-in browser or API client; ended ones stay for the history."""

    __tablename__ = "session"
    __table_args__ = (Index("ix_session_live", "account_id", "ended_at", "last_active_at", "id"),)

    id: str = key()
    account_id: str = refers_to("account")
    secret_hash: str = Field(max_length=64, unique=True)
    kind: str = Field(max_length=8)
    opened_by: str = Field(max_length=40)
    two_factor_verified: bool = Field(default=False, sa_type=Boolean)
    name: str = Field(default="", max_length=60)
    browser_hash: str = Field(default="", max_length=64)
    ip: str = Field(default="", max_length=45)
    place: str = Field(default="", max_length=100)
    user_agent: str = Field(default="", max_length=512)
    opened_at: datetime = instant()
    last_active_at: datetime = instant()
    expires_at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)
    ended_by: str = Field(default="", max_length=24)
    #: A notice to show on the next page load, as "kind:number" or "kind:number:number".
    notice: str = Field(default="", max_length=40)


class Ticket(SQLModel, table=True):
    """The 30-second hand-off from an event to the cookie."""

    __tablename__ = "ticket"

    secret_hash: str = Field(primary_key=True, max_length=64)
    account_id: str = refers_to("account")
    browser_hash: str = Field(max_length=64)
    #: Set when an existing session gets a new secret; empty when a session is opened.
    session_id: str | None = refers_to("session", nullable=True)
    sign_in_id: str = Field(default="", max_length=24)
    opened_by: str = Field(default="password", max_length=40)
    two_factor_verified: bool = Field(default=False, sa_type=Boolean)
    next_path: str = Field(default="", max_length=200)
    expires_at: datetime = instant()
    spent_at: datetime | None = instant(nullable=True)


class SignInAttempt(SQLModel, table=True):
    """Login history: one row per try, with or without a known account."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index("ix_sign_in_attempt_page", "account_id", "at", "id"),)

    id: str = key()
    account_id: str | None = refers_to("account", nullable=True)
    at: datetime = instant()
    result: str = Field(max_length=24)
    method: str = Field(max_length=40)
    two_factor_verified: bool = Field(default=False, sa_type=Boolean)
    is_new_device: bool = Field(default=False, sa_type=Boolean)
    ip: str = Field(default="", max_length=45)
    place: str = Field(default="", max_length=100)
    user_agent: str = Field(default="", max_length=512)
    session_id: str = Field(default="", max_length=24)


class Challenge(SQLModel, table=True):
    """A sign-in that has passed the password and awaits the second factor (S-41)."""

    __tablename__ = "challenge"
    __table_args__ = (Index("ix_challenge_browser", "browser_hash", "expires_at"),)

    id: str = key()
    account_id: str = refers_to("account")
    #: Digest of the API's pending secret; of nothing anybody knows for a browser.
    secret_hash: str = Field(max_length=64, unique=True)
    #: The browser that may finish it, "" for API clients.
    browser_hash: str = Field(default="", max_length=64)
    sign_in_id: str = Field(max_length=24)
    #: What was proven so far: "password", or a provider.
    proven_by: str = Field(default="password", max_length=40)
    next_path: str = Field(default="", max_length=200)
    expires_at: datetime = instant()
    tries: int = 0
    finished_at: datetime | None = instant(nullable=True)


class KnownBrowser(SQLModel, table=True):
    """A browser that signed in before: it has its own failure budget (S-50)."""

    __tablename__ = "known_browser"

    account_id: str = refers_to("account", primary_key=True)
    browser_hash: str = Field(primary_key=True, max_length=64)
    last_seen_at: datetime = instant()


class SecurityEvent(SQLModel, table=True):
    """The security log: one row per change, written in the change's own commit (S-82)."""

    __tablename__ = "security_event"
    __table_args__ = (Index("ix_security_event_page", "account_id", "at", "id"),)

    id: str = key()
    account_id: str = refers_to("account")
    at: datetime = instant()
    action: str = Field(max_length=40)
    #: A number or an id that belongs to the action; never a secret.
    detail: str = Field(default="", max_length=100)
    session_id: str = Field(default="", max_length=24)
    ip: str = Field(default="", max_length=45)
    place: str = Field(default="", max_length=100)
    user_agent: str = Field(default="", max_length=512)


class ThrottleKey(SQLModel, table=True):
    """Recent failures under one key, as epoch seconds, newest last."""

    __tablename__ = "throttle_key"

    key: str = Field(primary_key=True, max_length=120)
    hits: str = Field(default="", sa_type=Text)
    updated_at: datetime = instant()
