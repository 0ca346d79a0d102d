"""Domains of an organization's sign-on that wait for their proof; those there are stay proven."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "sso_domain_claim",
        sa.Column("sso_connection_id", sa.String(length=24), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("token", sa.String(length=43), nullable=False),
        sa.Column("finding", sa.String(length=8), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["sso_connection_id"],
            ["sso_connection.id"],
            name=op.f("fk_sso_domain_claim_sso_connection_id_sso_connection"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("sso_connection_id", "domain", name=op.f("pk_sso_domain_claim")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("sso_domain_claim")
