"""the client's side: kiosk, portal, public screening, sittings that go on elsewhere

Revision: 0006, after 0005. No version before this one could enrol a tablet, so its tables are made anew.
Down: what only 0006 knows is dropped; an ask from a public page becomes one of the portal, a message with a
code a test message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WAYS = ("email", "sms", "portal", "kiosk", "in_person")
PURPOSES = ("invitation", "reminder", "result", "risk", "locked", "test")
WITH_WAY = ("assignment", "submission", "schedule", "bulk_send")
TABLETS = ("kiosk_ticket", "kiosk_grant", "kiosk_device")
NEW = ("screening_count", "screening_run", "screening_page", "portal_session", "desk_call")

TIME, BYTES, NO = sa.DateTime(timezone=True), sa.LargeBinary(), sa.false()


def upgrade() -> None:
    _drop(TABLETS)
    _tablets(secret=False)
    for table, column in _added():
        with op.batch_alter_table(table, recreate="never") as batch_op:
            batch_op.add_column(column)
    for table in WITH_WAY:
        _allow(table, "way", "channel", (*WAYS, "public"))
    _codes()
    _allow("dispatch", "purpose", "purpose", (*PURPOSES, "code"))
    _point("form_session", "device_id", "kiosk_device", same_practice=False)
    _point("dispatch", "code_id", "one_time_code")
    _tables()


def downgrade() -> None:
    _unpoint("dispatch", "code_id", "one_time_code")
    _unpoint("form_session", "device_id", "kiosk_device", same_practice=False)
    _drop(NEW)
    _drop(("one_time_code",))
    op.execute("UPDATE dispatch SET purpose = 'test' WHERE purpose = 'code'")
    _allow("dispatch", "purpose", "purpose", PURPOSES)
    for table in WITH_WAY:
        op.execute(f"UPDATE {table} SET channel = 'portal' WHERE channel = 'public'")
        _allow(table, "way", "channel", WAYS)
    for table, column in _added():
        with op.batch_alter_table(table, recreate="never") as batch_op:
            batch_op.drop_column(column.name)
    _drop(TABLETS)
    _tablets(secret=True)


def _added() -> list[tuple[str, sa.Column]]:
    return [
        ("assignment", sa.Column("show_result", sa.Boolean(), nullable=False, server_default=NO)),
        ("client", sa.Column("prospect_until", TIME, nullable=True)),
        ("respondent", sa.Column("portal_trends", sa.Boolean(), nullable=False, server_default=NO)),
        ("practice", sa.Column("colour", sa.String(7), nullable=True)),
        ("practice", sa.Column("logo", BYTES, nullable=True)),
        ("practice", sa.Column("logo_type", sa.String(24), nullable=True)),
        ("practice", sa.Column("help_lines", sa.JSON(), nullable=False, server_default="[]")),
        ("form_session", sa.Column("suspended_at", TIME, nullable=True)),
        ("form_session", sa.Column("by_hand", sa.Boolean(), nullable=False, server_default=NO)),
        ("form_session", sa.Column("heard", sa.Boolean(), nullable=False, server_default=NO)),
        ("form_session", sa.Column("helped_by", sa.String(12), nullable=True)),
        ("form_session", sa.Column("resume_tries", sa.Integer(), nullable=False, server_default="0")),
        ("form_session", sa.Column("resume_hash_sealed", BYTES, nullable=True)),
    ]


def _drop(tables: Sequence[str]) -> None:
    for table in tables:
        op.drop_table(table)


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _allow(table: str, name: str, column: str, values: tuple[str, ...]) -> None:
    """Let a column hold these values and no others."""
    check, rule = f"ck_{table}_{name}", f"{column} IN ({', '.join(repr(value) for value in values)})"
    if not _sqlite():
        op.drop_constraint(op.f(check), table, type_="check")
        op.create_check_constraint(op.f(check), table, rule)
        return
    _remake(
        table,
        rf'CONSTRAINT "?{check}"? CHECK \({column} IN \([^)]*\)\)',
        f"CONSTRAINT {check} CHECK ({rule})",
    )


def _point(table: str, column: str, other: str, *, same_practice: bool = True) -> None:
    """A new column that names a row of another table."""
    if not _sqlite():
        op.add_column(table, sa.Column(column, sa.Uuid(), nullable=True))
        ours, theirs = (
            (["practice_id", column], ["practice_id", "id"]) if same_practice else ([column], ["id"])
        )
        op.create_foreign_key(_key(table, column, same_practice), table, other, ours, theirs)
        return
    _remake(table, r"CREATE TABLE ([^(]*)\(", rf"CREATE TABLE \1(\n\t{column} CHAR(32), ")
    _remake(table, r"\)\s*$", f",\n\t{_reference(table, column, other, same_practice)}\n)")


def _unpoint(table: str, column: str, other: str, *, same_practice: bool = True) -> None:
    if not _sqlite():
        op.drop_constraint(_key(table, column, same_practice), table, type_="foreignkey")
        op.drop_column(table, column)
        return
    _remake(table, r",\s*" + re.escape(_reference(table, column, other, same_practice)), "")
    _remake(table, rf"\n\t{column} CHAR\(32\), ", "", without=column)


def _key(table: str, column: str, same_practice: bool) -> str:
    return op.f(f"fk_{table}_practice_id_{column}" if same_practice else f"fk_{table}_{column}")


def _reference(table: str, column: str, other: str, same_practice: bool) -> str:
    both = "practice_id, " if same_practice else ""
    name = _key(table, column, same_practice)
    return f"CONSTRAINT {name} FOREIGN KEY({both}{column}) REFERENCES {other} ({both}id)"


def _remake(table: str, pattern: str, replacement: str, *, without: str = "") -> None:
    """Make a table of SQLite anew, with one piece of its own text replaced, and its rows and indexes as they
    are. SQLite can't change a constraint, and alembic does not see checks there."""
    bind = op.get_bind()
    wanted = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type = ? AND sql IS NOT NULL"
    (text,) = bind.exec_driver_sql(wanted, (table, "table")).scalars().all()
    indexes = bind.exec_driver_sql(wanted, (table, "index")).scalars().all()
    names = [row[1] for row in bind.exec_driver_sql(f"PRAGMA table_info({table})")]
    kept = ", ".join(f'"{name}"' for name in names if name != without)
    changed, times = re.subn(pattern, replacement, text, count=1)
    if not times:
        raise RuntimeError(f"the table {table} is not as this revision knows it: nothing was changed")
    made = re.sub(rf'^CREATE TABLE "?{table}"?', f"CREATE TABLE made_{table}", changed, count=1)
    bind.exec_driver_sql(made)
    bind.exec_driver_sql(f"INSERT INTO made_{table} ({kept}) SELECT {kept} FROM {table}")
    op.drop_table(table)
    op.rename_table(f"made_{table}", table)
    for index in indexes:
        bind.exec_driver_sql(index)


def _table(
    name: str, *parts: sa.Column | sa.Constraint, tenant: bool = True, refers: Sequence[str] = ()
) -> None:
    """A table with an id, of a practice (`tenant`); `refers` are its columns that name rows of the practice:
    "client_id", or "form_id>form_session"."""
    keys: list[sa.Column | sa.Constraint] = []
    for one in refers:
        column, _, other = one.partition(">")
        other = other or column.removesuffix("_id")
        keys.append(
            sa.ForeignKeyConstraint(
                ["practice_id", column],
                [f"{other}.practice_id", f"{other}.id"],
                name=op.f(f"fk_{name}_practice_id_{column}"),
            )
        )
    if tenant:
        keys += [
            sa.Column("practice_id", sa.Uuid(), nullable=False),
            sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f(f"fk_{name}_practice_id")),
            sa.UniqueConstraint("practice_id", "id", name=op.f(f"uq_{name}_practice_id_id")),
        ]
    op.create_table(
        name,
        *parts,
        *keys,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    if tenant:
        op.create_index(op.f(f"ix_{name}_practice_id"), name, ["practice_id"])


def _indexed(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def _id(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _at(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, TIME, nullable=nullable)


def _tablets(*, secret: bool) -> None:
    """The tablets' tables: as 0001 had them (`secret`), or as they are used."""
    own: list[sa.Column | sa.Constraint] = [
        sa.Column("public_key", BYTES, nullable=True),
        sa.Column("enrol_hash", BYTES, nullable=True),
        _at("enrol_expires_at"),
        sa.Column("last_count", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("enrol_hash", name=op.f("uq_kiosk_device_enrol_hash")),
    ]
    if secret:
        own = [
            sa.Column("secret_hash", BYTES, nullable=True),
            sa.UniqueConstraint("secret_hash", name=op.f("uq_kiosk_device_secret_hash")),
        ]
    _table(
        "kiosk_device",
        sa.Column("name", sa.String(60), nullable=False),
        _id("enrolled_by"),
        _at("last_seen_at"),
        _at("revoked_at"),
        *own,
        _to("kiosk_device", "enrolled_by", "person"),
        tenant=False,
    )
    _table(
        "kiosk_grant",
        _id("device_id"),
        _at("from_at", nullable=False),
        _at("until_at"),
        _to("kiosk_grant", "device_id", "kiosk_device"),
        sa.UniqueConstraint("practice_id", "device_id", name=op.f("uq_kiosk_grant_practice_id_device_id")),
    )
    _indexed("kiosk_grant", "device_id")
    used: list[sa.Column | sa.Constraint] = []
    if not secret:
        used = [
            _id("made_by"),
            _id("form_id", nullable=True),
            _at("ended_at"),
            sa.Column("end_reason", sa.String(24), nullable=True),
            _to("kiosk_ticket", "made_by", "person"),
        ]
    _table(
        "kiosk_ticket",
        _id("assignment_id"),
        _id("device_id"),
        sa.Column("code_hash", BYTES, nullable=False),
        _at("expires_at", nullable=False),
        _at("used_at"),
        sa.Column("wrong_tries", sa.Integer(), nullable=False),
        *used,
        _to("kiosk_ticket", "device_id", "kiosk_device"),
        refers=("assignment_id",) if secret else ("assignment_id", "form_id>form_session"),
    )
    _indexed("kiosk_ticket", "assignment_id", "device_id", "code_hash")


def _codes() -> None:
    opens = sa.Enum("portal", "resume", name="codefor", native_enum=False, create_constraint=True, length=24)
    _table(
        "one_time_code",
        sa.Column("opens", opens, nullable=False),
        _id("respondent_id"),
        _id("contact_point_id"),
        _id("form_id", nullable=True),
        sa.Column("secret_hash", BYTES, nullable=False),
        sa.Column("code_hash", BYTES, nullable=False),
        _at("expires_at", nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        _at("used_at"),
        sa.Column("code_sealed", BYTES, nullable=True),
        refers=("respondent_id", "contact_point_id", "form_id>form_session"),
    )
    _indexed("one_time_code", "contact_point_id", "secret_hash")


def _tables() -> None:
    _table(
        "portal_session",
        _id("respondent_id"),
        _id("contact_point_id"),
        sa.Column("secret_hash", BYTES, nullable=False),
        sa.Column("full", sa.Boolean(), nullable=False),
        sa.Column("browser", sa.String(60), nullable=False),
        _at("last_seen_at", nullable=False),
        _at("expires_at", nullable=False),
        _at("revoked_at"),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_portal_session_secret_hash")),
        refers=("respondent_id", "contact_point_id"),
    )
    _indexed("portal_session", "respondent_id")
    _table(
        "desk_call",
        _id("client_id"),
        _id("assignment_id"),
        _id("device_id"),
        _at("at", nullable=False),
        _at("done_at"),
        _id("done_by", nullable=True),
        _to("desk_call", "device_id", "kiosk_device"),
        _to("desk_call", "done_by", "person"),
        refers=("client_id", "assignment_id"),
    )
    _indexed("desk_call", "done_at")
    _table(
        "screening_page",
        _id("person_id"),
        sa.Column("slug", sa.String(60), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("instruments", sa.JSON(), nullable=False),
        sa.Column("origins", sa.JSON(), nullable=False),
        sa.Column("takes_contact", sa.Boolean(), nullable=False),
        _to("screening_page", "person_id", "person"),
        sa.UniqueConstraint("person_id", name=op.f("uq_screening_page_person_id")),
        sa.UniqueConstraint("slug", name=op.f("uq_screening_page_slug")),
    )
    _table(
        "screening_run",
        _id("page_id"),
        sa.Column("step", sa.Integer(), nullable=False),
        _at("last_at", nullable=False),
        _at("finished_at"),
        _to("screening_run", "page_id", "screening_page"),
        tenant=False,
    )
    _indexed("screening_run", "page_id", "last_at")
    _table(
        "screening_count",
        _id("page_id"),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("started", sa.Integer(), nullable=False),
        sa.Column("finished", sa.Integer(), nullable=False),
        sa.Column("contacted", sa.Integer(), nullable=False),
        sa.UniqueConstraint("page_id", "month", name=op.f("uq_screening_count_page_id_month")),
        refers=("page_id>screening_page",),
    )
    _indexed("screening_count", "page_id")
