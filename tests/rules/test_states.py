"""The state machines of design.md section 3, as tables and as the database holds them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from delivery import states
from delivery.models import Base
from delivery.models.assignments import Assignment
from delivery.service import Service
from delivery.states import MOVES, AssignmentState, LinkState
from tests import build

WITH_STATE = [
    (m.class_, m.class_.__table__.c["state"])
    for m in sorted(Base.registry.mappers, key=lambda m: m.class_.__tablename__)
    if "state" in m.class_.__table__.c and getattr(m.class_.__table__.c["state"].type, "enum_class", None)
]


@pytest.mark.parametrize("machine", MOVES, ids=lambda m: m.__name__)
def test_a_table_speaks_of_every_state_and_of_no_other(machine: Any) -> None:
    assert set(MOVES[machine]) == set(machine)
    for targets in MOVES[machine].values():
        assert targets <= set(machine)


@pytest.mark.parametrize("machine", MOVES, ids=lambda m: m.__name__)
def test_every_state_is_the_first_or_can_be_reached(machine: Any) -> None:
    first = next(iter(machine))
    reached = {first}
    while True:
        more = {target for state in reached for target in MOVES[machine][state]} - reached
        if not more:
            break
        reached |= more
    assert reached == set(machine)


@pytest.mark.parametrize(("model", "column"), WITH_STATE, ids=lambda x: getattr(x, "__tablename__", ""))
def test_every_status_column_has_a_machine_or_is_not_a_status(model: Any, column: Any) -> None:
    if model.__tablename__ == "contact_point":
        return  # a quality of the contact, set by hand and by bounces
    assert column.type.enum_class in MOVES


def test_a_used_link_stays_used() -> None:
    assert MOVES[LinkState][LinkState.USED] == set()
    assert LinkState.USED in MOVES[LinkState][LinkState.EXPIRED]
    assert LinkState.USED not in MOVES[LinkState][LinkState.REVOKED]


def test_of_two_moves_one_wins(service: Service, cast: build.Cast) -> None:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"])
    wins = []
    for _ in range(2):
        with service.db.write() as session:
            wins.append(
                states.move(
                    session,
                    Assignment,
                    row.id,
                    AssignmentState.COMPLETED,
                    Assignment.completed_at.is_(None),
                    completed_at=row.created_at,
                )
            )
    assert wins == [True, False]


def test_the_database_takes_no_state_that_the_table_does_not_know(service: Service, cast: build.Cast) -> None:
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"])
    with pytest.raises(IntegrityError), service.db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE assignment SET state = 'lost' WHERE id = ?", (row.id.hex,))
