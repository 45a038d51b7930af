"""previews

Revision: 0004, after 0003. Down: the previews are dropped; they are made again when somebody asks.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATES = ("due", "making", "ready", "failed")


def upgrade() -> None:
    op.create_table(
        "preview",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="workstate", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("error", sa.String(80), nullable=True),
        sa.Column("pdf", sa.LargeBinary(), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_preview_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preview")),
        sa.UniqueConstraint("practice_id", "digest", name=op.f("uq_preview_practice_id_digest")),
        sa.UniqueConstraint("practice_id", "id", name=op.f("uq_preview_practice_id_id")),
    )
    op.create_index(op.f("ix_preview_practice_id"), "preview", ["practice_id"])
    op.create_index(op.f("ix_preview_state"), "preview", ["state"])


def downgrade() -> None:
    op.drop_table("preview")
