"""a word agreed in person

Revision: 0002, after 0001. Down: words are dropped, and messages that told of a locked link are kept as
messages about a result, which 0001 knows.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BEFORE = ("invitation", "reminder", "result", "risk", "test")
AFTER = ("invitation", "reminder", "result", "risk", "locked", "test")


def upgrade() -> None:
    with op.batch_alter_table("respondent", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("passphrase_hash_sealed", sa.LargeBinary(), nullable=True))
    _purposes(BEFORE, AFTER)


def downgrade() -> None:
    op.execute("UPDATE dispatch SET purpose = 'result' WHERE purpose = 'locked'")
    _purposes(AFTER, BEFORE)
    with op.batch_alter_table("respondent", recreate="never") as batch_op:
        batch_op.drop_column("passphrase_hash_sealed")


def _purposes(before: tuple[str, ...], after: tuple[str, ...]) -> None:
    """Let `dispatch.purpose` hold `after`. SQLite makes the table anew, with all that `_dispatch` names."""
    with op.batch_alter_table("dispatch", copy_from=_dispatch(before)) as batch_op:
        batch_op.drop_constraint(op.f("ck_dispatch_purpose"), type_="check")
        batch_op.create_check_constraint(op.f("ck_dispatch_purpose"), _one_of("purpose", after))


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def _dispatch(purposes: tuple[str, ...]) -> sa.Table:
    """The table as 0001 made it, with its checks by name: SQLite can't tell them."""
    states = (
        "planned",
        "held",
        "due",
        "handed_over",
        "unclear",
        "delivered",
        "failed",
        "cancelled",
    )
    return sa.Table(
        "dispatch",
        sa.MetaData(),
        sa.Column("purpose", sa.String(24), nullable=False),
        sa.Column("recipient", sa.String(24), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=True),
        sa.Column("respondent_id", sa.Uuid(), nullable=True),
        sa.Column("contact_point_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.String(12), nullable=False),
        sa.Column("lane", sa.String(12), nullable=False),
        sa.Column("business_key", sa.String(120), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code", sa.String(40), nullable=True),
        sa.Column("reason", sa.String(200), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(_one_of("purpose", purposes), name="ck_dispatch_purpose"),
        sa.CheckConstraint(_one_of("recipient", ("client", "person")), name="ck_dispatch_recipientkind"),
        sa.CheckConstraint(_one_of("state", states), name="ck_dispatch_dispatchstate"),
        sa.CheckConstraint(
            "(recipient = 'client') = (contact_point_id IS NOT NULL)",
            name="ck_dispatch_a_client_has_a_contact_point",
        ),
        sa.CheckConstraint(
            "(recipient = 'person') = (person_id IS NOT NULL)", name="ck_dispatch_a_person_has_an_id"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_dispatch_person_id"),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name="fk_dispatch_practice_id"),
        *(
            sa.ForeignKeyConstraint(
                ["practice_id", f"{table}_id"],
                [f"{table}.practice_id", f"{table}.id"],
                name=f"fk_dispatch_practice_id_{table}_id",
            )
            for table in ("assignment", "contact_point", "respondent")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_dispatch"),
        sa.UniqueConstraint("practice_id", "business_key", name="uq_dispatch_practice_id_business_key"),
        sa.UniqueConstraint("practice_id", "id", name="uq_dispatch_practice_id_id"),
        sa.Index("ix_dispatch_assignment_id", "assignment_id"),
        sa.Index("ix_dispatch_person_id", "person_id"),
        sa.Index("ix_dispatch_practice_id", "practice_id"),
        sa.Index("ix_dispatch_state", "state"),
    )
