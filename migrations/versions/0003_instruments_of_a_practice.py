"""instruments of a practice

Revision: 0003, after 0002. Down: the practice's own instruments, drafts and accepted terms are dropped.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ORIGINS = ("built", "imported", "wording")


def upgrade() -> None:
    with op.batch_alter_table("submission", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("wording_hash", sa.String(64), nullable=True))
    _table(
        "instrument_file",
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column(
            "origin",
            sa.Enum(*ORIGINS, name="origin", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        _person("instrument_file", "added_by"),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.UniqueConstraint(
            "practice_id",
            "key",
            "version",
            "language",
            name=op.f("uq_instrument_file_practice_id_key_version_language"),
        ),
    )
    _table(
        "instrument_draft",
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        _person("instrument_draft", "made_by"),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
    )
    _table(
        "terms_accepted",
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("accepted_by", sa.Uuid(), nullable=True),
        _person("terms_accepted", "accepted_by"),
        sa.Column("accepted_name", sa.String(120), nullable=False),
        sa.UniqueConstraint("practice_id", "key", name=op.f("uq_terms_accepted_practice_id_key")),
    )


def downgrade() -> None:
    for name in ("terms_accepted", "instrument_draft", "instrument_file"):
        op.drop_table(name)
    with op.batch_alter_table("submission", recreate="never") as batch_op:
        batch_op.drop_column("wording_hash")


def _person(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["person.id"], name=op.f(f"fk_{table}_{column}"))


def _table(name: str, *parts: sa.schema.SchemaItem) -> None:
    """A tenant table: its own id, its practice, and the pair that composite keys point at."""
    op.create_table(
        name,
        *parts,
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f(f"fk_{name}_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("practice_id", "id", name=op.f(f"uq_{name}_practice_id_id")),
    )
    op.create_index(op.f(f"ix_{name}_practice_id"), name, ["practice_id"])
