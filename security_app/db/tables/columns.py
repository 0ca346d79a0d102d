"""What the columns of the tables are made of."""

import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, ForeignKey, String
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


def key() -> Any:  # noqa: ANN401
    """A primary key made by :func:`new_id`."""
    return Field(default_factory=new_id, primary_key=True, max_length=_ID_MAX_CHARS)


def refers_to(table: str, *, nullable: bool = False, primary_key: bool = False) -> Any:  # noqa: ANN401
    """The id of a row of another table; what refers to a row goes with it."""
    default: dict[str, Any] = {"default": None} if nullable else {}
    return Field(
        **default,
        sa_type=String(_ID_MAX_CHARS),
        sa_column_args=[ForeignKey(f"{table}.id", ondelete="CASCADE")],
        nullable=nullable,
        primary_key=primary_key,
    )


def instant(*, nullable: bool = False) -> Any:  # noqa: ANN401
    """A moment in UTC."""
    return Field(default=None, sa_type=UtcDateTime, nullable=nullable)
