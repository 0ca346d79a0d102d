"""Identities at other providers, round trips to them, and organizations' own sign-on."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _refers_to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "sso_connection",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("organization_id", sa.String(length=24), nullable=False),
        sa.Column("type", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("client_id", sa.String(length=255), nullable=False),
        sa.Column("sealed_client_secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _refers_to("sso_connection", "organization_id", "organization"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sso_connection")),
        sa.UniqueConstraint("organization_id", name=op.f("uq_sso_connection_organization_id")),
    )
    op.create_table(
        "sso_domain",
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("sso_connection_id", sa.String(length=24), nullable=False),
        _refers_to("sso_domain", "sso_connection_id", "sso_connection"),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_sso_domain")),
    )
    op.create_table(
        "connection",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("account_id", sa.String(length=24), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("sso_connection_id", sa.String(length=24), nullable=True),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("connected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        _refers_to("connection", "account_id", "account"),
        _refers_to("connection", "sso_connection_id", "sso_connection"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection")),
        sa.UniqueConstraint("account_id", "provider", name=op.f("uq_connection_account_id")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_connection_issuer")),
    )
    op.create_table(
        "provider_trip",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=24), nullable=True),
        sa.Column("session_id", sa.String(length=24), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("target", sa.String(length=24), nullable=False),
        sa.Column("next_path", sa.String(length=200), nullable=False),
        sa.Column("sealed_secrets", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_answer", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        _refers_to("provider_trip", "account_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_trip")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_provider_trip_state_hash")),
    )
    with op.batch_alter_table("provider_trip", schema=None) as batch_op:
        batch_op.create_index("ix_provider_trip_account", ["account_id"], unique=False)
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        column = sa.Column(
            "proven_by", sa.String(length=40), nullable=False, server_default="password"
        )
        batch_op.add_column(column)
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.alter_column("proven_by", server_default=None)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.drop_column("proven_by")
    for table in ("provider_trip", "connection", "sso_domain", "sso_connection"):
        op.drop_table(table)
