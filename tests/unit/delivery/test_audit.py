"""The audit log is a chain: every change to it is found."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select, update

from delivery import audit
from delivery.models.ledger import AuditEvent, AuditHead
from delivery.service import Service
from tests import build


@pytest.fixture
def log(service: Service, cast: build.Cast) -> list[AuditEvent]:
    with service.db.write() as session:
        for number in range(10):
            audit.record(
                session, cast.practice, audit.WORKER, audit.Tag.SCORED, cast.cy, {"note": f"canary {number}"}
            )
    with service.db.read() as session:
        return list(session.scalars(_lines(cast)))


def _lines(cast: build.Cast):  # type: ignore[no-untyped-def]
    return select(AuditEvent).where(AuditEvent.practice_id == cast.practice).order_by(AuditEvent.number)


def _faults(service: Service, cast: build.Cast) -> list[str]:
    with service.db.read() as session:
        return list(audit.verify(session, cast.practice))


def test_a_whole_log_has_no_fault(service: Service, cast: build.Cast, log: list[AuditEvent]) -> None:
    assert _faults(service, cast) == []
    assert [event.number for event in log] == list(range(1, len(log) + 1))


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "person:somebody-else"},
        {"tag": "console:client:added"},
        {"subject_id": None},
        {"detail_sealed": b"x" * 40},
        {"hash": b"x" * 32},
        {"before": b"x" * 32},
    ],
    ids=lambda c: next(iter(c)),
)
def test_a_changed_line_is_found(
    service: Service, cast: build.Cast, log: list[AuditEvent], change: dict[str, object]
) -> None:
    with service.db.write() as session:
        session.execute(update(AuditEvent).where(AuditEvent.id == log[-4].id).values(**change))
    assert _faults(service, cast) != []


def test_a_missing_line_is_found(service: Service, cast: build.Cast, log: list[AuditEvent]) -> None:
    with service.db.write() as session:
        session.execute(delete(AuditEvent).where(AuditEvent.id == log[-4].id))
    assert any("missing" in fault for fault in _faults(service, cast))


def test_a_cut_tail_is_found(service: Service, cast: build.Cast, log: list[AuditEvent]) -> None:
    with service.db.write() as session:
        session.execute(delete(AuditEvent).where(AuditEvent.id.in_([e.id for e in log[-3:]])))
    assert any("ends at line" in fault for fault in _faults(service, cast))


def test_two_lines_swapped_are_found(service: Service, cast: build.Cast, log: list[AuditEvent]) -> None:
    one, other = log[-3], log[-4]
    with service.db.write() as session:
        for event, number in ((one, 999), (other, one.number), (one, other.number)):
            session.execute(update(AuditEvent).where(AuditEvent.id == event.id).values(number=number))
            session.flush()
    assert _faults(service, cast) != []


def test_the_detail_is_sealed_and_practices_have_chains_of_their_own(
    service: Service, cast: build.Cast, log: list[AuditEvent]
) -> None:
    assert b"canary" not in bytes(log[-1].detail_sealed)  # type: ignore[attr-defined]
    assert log[-1].detail == {"note": "canary 9"}
    with service.db.write() as session:
        audit.record(session, cast.other_practice, audit.WORKER, audit.Tag.SCORED)
        heads = session.scalars(select(AuditHead)).all()
    assert len({head.hash for head in heads}) == len(heads) == 2
    assert _faults(service, cast) == []
