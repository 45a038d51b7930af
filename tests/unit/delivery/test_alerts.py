"""Risk answers: to whom they are told, and what brings one back that somebody had taken up."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from delivery import alerts, audit, forms, instrument_files, sittings, submissions
from delivery.db import now
from delivery.models.assignments import Assignment, Link
from delivery.models.ledger import AuditEvent
from delivery.models.messages import Dispatch, Purpose
from delivery.models.people import Grant, Person, Role
from delivery.models.results import Alert
from delivery.service import Service
from delivery.sheets import Sheet
from delivery.states import AlertState
from tests import build, own_measure


class Sitting:
    """Cy at a form, PHQ-9 unless another is named, and what the clinician is told of one item."""

    def __init__(self, service: Service, cast: build.Cast, key: str = "phq9", item: str = "phq9_9") -> None:
        self.service, self.ada = service, cast.caller(service, cast.ada)
        self.key, self.item = key, item
        self.asked = build.ask(service, self.ada, cast.cy, [key])
        with service.db.write() as session:
            link = session.scalars(select(Link)).one()
            row = session.get_one(Assignment, self.asked.id)
            form, self.secret = forms.begin(session, link, row, language="en")
            self.ref, self.id = form.ref, form.id

    def sheet(self, session: Session) -> Sheet:
        return forms.find(session, self.ref, self.secret, lock=True)

    def mark(self, code: str) -> None:
        """Mark the item and let two minutes pass."""
        with self.service.db.write() as session:
            forms.keep(session, self.sheet(session), self.key, {self.item: code}, place="")
        with self.service.db.write() as session:
            sittings.check_unfinished(session, self.id)

    def send(self, code: str) -> None:
        with self.service.db.write() as session:
            answers: dict[str, str | None] = {f"phq9_{n}": "1" for n in range(1, 11)}
            forms.keep(session, self.sheet(session), "phq9", answers | {"phq9_9": code}, place="")
            assert submissions.accept(session, self.sheet(session)).kind == "sent"

    def take_up(self, note: str) -> None:
        with self.service.db.write() as session:
            alerts.acknowledge(session, self.ada, self.alert.id, note)

    @property
    def alert(self) -> Alert:
        with self.service.db.read() as session:
            return session.scalars(select(Alert)).one()

    @property
    def told(self) -> list[UUID | None]:
        with self.service.db.read() as session:
            rows = session.scalars(select(Dispatch).where(Dispatch.purpose == Purpose.RISK))
            return [row.person_id for row in rows.all()]


@pytest.fixture
def cy(service: Service, cast: build.Cast) -> Sitting:
    return Sitting(service, cast)


def test_a_worse_answer_brings_back_what_somebody_had_taken_up(cy: Sitting, cast: build.Cast) -> None:
    cy.mark("1")
    cy.take_up("I am calling")
    taken = cy.alert
    cy.send("3")
    alert = cy.alert
    detail = alert.detail
    assert alert.state is AlertState.RAISED
    assert (alert.acknowledged_at, alert.acknowledged_by, alert.note) == (None, None, None)
    assert detail is not None and (detail["code"], detail["unfinished"]) == ("3", False)
    (mark,) = detail["earlier"]
    assert taken.acknowledged_at is not None
    assert mark["code"] == "1"
    assert mark["acknowledged_by"] == str(cast.ada)
    assert mark["acknowledged_at"] == taken.acknowledged_at.isoformat()
    assert mark["note"] == "I am calling"
    assert cy.told == [cast.ada, cast.ada]
    with cy.service.db.write() as session:
        assert [one.id for one in alerts.open_alerts(session, cy.ada)] == [alert.id]
        raised = select(AuditEvent.id).where(AuditEvent.tag == audit.Tag.ALERT_RAISED)
        assert len(session.scalars(raised).all()) == 2
    cy.take_up("Spoke with Cy")
    assert cy.alert.state is AlertState.ACKNOWLEDGED


@pytest.mark.parametrize("code", ["2", "1", "0"])
def test_an_answer_that_got_no_worse_leaves_it_taken_up(cy: Sitting, code: str, cast: build.Cast) -> None:
    cy.mark("2")
    cy.take_up("I am calling")
    cy.send(code)
    alert = cy.alert
    assert (alert.state, alert.note) == (AlertState.ACKNOWLEDGED, "I am calling")
    assert alert.detail is not None and alert.detail["code"] == code
    assert [mark["code"] for mark in alert.detail["earlier"]] == ([] if code == "2" else ["2"])
    assert cy.told == [cast.ada]


def test_each_height_is_told_once(cy: Sitting, cast: build.Cast) -> None:
    for code, messages in (("1", 1), ("2", 2), ("1", 2), ("2", 2), ("3", 3), ("1", 3), ("3", 3)):
        cy.mark(code)
        assert cy.told == [cast.ada] * messages, f"after {code}"
    assert cy.alert.state is AlertState.RAISED


def test_a_higher_number_is_worse_also_where_no_score_counts_it(service: Service, cast: build.Cast) -> None:
    rule = {"item": "own_mood_4", "at_least": 3, "message": "Hardly slept"}
    with service.db.write() as session:
        actor = cast.caller(service, cast.ada).actor
        data = own_measure.file(critical=[rule])
        instrument_files.add(session, cast.practice, "own.yaml", data, actor)
    cy = Sitting(service, cast, "own_mood", "own_mood_4")
    for number, messages in (("3", 1), ("3", 1), ("20", 2), ("4", 2)):
        cy.mark(number)
        assert cy.told == [cast.ada] * messages, f"after {number}"
    assert cy.alert.detail is not None and cy.alert.detail["value"] == 4


def test_told_speaks_of_the_message_since_the_last_rise(service: Service, cy: Sitting) -> None:
    start = now()
    with time_machine.travel(start + timedelta(minutes=3), tick=False):
        cy.mark("1")
        with service.db.write() as session:
            session.execute(update(Dispatch).where(Dispatch.purpose == "risk").values(handed_over_at=now()))
    with service.db.read() as session:
        assert alerts.told(session, cy.alert) == ("Dr. Rowan", start + timedelta(minutes=3))
    with time_machine.travel(start + timedelta(minutes=9), tick=False):
        cy.mark("3")
    with service.db.read() as session:
        assert alerts.told(session, cy.alert) is None, "the second message is still on its way"


def test_who_has_left_is_not_told_and_stays_named_where_they_were(
    service: Service, cy: Sitting, cast: build.Cast
) -> None:
    cy.mark("1")
    with service.db.write() as session:
        session.execute(update(Dispatch).where(Dispatch.purpose == "risk").values(handed_over_at=now()))
        session.get_one(Person, cast.ada).left_at = now()
        bo = session.get_one(Person, cast.bo)
        session.add(Grant(person_id=bo.id, practice_id=cast.practice, role=Role.OWNER, from_at=now()))
    with service.db.read() as session:
        told = alerts.told(session, cy.alert)
    assert told is not None and told[0] == "Dr. Rowan"
    cy.mark("3")
    assert cy.told == [cast.ada, cast.bo], "nobody is left on the team: the owner is told"


def test_an_owner_is_not_told_while_somebody_is_on_the_team(
    service: Service, cy: Sitting, cast: build.Cast
) -> None:
    with service.db.write() as session:
        session.add(Grant(person_id=cast.bo, practice_id=cast.practice, role=Role.OWNER, from_at=now()))
    cy.mark("3")
    assert cy.told == [cast.ada]
