"""No row can point into another practice."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import ForeignKeyConstraint, UniqueConstraint, select
from sqlalchemy.exc import IntegrityError

from delivery.models import Base
from delivery.models.base import TenantRow
from delivery.models.clients import Respondent
from delivery.service import Service
from tests import build

TENANTS = sorted(
    (m.class_ for m in Base.registry.mappers if issubclass(m.class_, TenantRow)),
    key=lambda model: model.__tablename__,
)
TENANT_TABLES = {m.__tablename__ for m in TENANTS}
#: Tables that many practices share, or that hold ids of several; they point at no tenant row.
SHARED = {"outbox_entry", "audit_event"}
#: Names that end in _id and are no rows of ours: an item of an instrument, a job of the queue.
NOT_ROWS = {"item_id", "job_id"}


@pytest.mark.parametrize("model", TENANTS, ids=lambda m: m.__tablename__)
def test_references_between_tenant_tables_carry_the_practice(model: Any) -> None:
    for constraint in model.__table__.constraints:
        if not isinstance(constraint, ForeignKeyConstraint):
            continue
        target = constraint.referred_table.name
        if target in TENANT_TABLES:
            assert "practice_id" in constraint.column_keys, f"{model.__tablename__} -> {target}"


@pytest.mark.parametrize("model", TENANTS, ids=lambda m: m.__tablename__)
def test_every_id_column_of_a_tenant_row_is_a_foreign_key(model: Any) -> None:
    if model.__tablename__ in SHARED:
        return
    pointing = {key for c in model.__table__.foreign_key_constraints for key in c.column_keys}
    ids = {c.name for c in model.__table__.columns if c.name.endswith("_id")} - NOT_ROWS
    assert ids <= pointing


@pytest.mark.parametrize("model", TENANTS, ids=lambda m: m.__tablename__)
def test_a_tenant_row_can_be_the_target_of_a_composite_key(model: Any) -> None:
    if model.__tablename__ in SHARED:
        return
    pairs = [
        {c.name for c in constraint.columns}
        for constraint in model.__table__.constraints
        if isinstance(constraint, UniqueConstraint)
    ]
    assert {"practice_id", "id"} in pairs


def test_the_database_refuses_a_row_that_points_into_another_practice(
    service: Service, cast: build.Cast
) -> None:
    with pytest.raises(IntegrityError), service.db.write() as session:
        session.add(Respondent(practice_id=cast.other_practice, client_id=cast.cy))
    with service.db.read() as session:
        rows = session.scalars(select(Respondent).where(Respondent.practice_id == cast.other_practice)).all()
    assert rows == []
