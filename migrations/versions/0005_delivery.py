"""delivery: texts, consents by address, schedules, appointments, bulk sends

Revision: 0005, after 0004. No version before this one could make a schedule, so that table is made anew.
Attempts to clients get the consent that stood when they were made. Down: what only 0005 knows is dropped;
attempts, consents and opt-outs that stand are kept.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

WAYS = ("email", "sms", "portal", "kiosk", "in_person")
OCCASIONS = ("screening", "progress", "outcome")
NEW = ("occurrence", "notice", "past_total", "bulk_item", "bulk_send", "appointment", "calendar_feed")


def upgrade() -> None:
    for table, column in _added():
        with op.batch_alter_table(table, recreate="never") as batch_op:
            batch_op.add_column(column)
    with op.batch_alter_table("practice") as batch_op:
        batch_op.create_unique_constraint(op.f("uq_practice_sms_number"), ["sms_number"])
    with op.batch_alter_table("consent") as batch_op:
        batch_op.create_foreign_key(
            op.f("fk_consent_practice_id_contact_point_id"),
            "contact_point",
            ["practice_id", "contact_point_id"],
            ["practice_id", "id"],
        )
    with op.batch_alter_table("opt_out") as batch_op:
        batch_op.drop_constraint(op.f("uq_opt_out_channel_contact_hash"), type_="unique")
    standing = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_opt_out_standing",
        "opt_out",
        ["channel", "contact_hash"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
    undone = sa.text("done_at IS NULL")
    op.create_index(
        "ix_inbox_entry_undone",
        "inbox_entry",
        ["received_at"],
        sqlite_where=undone,
        postgresql_where=undone,
    )
    op.create_index("uq_dispatch_recipient", "dispatch", ["practice_id", "id", "recipient"], unique=True)
    _bind_attempts()
    _schedules(new=True)
    _tables()


def downgrade() -> None:
    op.execute("UPDATE assignment SET schedule_id = NULL, occurrence = NULL")
    for table in NEW:
        op.drop_table(table)
    op.drop_table("contact_use")
    op.drop_table("breaker")
    _schedules(new=False)
    _free_attempts()
    op.drop_index("uq_dispatch_recipient", "dispatch")
    op.drop_index("ix_inbox_entry_undone", "inbox_entry")
    op.execute("DELETE FROM opt_out WHERE ended_at IS NOT NULL")
    op.drop_index("uq_opt_out_standing", "opt_out")
    with op.batch_alter_table("opt_out") as batch_op:
        batch_op.create_unique_constraint(
            op.f("uq_opt_out_channel_contact_hash"), ["channel", "contact_hash"]
        )
    with op.batch_alter_table("consent") as batch_op:
        batch_op.drop_constraint(op.f("fk_consent_practice_id_contact_point_id"), type_="foreignkey")
    with op.batch_alter_table("practice") as batch_op:
        batch_op.drop_constraint(op.f("uq_practice_sms_number"), type_="unique")
    for table, column in _added():
        if table != "attempt":  # made anew without them
            with op.batch_alter_table(table, recreate="never") as batch_op:
                batch_op.drop_column(column.name)


def _added() -> list[tuple[str, sa.Column]]:
    return [
        ("assignment", sa.Column("reminder_days", sa.Integer(), nullable=False, server_default="3")),
        ("attempt", sa.Column("recipient", sa.String(24), nullable=True)),
        ("attempt", sa.Column("consent_id", sa.Uuid(), nullable=True)),
        ("attempt", sa.Column("sender", sa.String(40), nullable=False, server_default="")),
        ("client", sa.Column("calendar_code_sealed", sa.LargeBinary(), nullable=True)),
        ("consent", sa.Column("contact_point_id", sa.Uuid(), nullable=True)),
        ("contact_point", sa.Column("confirmed_how", sa.String(24), nullable=True)),
        ("inbox_entry", sa.Column("tries", sa.Integer(), nullable=False, server_default="0")),
        ("inbox_entry", sa.Column("error", sa.String(120), nullable=True)),
        ("opt_out", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True)),
        ("respondent", sa.Column("in_person_only", sa.Boolean(), nullable=False, server_default=sa.false())),
        ("practice", sa.Column("sms_sender", sa.String(40), nullable=True)),
        ("practice", sa.Column("sms_number", sa.String(20), nullable=True)),
    ]


def _bind_attempts() -> None:
    """Each attempt says to what kind of recipient it went, and to a client under which consent."""
    op.execute(
        "UPDATE attempt SET recipient = (SELECT recipient FROM dispatch WHERE dispatch.id = attempt.dispatch_id)"
    )
    # Every attempt to a client was made under a consent; where there were several, the last that stands.
    op.execute(
        """
        UPDATE attempt SET consent_id = (
            SELECT consent.id FROM consent JOIN dispatch ON dispatch.respondent_id = consent.respondent_id
            WHERE dispatch.id = attempt.dispatch_id AND consent.channel = dispatch.channel
              AND consent.practice_id = attempt.practice_id
            ORDER BY consent.withdrawn_at IS NOT NULL, consent.created_at DESC, consent.id DESC
            LIMIT 1)
        WHERE recipient = 'client'
        """
    )
    with op.batch_alter_table("attempt", copy_from=_attempt(bound=False)) as batch_op:
        batch_op.alter_column("recipient", existing_type=sa.String(24), nullable=False)
        batch_op.create_check_constraint(
            op.f("ck_attempt_recipientkind"), _one_of("recipient", ("client", "person"))
        )
        batch_op.create_check_constraint(
            op.f("ck_attempt_a_client_has_agreed"), "(recipient = 'client') = (consent_id IS NOT NULL)"
        )
        batch_op.create_foreign_key(
            "fk_attempt_recipient",
            "dispatch",
            ["practice_id", "dispatch_id", "recipient"],
            ["practice_id", "id", "recipient"],
        )
        batch_op.create_foreign_key(
            op.f("fk_attempt_practice_id_consent_id"),
            "consent",
            ["practice_id", "consent_id"],
            ["practice_id", "id"],
        )


def _free_attempts() -> None:
    with op.batch_alter_table("attempt", copy_from=_attempt(bound=True)) as batch_op:
        batch_op.drop_constraint(op.f("fk_attempt_practice_id_consent_id"), type_="foreignkey")
        batch_op.drop_constraint("fk_attempt_recipient", type_="foreignkey")
        batch_op.drop_constraint(op.f("ck_attempt_a_client_has_agreed"), type_="check")
        batch_op.drop_constraint(op.f("ck_attempt_recipientkind"), type_="check")
        for name in ("recipient", "consent_id", "sender"):
            batch_op.drop_column(name)


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def _attempt(*, bound: bool) -> sa.Table:
    """The table with its checks by name (SQLite can't tell them), before or after `_bind_attempts`."""
    extra: list[sa.Constraint] = []
    if bound:
        extra = [
            sa.CheckConstraint(_one_of("recipient", ("client", "person")), name="ck_attempt_recipientkind"),
            sa.CheckConstraint(
                "(recipient = 'client') = (consent_id IS NOT NULL)", name="ck_attempt_a_client_has_agreed"
            ),
            sa.ForeignKeyConstraint(
                ["practice_id", "dispatch_id", "recipient"],
                ["dispatch.practice_id", "dispatch.id", "dispatch.recipient"],
                name="fk_attempt_recipient",
            ),
            sa.ForeignKeyConstraint(
                ["practice_id", "consent_id"],
                ["consent.practice_id", "consent.id"],
                name="fk_attempt_practice_id_consent_id",
            ),
        ]
    return sa.Table(
        "attempt",
        sa.MetaData(),
        sa.Column("dispatch_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(24), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reference", sa.String(128), nullable=True),
        sa.Column("code", sa.String(40), nullable=True),
        sa.Column("reason", sa.String(200), nullable=True),
        sa.Column("evidence", sa.String(12), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recipient", sa.String(24), nullable=not bound),
        sa.Column("consent_id", sa.Uuid(), nullable=True),
        sa.Column("sender", sa.String(40), nullable=False, server_default=""),
        sa.CheckConstraint(
            _one_of("state", ("attempting", "accepted", "refused", "unknown")), name="ck_attempt_attemptstate"
        ),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name="fk_attempt_practice_id"),
        sa.ForeignKeyConstraint(
            ["practice_id", "dispatch_id"],
            ["dispatch.practice_id", "dispatch.id"],
            name="fk_attempt_practice_id_dispatch_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
        sa.UniqueConstraint("dispatch_id", "number", name="uq_attempt_dispatch_id_number"),
        sa.UniqueConstraint("practice_id", "id", name="uq_attempt_practice_id_id"),
        *extra,
        sa.Index("ix_attempt_dispatch_id", "dispatch_id"),
        sa.Index("ix_attempt_practice_id", "practice_id"),
        sa.Index("ix_attempt_state", "state"),
        sa.Index("ix_attempt_state_started_at", "state", "started_at"),
    )


def _schedules(*, new: bool) -> None:
    """The table `schedule` as this revision has it (`new`), or as 0001 had it; without rows."""
    key = op.f("fk_assignment_practice_id_schedule_id")
    own_statement = op.get_bind().dialect.name != "sqlite"
    if own_statement:
        op.drop_constraint(key, "assignment", type_="foreignkey")
    op.drop_table("schedule")
    added: list[sa.Column | sa.Constraint] = []
    if new:
        added = [
            sa.Column("client_id", sa.Uuid(), nullable=False),
            sa.Column("battery_id", sa.Uuid(), nullable=True),
            sa.Column("occasion", _choice("occasion", OCCASIONS), nullable=False),
            sa.Column("languages", sa.JSON(), nullable=False),
            sa.Column("kind", _choice("schedulekind", ("dates", "appointments")), nullable=False),
            sa.Column("ends_on", sa.String(10), nullable=True),
            sa.Column("lead_minutes", sa.Integer(), nullable=False),
            sa.Column("every", sa.Integer(), nullable=False),
            sa.Column("skips", sa.JSON(), nullable=False),
            sa.Column("reminder_days", sa.Integer(), nullable=False),
            sa.Column("expires_in_days", sa.Integer(), nullable=True),
            sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
            sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
            *(_same_practice("schedule", table) for table in ("client", "battery")),
        ]
    op.create_table(
        "schedule",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("respondent_id", sa.Uuid(), nullable=False),
        sa.Column("instruments", sa.JSON(), nullable=False),
        sa.Column("channel", _choice("way", WAYS), nullable=False),
        sa.Column("rule", sa.String(200), nullable=False),
        sa.Column("starts_on", sa.String(10), nullable=False),
        sa.Column("wall_time", sa.String(5), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stop_reason", sa.String(40), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *added,
        *(_same_practice("schedule", table) for table in ("episode", "respondent")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_schedule_practice_id")),
        sa.ForeignKeyConstraint(["requested_by"], ["person.id"], name=op.f("fk_schedule_requested_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule")),
        sa.UniqueConstraint("practice_id", "id", name=op.f("uq_schedule_practice_id_id")),
    )
    for column in ("episode_id", "practice_id", *(("client_id", "next_at") if new else ())):
        op.create_index(op.f(f"ix_schedule_{column}"), "schedule", [column])
    if own_statement:
        op.create_foreign_key(
            key, "assignment", "schedule", ["practice_id", "schedule_id"], ["practice_id", "id"]
        )


def _choice(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=24)


def _same_practice(table: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["practice_id", f"{other}_id"],
        [f"{other}.practice_id", f"{other}.id"],
        name=op.f(f"fk_{table}_practice_id_{other}_id"),
    )


def _tables() -> None:
    op.create_table(
        "breaker",
        sa.Column("provider", sa.String(length=24), nullable=False),
        sa.Column("sender", sa.String(length=40), nullable=False),
        sa.Column("results", sa.JSON(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("provider", "sender", name=op.f("pk_breaker")),
    )

    op.create_table(
        "contact_use",
        sa.Column("contact_hash", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_use")),
    )
    op.create_index(op.f("ix_contact_use_contact_hash_at"), "contact_use", ["contact_hash", "at"])

    op.create_table(
        "calendar_feed",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("url_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_calendar_feed_person_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_calendar_feed_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("practice_id", "id", name=op.f("uq_calendar_feed_practice_id_id")),
    )
    op.create_index(op.f("ix_calendar_feed_next_at"), "calendar_feed", ["next_at"])
    op.create_index(op.f("ix_calendar_feed_person_id"), "calendar_feed", ["person_id"])
    op.create_index(op.f("ix_calendar_feed_practice_id"), "calendar_feed", ["practice_id"])

    op.create_table(
        "appointment",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("calendar_feed_id", sa.Uuid(), nullable=True),
        sa.Column("starts_on", sa.String(length=10), nullable=False),
        sa.Column("wall_time", sa.String(length=5), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=200), nullable=False),
        sa.Column("skips", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("source_key", sa.String(length=64), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_appointment_person_id")),
        sa.ForeignKeyConstraint(
            ["practice_id", "calendar_feed_id"],
            ["calendar_feed.practice_id", "calendar_feed.id"],
            name=op.f("fk_appointment_practice_id_calendar_feed_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "client_id"],
            ["client.practice_id", "client.id"],
            name=op.f("fk_appointment_practice_id_client_id"),
        ),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_appointment_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
        sa.UniqueConstraint("practice_id", "id", name=op.f("uq_appointment_practice_id_id")),
        sa.UniqueConstraint(
            "practice_id", "source", "source_key", name=op.f("uq_appointment_practice_id_source_source_key")
        ),
    )
    op.create_index(op.f("ix_appointment_client_id"), "appointment", ["client_id"])
    op.create_index(op.f("ix_appointment_person_id"), "appointment", ["person_id"])
    op.create_index(op.f("ix_appointment_practice_id"), "appointment", ["practice_id"])

    op.create_table(
        "bulk_send",
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("battery_id", sa.Uuid(), nullable=True),
        sa.Column("instruments", sa.JSON(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "email",
                "sms",
                "portal",
                "kiosk",
                "in_person",
                name="way",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column(
            "occasion",
            sa.Enum(
                "screening",
                "progress",
                "outcome",
                name="occasion",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("choices_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id", "battery_id"],
            ["battery.practice_id", "battery.id"],
            name=op.f("fk_bulk_send_practice_id_battery_id"),
        ),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_bulk_send_practice_id")),
        sa.ForeignKeyConstraint(["requested_by"], ["person.id"], name=op.f("fk_bulk_send_requested_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_send")),
        sa.UniqueConstraint("practice_id", "id", name=op.f("uq_bulk_send_practice_id_id")),
    )
    op.create_index(op.f("ix_bulk_send_practice_id"), "bulk_send", ["practice_id"])
    op.create_index(op.f("ix_bulk_send_requested_by"), "bulk_send", ["requested_by"])

    op.create_table(
        "bulk_item",
        sa.Column("bulk_send_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "made",
                "blocked",
                name="itemstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("assignment_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id", "assignment_id"],
            ["assignment.practice_id", "assignment.id"],
            name=op.f("fk_bulk_item_practice_id_assignment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "bulk_send_id"],
            ["bulk_send.practice_id", "bulk_send.id"],
            name=op.f("fk_bulk_item_practice_id_bulk_send_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "client_id"],
            ["client.practice_id", "client.id"],
            name=op.f("fk_bulk_item_practice_id_client_id"),
        ),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_bulk_item_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_item")),
        sa.UniqueConstraint("bulk_send_id", "client_id", name=op.f("uq_bulk_item_bulk_send_id_client_id")),
        sa.UniqueConstraint("practice_id", "id", name=op.f("uq_bulk_item_practice_id_id")),
    )
    op.create_index(op.f("ix_bulk_item_bulk_send_id"), "bulk_item", ["bulk_send_id"])
    op.create_index(op.f("ix_bulk_item_client_id"), "bulk_item", ["client_id"])
    op.create_index(
        "ix_bulk_item_planned",
        "bulk_item",
        ["bulk_send_id"],
        sqlite_where=sa.text("state = 'planned'"),
        postgresql_where=sa.text("state = 'planned'"),
    )
    op.create_index(op.f("ix_bulk_item_state"), "bulk_item", ["state"])
    op.create_index(op.f("ix_bulk_item_practice_id"), "bulk_item", ["practice_id"])

    op.create_table(
        "past_total",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("respondent_id", sa.Uuid(), nullable=False),
        sa.Column("instrument_key", sa.String(length=60), nullable=False),
        sa.Column("answered_on", sa.String(length=10), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=False),
        sa.Column("total_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entered_by"], ["person.id"], name=op.f("fk_past_total_entered_by")),
        sa.ForeignKeyConstraint(
            ["practice_id", "client_id"],
            ["client.practice_id", "client.id"],
            name=op.f("fk_past_total_practice_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "respondent_id"],
            ["respondent.practice_id", "respondent.id"],
            name=op.f("fk_past_total_practice_id_respondent_id"),
        ),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_past_total_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_total")),
        sa.UniqueConstraint("practice_id", "id", name=op.f("uq_past_total_practice_id_id")),
    )
    op.create_index(op.f("ix_past_total_client_id"), "past_total", ["client_id"])
    op.create_index(op.f("ix_past_total_practice_id"), "past_total", ["practice_id"])

    op.create_table(
        "notice",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("contact_point_id", sa.Uuid(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "text_reply",
                "opted_out",
                "dead_contact",
                "wrong_person",
                "refused",
                "unanswered",
                "not_planned",
                name="noticekind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["done_by"], ["person.id"], name=op.f("fk_notice_done_by")),
        sa.ForeignKeyConstraint(
            ["practice_id", "client_id"],
            ["client.practice_id", "client.id"],
            name=op.f("fk_notice_practice_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "contact_point_id"],
            ["contact_point.practice_id", "contact_point.id"],
            name=op.f("fk_notice_practice_id_contact_point_id"),
        ),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_notice_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("practice_id", "id", name=op.f("uq_notice_practice_id_id")),
    )
    op.create_index(op.f("ix_notice_client_id_done_at"), "notice", ["client_id", "done_at"])
    op.create_index(op.f("ix_notice_practice_id"), "notice", ["practice_id"])

    op.create_table(
        "occurrence",
        sa.Column("schedule_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=10), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "made",
                "skipped",
                "missed",
                "blocked",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("assignment_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id", "assignment_id"],
            ["assignment.practice_id", "assignment.id"],
            name=op.f("fk_occurrence_practice_id_assignment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["practice_id", "schedule_id"],
            ["schedule.practice_id", "schedule.id"],
            name=op.f("fk_occurrence_practice_id_schedule_id"),
        ),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_occurrence_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occurrence")),
        sa.UniqueConstraint("practice_id", "id", name=op.f("uq_occurrence_practice_id_id")),
        sa.UniqueConstraint("schedule_id", "key", name=op.f("uq_occurrence_schedule_id_key")),
    )
    op.create_index(op.f("ix_occurrence_practice_id"), "occurrence", ["practice_id"])
    op.create_index(op.f("ix_occurrence_schedule_id"), "occurrence", ["schedule_id"])
