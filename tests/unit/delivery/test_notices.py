from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import select

from delivery import access, audit, notices
from delivery.db import now
from delivery.errors import NotFound
from delivery.models.clients import CareRole, CareTeam, ContactPoint
from delivery.models.ledger import AuditEvent
from delivery.models.messages import Notice, NoticeKind
from delivery.service import Service
from tests import build

KIND = NoticeKind.OPTED_OUT


def _add(service: Service, cast: build.Cast, kind: NoticeKind = KIND, *, point: bool = True) -> None:
    with service.db.write() as session:
        there = session.scalars(
            select(ContactPoint.id).where(ContactPoint.practice_id == cast.practice).order_by(ContactPoint.id)
        ).first()
        notices.add(session, cast.practice, cast.cy, kind, there if point else None)


def _seen(service: Service, cast: build.Cast, person: object) -> list[notices.Line]:
    with service.db.read() as session:
        return notices.open_for(session, access.caller(session, person))  # type: ignore[arg-type]


@pytest.mark.parametrize("point", [True, False])
def test_the_same_line_stands_only_once_while_it_is_open(
    service: Service, cast: build.Cast, point: bool
) -> None:
    for _ in range(3):
        _add(service, cast, point=point)
    lines = _seen(service, cast, cast.ada)
    assert [line.notice.kind for line in lines] == [KIND]
    assert (lines[0].about is not None) is point
    with service.db.write() as session:
        notices.done(session, cast.caller(service, cast.ada), lines[0].notice.id)
    _add(service, cast, point=point)
    assert len(_seen(service, cast, cast.ada)) == 1


def test_only_the_care_team_sees_a_line_and_can_take_it_away(service: Service, cast: build.Cast) -> None:
    _add(service, cast)
    line = _seen(service, cast, cast.ada)[0]
    for other in (cast.bo, cast.stranger, cast.desk):
        assert _seen(service, cast, other) == []
        with pytest.raises(NotFound), service.db.write() as session:
            notices.done(session, cast.caller(service, other), line.notice.id)
    assert len(_seen(service, cast, cast.ada)) == 1


def test_done_takes_it_away_for_the_whole_care_team_and_is_in_the_audit_log(
    service: Service, cast: build.Cast
) -> None:
    with service.db.write() as session:
        colleague = CareTeam(
            practice_id=cast.practice,
            client_id=cast.cy,
            person_id=cast.bo,
            role=CareRole.COLLEAGUE,
            from_at=now(),
        )
        session.add(colleague)
    _add(service, cast)
    line = _seen(service, cast, cast.bo)[0]
    with service.db.write() as session:
        assert notices.done(session, cast.caller(service, cast.bo), line.notice.id) == cast.cy
    assert _seen(service, cast, cast.ada) == []
    with service.db.read() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.tag == audit.Tag.NOTICE_DONE.value)).one()
        assert event.actor == f"person:{cast.bo}"
        assert event.detail == {"kind": "opted_out", "client": str(cast.cy)}
    with pytest.raises(NotFound), service.db.write() as session:
        notices.done(session, cast.caller(service, cast.ada), line.notice.id)
    with pytest.raises(NotFound), service.db.write() as session:
        notices.done(session, cast.caller(service, cast.ada), uuid4())


def test_a_line_that_is_not_true_any_more_is_taken_back(service: Service, cast: build.Cast) -> None:
    _add(service, cast)
    _add(service, cast, NoticeKind.TEXT_REPLY)
    with service.db.write() as session:
        point = session.scalars(select(Notice.contact_point_id)).first()
        assert point is not None
        notices.take_back(session, KIND, point)
    assert [line.notice.kind for line in _seen(service, cast, cast.ada)] == [NoticeKind.TEXT_REPLY]
