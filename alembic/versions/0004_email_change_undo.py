"""Changes of the e-mail address, and the "This wasn't me" links of security mails."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "email_change",
        sa.Column("account_id", sa.String(length=24), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("email_key", sa.String(length=254), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_email_change_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_email_change")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_email_change_secret_hash")),
    )
    op.create_table(
        "undo_link",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=24), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("email_key", sa.String(length=254), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_undo_link_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_undo_link")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_undo_link_secret_hash")),
    )
    with op.batch_alter_table("undo_link", schema=None) as batch_op:
        batch_op.create_index("ix_undo_link_account", ["account_id", "number"], unique=False)
        batch_op.create_index("ix_undo_link_reserved", ["email_key", "expires_at"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("undo_link", schema=None) as batch_op:
        batch_op.drop_index("ix_undo_link_reserved")
        batch_op.drop_index("ix_undo_link_account")

    op.drop_table("undo_link")
    op.drop_table("email_change")
