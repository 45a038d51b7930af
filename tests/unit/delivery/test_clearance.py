"""Whether a message may go out at this moment: never, not now, or now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from delivery import breaker, clearance, client_life, consents, opt_outs
from delivery.db import now
from delivery.models.assignments import Assignment, Link, Way
from delivery.models.clients import Client, Consent, ContactPoint, ContactState, Respondent, SafeFor
from delivery.models.messages import Dispatch, Purpose, RecipientKind
from delivery.service import Service
from delivery.states import ClientState, LinkState
from tests import sending_acts
from tests.sending_acts import NUMBER, PORTLAND, Scene

NIGHT, MORNING = (2026, 11, 24, 22, 30), (2026, 11, 25, 8)


@pytest.fixture
def scene(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with sending_acts.scene(service, monkeypatch) as made:
        yield made


def portland(*when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(PORTLAND))  # type: ignore[misc, arg-type]


def barred(scene: Scene, message: Dispatch) -> str | None:
    with scene.service.db.write() as session:
        stop = clearance.barred(session, session.get_one(Dispatch, message.id))
    return stop.code if stop else None


def waits(scene: Scene, message: Dispatch) -> tuple[str, datetime] | None:
    with scene.service.db.write() as session:
        row = session.get_one(Dispatch, message.id)
        hold = clearance.waiting(session, row, scene.service.settings)
    return (hold.code, hold.until) if hold else None


def change(scene: Scene, model: Any, **values: Any) -> None:
    with scene.service.db.write() as session:
        session.execute(update(model).values(**values))


def a_test(scene: Scene, like: Dispatch) -> Dispatch:
    with scene.service.db.write() as session:
        row = Dispatch(
            practice_id=like.practice_id,
            purpose=Purpose.TEST,
            recipient=RecipientKind.CLIENT,
            respondent_id=like.respondent_id,
            contact_point_id=like.contact_point_id,
            channel=like.channel,
            business_key=f"test|{now().timestamp()}",
            due_at=now(),
        )
        session.add(row)
    return row


# Not now: quiet hours


@pytest.mark.parametrize("way", [Way.SMS, Way.EMAIL])
def test_by_day_nothing_waits(scene: Scene, way: Way) -> None:
    message = scene.ask(scene.person(sms=NUMBER, email="tex@example.org"), way)
    assert (barred(scene, message), waits(scene, message)) == (None, None)


def test_a_text_waits_for_the_morning_where_the_client_is(scene: Scene) -> None:
    message = scene.ask(scene.person(sms=NUMBER))
    scene.clock.move_to(portland(*NIGHT))
    assert waits(scene, message) == ("quiet", portland(*MORNING))
    scene.clock.move_to(portland(2026, 11, 25, 7, 59))
    assert waits(scene, message) == ("quiet", portland(*MORNING))
    scene.clock.move_to(portland(*MORNING))
    assert waits(scene, message) is None


def test_the_clients_zone_counts_and_not_the_practices(scene: Scene) -> None:
    message = scene.ask(scene.person(sms=NUMBER, zone="America/New_York"))
    scene.clock.move_to(portland(2026, 11, 24, 18, 30))  # half past nine in New York
    assert waits(scene, message) == ("quiet", portland(2026, 11, 25, 5))


def test_without_a_zone_the_narrow_window_counts(scene: Scene) -> None:
    message = scene.ask(scene.person(sms=NUMBER, zone=None))
    for clock, held in (((7, 59), True), ((8, 0), False), ((16, 59), False), ((17, 0), True)):
        scene.clock.move_to(portland(2026, 11, 25, *clock))
        assert (waits(scene, message) is not None) is held, clock


def test_an_email_that_a_person_sends_at_night_goes_at_once(scene: Scene) -> None:
    scene.clock.move_to(portland(*NIGHT))
    message = scene.ask(scene.person(email="tex@example.org"), Way.EMAIL)
    assert waits(scene, message) is None


def test_a_bulk_email_and_a_reminder_wait_for_the_morning(scene: Scene) -> None:
    scene.clock.move_to(portland(*NIGHT))
    by_hand = scene.ask(scene.person(email="tex@example.org"), Way.EMAIL)
    bulk = scene.remind(by_hand, Purpose.INVITATION, lane="bulk")
    reminder = scene.remind(by_hand, lane="interactive")
    assert waits(scene, bulk) == ("quiet", portland(*MORNING))
    assert waits(scene, reminder) == ("quiet", portland(*MORNING))


def test_a_text_that_a_person_sends_at_night_waits(scene: Scene) -> None:
    scene.clock.move_to(portland(*NIGHT))
    assert waits(scene, scene.ask(scene.person(sms=NUMBER))) == ("quiet", portland(*MORNING))


@pytest.mark.parametrize("way", [Way.SMS, Way.EMAIL])
def test_hours_that_the_client_named_hold_for_every_message(scene: Scene, way: Way) -> None:
    safe = {"from": "16:00", "to": "17:30"}
    client = scene.person(sms=NUMBER, email="tex@example.org", safe_hours=safe)
    message = scene.ask(client, way)
    assert waits(scene, message) == ("quiet", portland(2026, 11, 24, 16))
    scene.clock.move_to(portland(2026, 11, 24, 16, 30))
    assert waits(scene, message) is None
    scene.clock.move_to(portland(2026, 11, 24, 17, 30))
    assert waits(scene, message) == ("quiet", portland(2026, 11, 25, 16))


def test_hours_that_are_all_at_night_never_let_a_message_through(scene: Scene) -> None:
    message = scene.ask(scene.person(sms=NUMBER))
    change(scene, ContactPoint, safe_hours={"from": "22:00", "to": "23:00"})
    assert barred(scene, message) == "no-hours"


@pytest.mark.parametrize("hour", [3, 7, 9, 12, 19, 23])
def test_hours_that_cannot_be_placed_without_a_zone_never_let_a_message_through(
    scene: Scene, hour: int
) -> None:
    message = scene.ask(scene.person(sms=NUMBER, zone=None, safe_hours={"from": "08:00", "to": "10:30"}))
    scene.clock.move_to(portland(2026, 11, 25, hour))
    assert barred(scene, message) == "no-hours"
    change(scene, Client, time_zone=PORTLAND)
    assert barred(scene, message) is None


def test_a_test_goes_out_at_once_while_the_client_is_in_the_room_and_not_at_night_hours_later(
    scene: Scene,
) -> None:
    ask = scene.ask(scene.person(sms=NUMBER))
    scene.clock.move_to(portland(2026, 11, 24, 21, 5))  # a late session
    message = a_test(scene, ask)
    assert waits(scene, message) is None
    scene.clock.shift(timedelta(hours=4))
    assert waits(scene, message) == ("quiet", portland(*MORNING))


# Never


def test_a_contact_point_takes_only_what_it_is_safe_for(scene: Scene) -> None:
    first = scene.ask(scene.person(sms=NUMBER))
    reminder, test = scene.remind(first), a_test(scene, first)
    found = {}
    for safe in SafeFor:
        change(scene, ContactPoint, safe_for=safe)
        found[safe] = [barred(scene, one) for one in (first, reminder, test)]
    no = "not-safe"
    assert found == {
        SafeFor.REMINDERS: [None, None, None],
        SafeFor.INVITATIONS: [None, no, None],
        SafeFor.NOTHING: [no, no, no],
    }


@pytest.mark.parametrize(("state", "code"), [(ContactState.BLOCKED, "blocked"), (ContactState.DEAD, "dead")])
def test_a_blocked_or_dead_contact_point_takes_nothing(scene: Scene, state: ContactState, code: str) -> None:
    message = scene.ask(scene.person(sms=NUMBER))
    change(scene, ContactPoint, state=state)
    assert barred(scene, message) == code


def test_an_unconfirmed_contact_point_is_written_to(scene: Scene) -> None:
    message = scene.ask(scene.person(sms=NUMBER))
    change(scene, ContactPoint, state=ContactState.UNCONFIRMED)
    assert barred(scene, message) is None


def test_kiosk_only_holds_whatever_was_planned(scene: Scene) -> None:
    first = scene.ask(scene.person(sms=NUMBER))
    planned = [first, scene.remind(first), a_test(scene, first)]
    change(scene, Respondent, in_person_only=True)
    assert [barred(scene, one) for one in planned] == ["in-person-only"] * 3


def test_who_does_not_want_these_forms_gets_none(scene: Scene) -> None:
    first = scene.ask(scene.person(sms=NUMBER))
    change(scene, Respondent, refused_at=now())
    assert [barred(scene, one) for one in (first, a_test(scene, first))] == ["refused", "refused"]


@pytest.mark.parametrize("to", [ClientState.PAUSED, ClientState.CLOSED, ClientState.DECEASED])
def test_a_client_who_is_not_in_care_gets_nothing(scene: Scene, to: ClientState) -> None:
    client = scene.person(sms=NUMBER)
    first = scene.ask(client)
    test = a_test(scene, first)
    with scene.service.db.write() as session:
        client_life.set_state(session, scene.ada, client, to)
    assert barred(scene, first) == "ended"
    assert barred(scene, test) == "not-active"


def test_a_link_that_has_run_out_is_not_sent(scene: Scene) -> None:
    message = scene.ask(scene.person(sms=NUMBER))
    change(scene, Assignment, expires_at=now() - timedelta(seconds=1))
    assert barred(scene, message) == "expired"


def test_a_stop_that_came_after_planning_holds(scene: Scene) -> None:
    message = scene.ask(scene.person(sms=NUMBER))
    for practice in (scene.cast.practice, None):
        with scene.service.db.write() as session:
            opt_outs.stop(session, "sms", NUMBER, "text", practice)
        assert barred(scene, message) == "opted-out"
        with scene.service.db.write() as session:
            opt_outs.start(session, "sms", NUMBER, practice)
        assert barred(scene, message) is None


def test_a_stop_of_another_practice_or_channel_does_not_hold(scene: Scene) -> None:
    message = scene.ask(scene.person(sms=NUMBER))
    with scene.service.db.write() as session:
        opt_outs.stop(session, "sms", NUMBER, "text", scene.cast.other_practice)
        opt_outs.stop(session, "email", NUMBER, "spam")
    assert barred(scene, message) is None


def test_no_consent_no_message(scene: Scene) -> None:
    client = scene.person(sms=NUMBER, email="tex@example.org")
    message = scene.ask(client)
    with scene.service.db.write() as session:
        consents.withdraw(session, session.get_one(Respondent, message.respondent_id), "sms", scene.ada.actor)
    assert barred(scene, message) == "no-consent"


def test_a_consent_for_another_address_does_not_count(scene: Scene) -> None:
    message = scene.ask(scene.person(sms=NUMBER))
    other = scene.ask(scene.person("Ty", sms="+15035550124"))
    change(scene, Consent, contact_point_id=other.contact_point_id)
    assert barred(scene, message) == "no-consent"
    change(scene, Consent, contact_point_id=message.contact_point_id)
    assert barred(scene, message) is None
    assert barred(scene, other) == "no-consent"


def test_a_message_to_a_person_of_the_practice_has_none_of_these_rules(scene: Scene) -> None:
    scene.clock.move_to(portland(*NIGHT))
    with scene.service.db.write() as session:
        row = Dispatch(
            practice_id=scene.cast.practice,
            purpose=Purpose.RISK,
            recipient=RecipientKind.PERSON,
            person_id=scene.cast.ada,
            channel="email",
            business_key="risk|1",
            due_at=now(),
        )
        session.add(row)
    assert (barred(scene, row), waits(scene, row)) == (None, None)


def test_a_message_whose_link_ended_is_stopped_and_leaves_the_one_try_after_a_pause_to_the_next(
    scene: Scene,
) -> None:
    with scene.service.db.write() as session:
        breaker.bad(session, "twilio", "", code="x", reason="x", retry_after=60)
    ended = scene.ask(scene.person(sms=NUMBER))
    with scene.service.db.write() as session:
        session.execute(
            update(Link).where(Link.assignment_id == ended.assignment_id).values(state=LinkState.REVOKED)
        )
    assert barred(scene, ended) == "ended"
    scene.clock.shift(timedelta(seconds=61))
    scene.work()
    assert (scene.state(ended), scene.texts.calls) == ("cancelled", 0)
    after = scene.ask(scene.person("Next", sms="+15035550111"))
    scene.work()
    assert scene.state(after) == "handed_over"
