from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from delivery import caseload_known, clients
from delivery.caseload.row import PastTotal, Row
from delivery.clients import NewRespondent
from delivery.errors import Forbidden
from delivery.models.clients import RespondentRole
from delivery.models.ledger import AuditEvent
from delivery.service import Service
from tests import build

BORN = date(1988, 4, 17)


def _known(service: Service, cast: build.Cast) -> caseload_known.Caseload:
    with service.db.write() as session:
        return caseload_known.read(session, cast.caller(service, cast.ada), cast.practice)


@pytest.fixture
def known(service: Service, cast: build.Cast) -> caseload_known.Caseload:
    """Cy without a birth date, and Elena with one and a code."""
    with service.db.write() as session:
        ada = cast.caller(service, cast.ada)
        elena = build.add_client(session, ada, "Elena", "Rivera", "elena@example.org")
        elena.date_of_birth, elena.calendar_code = BORN, "k73"
        ada_only = [NewRespondent(RespondentRole.PARENT, name="Mum")]
        clients.add(session, ada, given_name="Tim", respondents=ada_only)
    return _known(service, cast)


def _row(given: str, family: str = "", **more: object) -> Row:
    return Row(line=2, given_name=given, family_name=family, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("row", "who"),
    [
        (_row("Elena", "Rivera", date_of_birth=BORN), "Elena Rivera"),
        (_row("ELENA", "rivera", date_of_birth=BORN), "Elena Rivera"),
        (_row("Elena", "Rivera", email="elena@example.org"), "Elena Rivera"),
        (_row("Elena", "Rivera", date_of_birth=date(1990, 1, 1), email="elena@example.org"), None),
        (_row("Elena", "Rivera", email="other@example.org"), None),
        (_row("Elena", "Rivers", date_of_birth=BORN, email="elena@example.org"), None),
        (_row("Cyan", "Canary", date_of_birth=BORN, email="cy@example.org"), "Cyan Canary"),
        (_row("Olive", "Otter", email="olive@example.org"), None),
    ],
)
def test_one_client_is_a_name_with_a_birth_date_or_a_contact(
    known: caseload_known.Caseload, row: Row, who: str | None
) -> None:
    found = known.same(row)
    assert (found.name if found else None) == who


def test_what_could_be_one_client_or_shares_a_contact_is_remarked(known: caseload_known.Caseload) -> None:
    assert [one.column for one in known.remarks(_row("Elena", "Rivera", email="new@example.org"))] == [""]
    shared = known.remarks(_row("Sam", "Okafor", email="elena@example.org", phone="+15035550118"))
    assert [one.column for one in shared] == ["email"]
    assert known.remarks(_row("Sam", "Okafor", email="olive@example.org")) == [], "Dr. Bo's client"
    assert known.remarks(_row("Elena", "Rivera", date_of_birth=date(1990, 1, 1))) == []


def test_a_calendar_code_is_one_clients(known: caseload_known.Caseload) -> None:
    assert [one.column for one in known.faults(_row("Sam", calendar_code="k73"))] == ["calendar_code"]
    assert known.faults(_row("Sam", calendar_code="k74")) == []
    assert known.faults(_row("Sam")) == []


def test_only_a_client_who_answers_can_have_totals(known: caseload_known.Caseload) -> None:
    answering = {one.name: one.respondent is not None for one in known.clients}
    assert answering == {"Cyan Canary": True, "Elena Rivera": True, "Tim": False}


def test_a_client_as_a_row_brings_their_totals(known: caseload_known.Caseload) -> None:
    elena = next(one for one in known.clients if one.name == "Elena Rivera")
    row = elena.row(7)
    assert (row.line, row.given_name, row.date_of_birth) == (7, "Elena", BORN)
    assert row.past == elena.past == ()
    assert PastTotal("phq9", BORN, 1) not in row.past


def test_looking_is_in_the_audit_log_and_needs_a_clinician(service: Service, cast: build.Cast) -> None:
    _known(service, cast)
    with service.db.read() as session:
        (event,) = session.scalars(select(AuditEvent).where(AuditEvent.tag == "console:client:listed"))
        assert event.detail == {"clients": [str(cast.cy)]}
    for person in (cast.desk, cast.stranger):
        with pytest.raises(Forbidden), service.db.write() as session:
            caseload_known.read(session, cast.caller(service, person), cast.practice)
