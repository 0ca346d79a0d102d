"""How alembic reaches the database: the application's own URL and tables."""

import sqlite3
from typing import Literal

from alembic import context
from sqlalchemy import Connection, create_engine, event
from sqlmodel import AutoString, SQLModel

import security_app.db.tables  # noqa: F401 - fills the metadata
from security_app.db.migrations import sync_url
from security_app.db.tables.columns import UtcDateTime
from security_app.settings import get_settings


def render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our own column types into a migration as what they are in the database."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})"
    return False


url = context.config.attributes.get("url") or sync_url(
    get_settings().database_url.get_secret_value()
)
engine = create_engine(url, hide_parameters=True)
if engine.dialect.name == "sqlite":
    # The driver would commit before each CREATE: a broken upgrade must leave nothing.
    @event.listens_for(engine, "connect")
    def _leave_transactions_to_us(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        compare_type=True,
        render_item=render_item,
        transactional_ddl=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
