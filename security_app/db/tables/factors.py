"""Second factors, the PIN, and the proofs given with them."""

# SQLModel types `__tablename__` as the method it generates, not as the name its users give.
# pyright: reportAssignmentType=false

from datetime import datetime

from sqlalchemy import Boolean, Index, LargeBinary
from sqlmodel import Field, SQLModel

from security_app.db.tables.columns import instant, key, refers_to


class Totp(SQLModel, table=True):
    """An authenticator app that is on."""

    __tablename__ = "totp"

    account_id: str = refers_to("account", primary_key=True)
    sealed_secret: bytes = Field(sa_type=LargeBinary)
    enabled_at: datetime = instant()
    #: The last time step accepted: this one and all before it are used up (RFC 6238 §5.2).
    last_step: int
    #: Wrong codes in a row; at 50 the method is suspended (S-49).
    failures: int = 0


class TotpSetUp(SQLModel, table=True):
    """An authenticator app that is being set up: inert until a code proves it (S-15)."""

    __tablename__ = "totp_set_up"

    account_id: str = refers_to("account", primary_key=True)
    session_id: str = refers_to("session")
    sealed_secret: bytes = Field(sa_type=LargeBinary)
    expires_at: datetime = instant()


class EmailMethod(SQLModel, table=True):
    """The e-mail code as a second factor that is on: codes go to the account's address."""

    __tablename__ = "email_method"

    account_id: str = refers_to("account", primary_key=True)
    enabled_at: datetime = instant()
    last_used_at: datetime | None = instant(nullable=True)
    #: Since a password reset by mail the mailbox has been enough once: with an app on, its
    #: codes do not count until the app has (D5).
    needs_other_method: bool = Field(default=False, sa_type=Boolean)
    #: Wrong codes in a row; at 50 the method is suspended (S-49).
    failures: int = 0


class EmailSetUp(SQLModel, table=True):
    """An e-mail code that is being turned on: inert until a mailed code proves it."""

    __tablename__ = "email_set_up"

    account_id: str = refers_to("account", primary_key=True)
    session_id: str = refers_to("session")
    expires_at: datetime = instant()


class EmailCode(SQLModel, table=True):
    """A mailed code: for one purpose of one holder, five minutes, five tries, one use (S-18)."""

    __tablename__ = "email_code"

    account_id: str = refers_to("account", primary_key=True)
    #: "sign_in" or an action of the step-up table.
    purpose: str = Field(primary_key=True, max_length=40)
    #: The half-finished sign-in or the session that asked for it.
    holder: str = Field(primary_key=True, max_length=24)
    #: Keyed: a plain digest of one of a million values hides nothing (S-21).
    code_hash: str = Field(max_length=64)
    expires_at: datetime = instant()
    tries: int = 0


class RecoveryKit(SQLModel, table=True):
    """Which set of recovery codes an account is at; the number outlives the set."""

    __tablename__ = "recovery_kit"

    account_id: str = refers_to("account", primary_key=True)
    number: int
    made_at: datetime = instant()
    failures: int = 0


class RecoveryCode(SQLModel, table=True):
    """One recovery code: a keyed slow hash to check, and by policy a sealed copy to view."""

    __tablename__ = "recovery_code"
    __table_args__ = (Index("ix_recovery_code_tag", "account_id", "tag"),)

    id: str = key()
    account_id: str = refers_to("account")
    position: int
    #: A keyed digest that finds the one code to compare; useless without the key.
    tag: str = Field(max_length=32)
    code_hash: str = Field(max_length=300)
    sealed_code: bytes | None = Field(default=None, sa_type=LargeBinary)
    used_at: datetime | None = instant(nullable=True)


class Pin(SQLModel, table=True):
    """The PIN: a brake before irreversible actions, no factor (D7)."""

    __tablename__ = "pin"

    account_id: str = refers_to("account", primary_key=True)
    #: Argon2id over a keyed digest: ten thousand values hide in nothing less (S-31).
    pin_hash: str = Field(max_length=300)
    set_at: datetime = instant()
    #: Wrong ones in a row, counted before they are compared (S-32); at 10 it is disabled.
    failures: int = 0
    locked_until: datetime | None = instant(nullable=True)


class StepUpGrant(SQLModel, table=True):
    """A step-up that succeeded: one action on one target, one holder, spent once (S-42)."""

    __tablename__ = "step_up_grant"
    __table_args__ = (Index("ix_step_up_grant_holder", "holder", "action", "target"),)

    id: str = key()
    account_id: str = refers_to("account")
    #: The session or the API key that proved it.
    holder: str = Field(max_length=24)
    action: str = Field(max_length=40)
    #: The id of the one object it is good for, "" where the action has none (S-33).
    target: str = Field(default="", max_length=24)
    expires_at: datetime = instant()
    spent_at: datetime | None = instant(nullable=True)
