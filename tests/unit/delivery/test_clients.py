from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text

from delivery import clients
from delivery.clients import NewRespondent
from delivery.errors import Invalid, NotFound
from delivery.models.clients import (
    CareTeam,
    Client,
    PermittedUse,
    RespondentRole,
)
from delivery.models.ledger import AuditEvent
from delivery.service import Service
from tests import build


def _add(service: Service, cast: build.Cast, **fields: Any) -> Client:
    caller = cast.caller(service, cast.ada)
    with service.db.write() as session:
        return clients.add(session, caller, **fields)


@pytest.mark.parametrize(
    ("given", "family", "label"),
    [("Elena", "Reyes", "Elena R."), ("Elena", "", "Elena"), ("", "Reyes", "R.")],
)
def test_reports_name_a_client_briefly_unless_told_otherwise(
    service: Service, cast: build.Cast, given: str, family: str, label: str
) -> None:
    assert _add(service, cast, given_name=given, family_name=family).report_label == label
    own = _add(service, cast, given_name=given, family_name=family, report_label="E-7")
    assert own.report_label == "E-7"


def test_who_adds_a_client_is_the_primary_clinician_and_the_client_answers(
    service: Service, cast: build.Cast
) -> None:
    made = _add(service, cast, given_name="Elena")
    with service.db.read() as session:
        team = session.scalars(select(CareTeam).where(CareTeam.client_id == made.id)).one()
        who = clients.respondents(session, made.id)
    assert (team.person_id, team.role.value) == (cast.ada, "primary")
    assert [one.role for one in who] == [RespondentRole.SELF]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({}, "given_name"),
        ({"given_name": "   "}, "given_name"),
        ({"given_name": "x" * 201}, "given_name"),
        ({"given_name": "E", "sex_for_scoring": "x"}, "sex_for_scoring"),
        ({"given_name": "E", "date_of_birth": date(1850, 1, 1)}, "date_of_birth"),
        ({"given_name": "E", "date_of_birth": date(2999, 1, 1)}, "date_of_birth"),
        ({"given_name": "E", "time_zone": "Mars/Olympus"}, "time_zone"),
    ],
)
def test_a_wrong_field_is_named_without_its_value_and_nothing_is_stored(
    service: Service, cast: build.Cast, fields: dict[str, Any], name: str
) -> None:
    with service.db.read() as session:
        before = len(session.scalars(select(Client)).all())
    with pytest.raises(Invalid) as caught:
        _add(service, cast, **fields)
    assert list(caught.value.fields) == [name]
    assert "Mars" not in str(caught.value)
    with service.db.read() as session:
        assert len(session.scalars(select(Client)).all()) == before


def test_permitted_uses_are_kept_as_chosen(service: Service, cast: build.Cast) -> None:
    made = _add(service, cast, given_name="E", respondents=[NewRespondent(uses=(True, False, "uses-1"))])
    with service.db.read() as session:
        who = clients.respondents(session, made.id)[0]
        row = session.scalars(select(PermittedUse).where(PermittedUse.respondent_id == who.id)).one()
    assert (row.own_statistics, row.alliance_figures, row.wording) == (True, False, "uses-1")


def test_a_search_takes_parts_of_all_names_or_a_whole_contact_and_the_log_says_who_was_shown(
    service: Service, cast: build.Cast
) -> None:
    _add(service, cast, given_name="Zoë", family_name="Abel", called_by="Zed")
    _add(service, cast, given_name="Ann", family_name="Zulu")
    caller = cast.caller(service, cast.ada)
    with service.db.write() as session:
        names = {
            words: [c.given_name for c in clients.caseload(session, caller, words)]
            for words in ("", "ZO", "zed abe", "z", "none", "CY@example.org", "olive@example.org")
        }
        event = session.scalars(
            select(AuditEvent)
            .where(AuditEvent.tag == "console:client:listed")
            .order_by(AuditEvent.number.desc())
        ).first()
        assert event is not None
        assert event.detail == {"clients": []}
    assert names == {
        "CY@example.org": ["Cyan"],
        "olive@example.org": [],
        "": ["Zoë", "Cyan", "Ann"],
        "ZO": ["Zoë"],
        "zed abe": ["Zoë"],
        "z": ["Zoë", "Ann"],
        "none": [],
    }


def test_the_log_names_changed_fields_and_not_their_values(service: Service, cast: build.Cast) -> None:
    caller = cast.caller(service, cast.ada)
    with service.db.write() as session:
        changed = clients.change(session, caller, cast.cy, county="Multnomah", called_by=" Cy ")
        assert (changed.county, changed.called_by) == ("Multnomah", "Cy")
        event = session.scalars(select(AuditEvent).where(AuditEvent.tag == "console:client:changed")).one()
        assert event.detail == {"fields": ["called_by", "county"]}
    with service.db.write() as session, pytest.raises(NotFound):
        clients.change(session, cast.caller(service, cast.bo), cast.cy, county="X")


def test_names_and_contacts_are_not_readable_in_the_database(service: Service, cast: build.Cast) -> None:
    with service.db.read() as session:
        rows = [session.execute(text(f"SELECT * FROM {t}")).all() for t in ("client", "contact_point")]
    assert b"Cyan" not in repr(rows).encode()
    assert b"cy@example" not in repr(rows).encode()
