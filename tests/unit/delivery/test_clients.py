from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text

from delivery import clients
from delivery.clients import NewContact, NewRespondent
from delivery.errors import Invalid, NotFound, WrongMove
from delivery.models.assignments import Assignment
from delivery.models.clients import (
    CareTeam,
    Client,
    ContactKind,
    ContactState,
    Episode,
    PermittedUse,
    RespondentRole,
)
from delivery.models.ledger import AuditEvent
from delivery.models.messages import Dispatch
from delivery.service import Service
from delivery.states import AssignmentState, ClientState, DispatchState
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


@pytest.mark.parametrize(
    ("kind", "typed", "normal"),
    [
        (ContactKind.EMAIL, "  Elena@Example.ORG ", "elena@example.org"),
        (ContactKind.SMS, "(503) 555-0118", "+15035550118"),
        (ContactKind.SMS, "+44 20 7946 0018", "+442079460018"),
    ],
)
def test_contacts_are_kept_in_one_spelling(kind: ContactKind, typed: str, normal: str) -> None:
    assert clients.normal_contact(kind, typed) == normal


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (ContactKind.EMAIL, "elena"),
        (ContactKind.EMAIL, ""),
        (ContactKind.SMS, "12"),
        (ContactKind.SMS, "abc"),
    ],
)
def test_what_is_no_contact_is_refused_without_repeating_it(kind: ContactKind, typed: str) -> None:
    with pytest.raises(Invalid) as caught:
        clients.normal_contact(kind, typed)
    assert not typed or typed not in str(caught.value)


def test_a_new_contact_is_unconfirmed_and_found_again_by_any_spelling(
    service: Service, cast: build.Cast
) -> None:
    new = NewRespondent(contacts=[NewContact(ContactKind.EMAIL, "Elena@Example.org")])
    made = _add(service, cast, given_name="Elena", respondents=[new])
    ada, bo = cast.caller(service, cast.ada), cast.caller(service, cast.bo)
    with service.db.read() as session:
        who = clients.respondents(session, made.id)[0]
        (point,) = clients.contacts(session, who.id)
        found = clients.by_contact(session, ada, ContactKind.EMAIL, "ELENA@example.org")
        hidden = clients.by_contact(session, bo, ContactKind.EMAIL, "elena@example.org")
    assert point.state is ContactState.UNCONFIRMED
    assert [one.id for one in found] == [made.id]
    assert hidden == []


def test_permitted_uses_are_kept_as_chosen(service: Service, cast: build.Cast) -> None:
    made = _add(service, cast, given_name="E", respondents=[NewRespondent(uses=(True, False, "uses-1"))])
    with service.db.read() as session:
        who = clients.respondents(session, made.id)[0]
        row = session.scalars(select(PermittedUse).where(PermittedUse.respondent_id == who.id)).one()
    assert (row.own_statistics, row.alliance_figures, row.wording) == (True, False, "uses-1")


def test_a_search_takes_parts_of_all_names_and_the_log_says_who_was_shown(
    service: Service, cast: build.Cast
) -> None:
    _add(service, cast, given_name="Zoë", family_name="Abel", called_by="Zed")
    _add(service, cast, given_name="Ann", family_name="Zulu")
    caller = cast.caller(service, cast.ada)
    with service.db.write() as session:
        names = {
            words: [c.given_name for c in clients.caseload(session, caller, words)]
            for words in ("", "ZO", "zed abe", "z", "none")
        }
        event = session.scalars(
            select(AuditEvent)
            .where(AuditEvent.tag == "console:client:listed")
            .order_by(AuditEvent.number.desc())
        ).first()
        assert event is not None
        assert event.detail == {"clients": []}
    assert names == {
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


@pytest.mark.parametrize(
    ("to", "reason"),
    [(ClientState.PAUSED, "paused"), (ClientState.CLOSED, "closed"), (ClientState.DECEASED, "died")],
)
def test_pausing_closing_and_death_stop_every_ask_and_message(
    service: Service, cast: build.Cast, to: ClientState, reason: str
) -> None:
    caller = cast.caller(service, cast.ada)
    row = build.ask(service, caller, cast.cy, ["phq9"])
    with service.db.write() as session:
        assert clients.set_state(session, caller, cast.cy, to) == 1
    with service.db.read() as session:
        ask = session.get(Assignment, row.id)
        message = session.scalars(select(Dispatch).where(Dispatch.assignment_id == row.id)).one()
        episode = session.scalars(select(Episode).where(Episode.client_id == cast.cy)).one()
    assert ask is not None
    assert (ask.state, ask.end_reason) == (AssignmentState.CANCELLED, reason)
    assert message.state is DispatchState.CANCELLED
    assert (episode.closed_at is None) is (to is ClientState.PAUSED)


def test_nobody_comes_back_from_death(service: Service, cast: build.Cast) -> None:
    caller = cast.caller(service, cast.ada)
    with service.db.write() as session:
        clients.set_state(session, caller, cast.cy, ClientState.DECEASED)
    with service.db.write() as session, pytest.raises(WrongMove):
        clients.set_state(session, caller, cast.cy, ClientState.ACTIVE)


def test_names_and_contacts_are_not_readable_in_the_database(service: Service, cast: build.Cast) -> None:
    with service.db.read() as session:
        rows = [session.execute(text(f"SELECT * FROM {t}")).all() for t in ("client", "contact_point")]
    assert b"Cyan" not in repr(rows).encode()
    assert b"cy@example" not in repr(rows).encode()
