"""The base of all tables: identifiers, tenancy, and the one descriptor for sealed values."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, Generic, Self, TypeVar, overload
from uuid import UUID

from sqlalchemy import (
    JSON,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    LargeBinary,
    MetaData,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from delivery import crypto
from delivery.db import UtcDateTime, now, uuid7

T = TypeVar("T")


class Base(DeclarativeBase):
    """All tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - read by SQLAlchemy as a class attribute
        datetime: UtcDateTime(),
        UUID: Uuid(),
        bytes: LargeBinary(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
    }


class Row:
    """A table with a time-ordered id, known before the row is stored."""

    id: Mapped[UUID] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=now)

    def __init__(self, **values: Any) -> None:
        # Sealing binds a value to its row: the identity comes first.
        self.id = values.pop("id", None) or uuid7()
        super().__init__(**values)


class TenantRow(Row):
    """A row that belongs to one practice. Give `practice_id` to the constructor."""

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"), index=True)

    def __init__(self, *, practice_id: UUID, **values: Any) -> None:
        self.practice_id = practice_id
        super().__init__(**values)


def tenant(*references: str | tuple[str, str], also: tuple[Any, ...] = ()) -> tuple[Any, ...]:
    """`__table_args__` of a tenant table.

    `references` are tables of the same practice: "client" means column `client_id`; ("typed_by_id",
    "client") names the column. Each becomes a composite foreign key, so that no row can point into
    another practice.
    """
    keys = []
    for reference in references:
        column, table = reference if isinstance(reference, tuple) else (f"{reference}_id", reference)
        keys.append(ForeignKeyConstraint(["practice_id", column], [f"{table}.practice_id", f"{table}.id"]))
    return (UniqueConstraint("practice_id", "id"), *keys, *also)


def state_column(kind: type[StrEnum], default: StrEnum) -> Any:
    """A status column, checked by the database against its machine's states."""
    return mapped_column(choice(kind), default=default, index=True)


def choice(kind: type[StrEnum]) -> Enum:
    """A column type that holds one of the values of `kind`."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=24,
        name=kind.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


class Codec(Generic[T]):
    """How a Python value becomes bytes and comes back."""

    def __init__(self, dump: Callable[[T], bytes], load: Callable[[bytes], T]) -> None:
        self.dump = dump
        self.load = load


TEXT: Final = Codec[str](lambda value: value.encode(), lambda raw: raw.decode())
DATE: Final = Codec[date](
    lambda value: value.isoformat().encode(), lambda raw: date.fromisoformat(raw.decode())
)
BYTES: Final = Codec[bytes](bytes, bytes)
DATA: Final = Codec[Any](
    lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode(),
    json.loads,
)


class Sealed(Generic[T]):
    """A value that is stored sealed. `Client.given_name` lives in the column `given_name_sealed`.

    Reading opens it with the practice's key, bound to table, column and row; assigning seals it at once.
    None stays None. Nothing opens until it is read.
    """

    def __init__(self, codec: Codec[T]) -> None:
        self.codec = codec

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.table: str = getattr(owner, "__tablename__")  # noqa: B009 - every model has one
        self.column = f"{name}_sealed"
        setattr(owner, self.column, mapped_column(self.column, LargeBinary, nullable=True))

    @overload
    def __get__(self, row: None, owner: type) -> Self: ...
    @overload
    def __get__(self, row: Any, owner: type) -> T | None: ...
    def __get__(self, row: Any, owner: type) -> Self | T | None:
        if row is None:
            return self
        return self.open(getattr(row, self.column), practice_of(row), row.id)

    def __set__(self, row: Any, value: T | None) -> None:
        setattr(row, self.column, self.seal(value, practice_of(row), row.id))

    def open(self, sealed: bytes | None, practice_id: UUID, row_id: UUID) -> T | None:
        """The value of a row that was read as plain columns."""
        if sealed is None:
            return None
        return self.codec.load(crypto.vault().open(sealed, practice_id, self._place(row_id)))

    def seal(self, value: T | None, practice_id: UUID, row_id: UUID) -> bytes | None:
        """What to store of a value in a row that is written as plain columns."""
        if value is None:
            return None
        return crypto.vault().seal(self.codec.dump(value), practice_id, self._place(row_id))

    def place(self, row: Any) -> str:
        """What the value is bound to: table, column, row."""
        return self._place(row.id)

    def _place(self, row_id: UUID) -> str:
        return f"{self.table}|{self.name}|{row_id}"


def practice_of(row: Any) -> UUID:
    """Whose key seals this row."""
    practice_id: UUID | None = getattr(row, "practice_id", None)
    return practice_id or crypto.ALLIANCE


def sealed_fields(model: type) -> dict[str, Sealed[Any]]:
    """The sealed attributes of a model by name."""
    return {name: value for name, value in vars(model).items() if isinstance(value, Sealed)}
