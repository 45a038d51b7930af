"""What a member changes about an address or a number, and what a test message confirms."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from delivery import (
    consents,
    contact_changes,
    contact_tests,
    contacts,
    opt_outs,
    reach,
)
from delivery.access import Caller
from delivery.contact_changes import Given
from delivery.contacts import NewContact
from delivery.db import now
from delivery.errors import Conflict, Invalid, NotFound
from delivery.models.clients import Consent, ContactKind, ContactPoint, ContactState, Respondent, SafeFor
from delivery.models.ledger import AuditEvent, OutboxEntry
from delivery.models.messages import Dispatch, Purpose
from delivery.service import Service
from delivery.states import DispatchState
from tests import build

PHONE = "(503) 555-0142"


@pytest.fixture
def ada(service: Service, cast: build.Cast) -> Caller:
    return cast.caller(service, cast.ada)


@pytest.fixture
def cy(service: Service, cast: build.Cast) -> UUID:
    """Cy's respondent."""
    with service.db.read() as session:
        return session.scalars(select(Respondent.id).where(Respondent.client_id == cast.cy)).one()


def _given() -> Given:
    return Given(now(), reach.IN_THE_ROOM)


def _add(service: Service, ada: Caller, cy: UUID, value: str = PHONE, given: Given | None = None) -> UUID:
    with service.db.write() as session:
        who = session.get_one(Respondent, cy)
        new = NewContact(contacts.kind_of(value), value)
        return contact_changes.add(session, ada, who, new, given).id


def _audited(service: Service) -> int:
    with service.db.read() as session:
        return len(session.scalars(select(AuditEvent.id)).all())


def test_a_new_number_is_unconfirmed_and_its_consent_is_for_it_alone(
    service: Service, ada: Caller, cy: UUID
) -> None:
    before = _audited(service)
    point_id = _add(service, ada, cy, given=_given())
    other = _add(service, ada, cy, "503 555 0199")
    assert _audited(service) == before + 2
    with service.db.read() as session:
        point = session.get_one(ContactPoint, point_id)
        assert (point.value, point.state) == ("+15035550142", ContactState.UNCONFIRMED)
        assert consents.standing(session, cy, "sms", point_id) is not None
        assert consents.standing(session, cy, "sms", other) is None


def test_the_same_number_again_is_no_second_one(service: Service, ada: Caller, cy: UUID) -> None:
    first = _add(service, ada, cy)
    with pytest.raises(Conflict):
        _add(service, ada, cy, "+1 503-555-0142")
    assert _add(service, ada, cy, "503.555.0142", _given()) == first, "a consent to it is news"


def test_a_consent_is_taken_back_for_one_address_and_a_whole_one_for_all(
    service: Service, ada: Caller, cy: UUID
) -> None:
    point_id = _add(service, ada, cy, given=_given())
    with service.db.write() as session:
        contact_changes.disagree(session, ada, point_id)
        assert consents.standing(session, cy, "sms", point_id) is None
        with pytest.raises(Conflict):
            contact_changes.disagree(session, ada, point_id)
        mail = session.scalars(select(ContactPoint).where(ContactPoint.respondent_id == cy)).first()
        assert mail is not None
        contact_changes.disagree(session, ada, mail.id)
        assert consents.standing(session, cy, "email", None) is None
        assert all(
            row.withdrawn_at for row in session.scalars(select(Consent).where(Consent.respondent_id == cy))
        )


def test_a_changed_number_is_a_new_one_with_the_old_ones_safety(
    service: Service, ada: Caller, cy: UUID
) -> None:
    old_id = _add(service, ada, cy, given=_given())
    hours = contacts.normal_hours("09:00", "17:00")
    safe = SafeFor.INVITATIONS
    with service.db.write() as session:
        contact_changes.protect(session, ada, old_id, safe_for=safe, safe_hours=hours, fallback=True)
        with pytest.raises(Invalid):
            contact_changes.replace(session, ada, old_id, "503-555-0142", None)
        made = contact_changes.replace(session, ada, old_id, "503 555 0177", None)
        session.flush()
        old = session.get_one(ContactPoint, old_id)
        assert (old.state, old.state_reason) == (ContactState.BLOCKED, "replaced")
        assert (made.state, made.safe_for, made.safe_hours, made.fallback) == (
            ContactState.UNCONFIRMED,
            safe,
            {"from": "09:00", "to": "17:00"},
            True,
        )
        assert consents.standing(session, cy, "sms", made.id) is None, "the agreement was to the old one"


@pytest.mark.parametrize(
    ("start", "end"), [("17:00", "09:00"), ("22:00", "23:00"), ("9", "17:00"), ("25:00", "")]
)
def test_hours_in_which_nothing_could_go_are_refused(start: str, end: str) -> None:
    with pytest.raises(Invalid) as caught:
        contacts.normal_hours(start, end)
    assert "safe_hours" in caught.value.fields


def test_nobody_else_changes_a_clients_contact_points(
    service: Service, ada: Caller, cy: UUID, cast: build.Cast
) -> None:
    point_id = _add(service, ada, cy, given=_given())
    for person in (cast.bo, cast.stranger):
        other = cast.caller(service, person)
        with service.db.write() as session:
            for act in (
                contact_changes.disagree,
                contact_changes.try_anew,
                contact_tests.send,
                contact_tests.arrived,
            ):
                with pytest.raises(NotFound):
                    act(session, other, point_id)
            with pytest.raises(NotFound):
                reach.choose_word(session, other, cy, "Azul", insist=False)


def test_a_test_goes_to_one_address_once_and_yes_confirms_it(service: Service, ada: Caller, cy: UUID) -> None:
    point_id = _add(service, ada, cy, given=_given())
    with service.db.write() as session:
        first = contact_tests.send(session, ada, point_id)
        assert contact_tests.send(session, ada, point_id).id == first.id, "a double press"
        assert (first.purpose, first.assignment_id, first.business_key) == (
            Purpose.TEST,
            None,
            f"test|{point_id}|1",
        )
        work = session.scalars(select(OutboxEntry).where(OutboxEntry.subject_id == first.id)).one()
        assert (work.kind, work.queue) == ("send", "send")
        with pytest.raises(Conflict):
            contact_tests.arrived(session, ada, point_id)
        first.state = DispatchState.HANDED_OVER
        session.flush()
        contact_tests.arrived(session, ada, point_id)
        point = session.get_one(ContactPoint, point_id)
        assert (point.state, point.confirmed_how) == (ContactState.CONFIRMED, "test")
        assert point.confirmed_at is not None


def test_no_test_goes_where_nothing_may_go(service: Service, ada: Caller, cy: UUID) -> None:
    point_id = _add(service, ada, cy)
    with service.db.write() as session, pytest.raises(Conflict, match="consent"):
        contact_tests.send(session, ada, point_id)
    with service.db.write() as session:
        contact_changes.agree(session, ada, point_id, _given())
        opt_outs.stop(session, "sms", "+15035550142", "text")
        with pytest.raises(Conflict, match="not possible"):
            contact_tests.send(session, ada, point_id)
        opt_outs.start(session, "sms", "+15035550142")
        reach.in_person_only(session, ada, cy, only=True)
        with pytest.raises(Conflict, match="kiosk"):
            contact_tests.send(session, ada, point_id)
        assert session.scalars(select(Dispatch)).all() == []


def test_kiosk_only_stops_what_waits(service: Service, ada: Caller, cy: UUID, cast: build.Cast) -> None:
    row = build.ask(service, ada, cast.cy, ["phq9"])
    with service.db.write() as session:
        assert reach.in_person_only(session, ada, cy, only=True) == 1
        message = session.scalars(select(Dispatch).where(Dispatch.assignment_id == row.id)).one()
        assert (message.state, message.code) == (DispatchState.CANCELLED, "in-person-only")
    with pytest.raises(Invalid):
        build.ask(service, ada, cast.cy, ["gad7"])
    with service.db.write() as session:
        assert reach.in_person_only(session, ada, cy, only=False) == 0
    assert build.ask(service, ada, cast.cy, ["gad7"]).id


def test_a_shared_address_counts_only_clients_whom_the_reader_treats(
    service: Service, ada: Caller, cy: UUID, cast: build.Cast
) -> None:
    with service.db.write() as session:
        build.add_client(session, ada, "Dove", "Drake", "cy@example.org")
        build.add_client(session, cast.caller(service, cast.bo), "Egon", "Eagle", "cy@example.org")
        build.add_client(session, cast.caller(service, cast.stranger), "Finn", "Finch", "cy@example.org")
    with service.db.read() as session:
        mail = session.scalars(select(ContactPoint).where(ContactPoint.respondent_id == cy)).one()
        assert contacts.others_there(session, ada, mail, cast.cy) == 1
        assert contacts.shared(session, mail)
        other = session.scalars(
            select(ContactPoint)
            .join(Respondent, Respondent.id == ContactPoint.respondent_id)
            .where(Respondent.client_id == cast.bo_client)
        ).one()
        assert not contacts.shared(session, other)


def test_a_blocked_address_is_used_again_only_after_a_press(service: Service, ada: Caller, cy: UUID) -> None:
    point_id = _add(service, ada, cy, given=_given())
    with service.db.write() as session:
        point = session.get_one(ContactPoint, point_id)
        with pytest.raises(Conflict):
            contact_changes.try_anew(session, ada, point_id)
        point.state, point.state_reason = ContactState.BLOCKED, "wrong-person"
        session.flush()
        with pytest.raises(Conflict):
            contact_changes.add(
                session, ada, session.get_one(Respondent, cy), NewContact(ContactKind.SMS, PHONE), _given()
            )
        contact_changes.try_anew(session, ada, point_id)
        assert point.state is ContactState.UNCONFIRMED
