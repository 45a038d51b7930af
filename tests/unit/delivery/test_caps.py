"""How many messages a person and a number get, whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from channels.base import Refused
from delivery import caps, contacts, crypto, jobs, opt_outs
from delivery.db import now
from delivery.models.assignments import Way
from delivery.models.clients import Client, Consent, ContactPoint, ContactState, Respondent
from delivery.models.messages import ContactUse, Dispatch, OptOut, Purpose, RecipientKind
from delivery.models.people import Practice
from delivery.service import Service
from delivery.states import ClientState
from tests import sending_acts
from tests.sending_acts import NUMBER, PORTLAND, Scene


@pytest.fixture
def scene(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with sending_acts.scene(service, monkeypatch) as made:
        yield made


def portland(*when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(PORTLAND))  # type: ignore[misc, arg-type]


def went(scene: Scene) -> int:
    return len(scene.texts.taken) + len(scene.mails.taken)


def days(scene: Scene, client: object, number: int) -> list[Dispatch]:
    """A text at noon on so many days in a row."""
    sent = []
    for _ in range(number):
        sent.append(scene.ask(client))  # type: ignore[arg-type]
        scene.work()
        scene.clock.shift(timedelta(days=1))
    return sent


def test_a_second_text_on_one_day_goes_the_next_morning(scene: Scene) -> None:
    client = scene.person(sms=NUMBER)
    scene.ask(client)
    second = scene.ask(client)
    scene.work()
    assert went(scene) == 1
    row = scene.row(second)
    assert (row.state.value, row.code, row.held_until) == ("held", "daily-cap", portland(2026, 11, 25, 8))
    scene.at(portland(2026, 11, 25, 8))
    assert went(scene) == 2
    assert scene.state(second) == "handed_over"


def test_two_practices_share_the_day_of_a_number_and_neither_learns_of_the_other(scene: Scene) -> None:
    stranger = scene.cast.caller(scene.service, scene.cast.stranger)
    first = scene.ask(scene.person(sms=NUMBER))
    second = scene.ask(scene.person("Theo", stranger, sms=NUMBER), caller=stranger)
    scene.work()
    assert went(scene) == 1
    held = scene.row(second)
    assert (scene.state(first), held.state.value, held.code) == ("handed_over", "held", "daily-cap")
    assert held.reason is not None
    with scene.service.db.read() as session:
        names = [name for row in session.query(Practice) for name in (row.name, row.sender_name)]
    for word in [*names, "practice", "clinician", "another", "other", "Tex", "text"]:
        assert word.lower() not in held.reason.lower()
    scene.at(portland(2026, 11, 25, 8))
    assert scene.state(second) == "handed_over", "it was only delayed"


def test_what_counts_a_number_over_practices_holds_a_keyed_hash_and_a_time_only(scene: Scene) -> None:
    scene.ask(scene.person(sms=NUMBER))
    scene.work()
    assert set(ContactUse.__table__.columns.keys()) == {"id", "created_at", "contact_hash", "at"}
    with scene.service.db.read() as session:
        (used,) = session.query(ContactUse)
    assert used.contact_hash == crypto.contact_hash("sms", NUMBER)
    assert NUMBER.encode() not in used.contact_hash


def test_the_day_of_a_number_is_the_clients_own_day(scene: Scene) -> None:
    client = scene.person(sms=NUMBER)
    scene.at(portland(2026, 11, 24, 20, 55))
    scene.ask(client)
    scene.work()
    scene.at(portland(2026, 11, 25, 8, 5))
    scene.ask(client)
    scene.work()
    assert went(scene) == 2


def test_the_fourth_text_in_seven_days_waits_until_the_first_is_a_week_old(scene: Scene) -> None:
    client = scene.person(sms=NUMBER)
    days(scene, client, 3)
    fourth = scene.ask(client)
    scene.work()
    assert went(scene) == 3
    row = scene.row(fourth)
    assert (row.code, row.held_until) == ("weekly-cap", portland(2026, 12, 1, 12))
    scene.at(portland(2026, 12, 1, 11, 59))
    assert went(scene) == 3
    scene.at(portland(2026, 12, 1, 12))
    assert went(scene) == 4


def test_another_practice_does_not_fill_the_week(scene: Scene) -> None:
    stranger = scene.cast.caller(scene.service, scene.cast.stranger)
    days(scene, scene.person(sms=NUMBER), 3)
    there = scene.ask(scene.person("Theo", stranger, sms=NUMBER), caller=stranger)
    scene.work()
    assert scene.state(there) == "handed_over"


def test_the_people_of_a_family_are_counted_apart_on_the_number_they_share(scene: Scene) -> None:
    family = [scene.person(name, sms=NUMBER) for name in ("Mother", "Teen")]
    for _ in range(3):
        for one in family:
            scene.ask(one)
        scene.work()
        scene.clock.shift(timedelta(days=1))
    assert went(scene) == 6
    seventh = scene.ask(family[0])
    scene.work()
    assert scene.row(seventh).code == "weekly-cap"


def test_a_number_has_a_limit_however_many_people_share_it(scene: Scene) -> None:
    family = [scene.person(f"Child {n}", sms=NUMBER) for n in range(5)]
    asked = [scene.ask(one) for one in family]
    scene.work()
    assert went(scene) == caps.FAMILY
    assert [scene.row(one).code for one in asked].count("daily-cap") == 2
    for _ in range(6):
        scene.later(days=1)
        asked += [scene.ask(one) for one in family]
        scene.work()
    assert went(scene) == caps.FAMILY * 3
    held = [scene.row(one) for one in asked if scene.state(one) == "held"]
    assert held
    own = {one.respondent_id for one in held if scene.count(Dispatch, *_sent_to(one)) < 3}
    said = [one.reason for one in held if one.respondent_id in own and one.code == "weekly-cap"]
    assert said
    assert all("This client has had" not in (words or "") for words in said), "it was the family that had"


def _sent_to(row: Dispatch) -> tuple[object, ...]:
    return (Dispatch.respondent_id == row.respondent_id, Dispatch.handed_over_at.is_not(None))


def test_emails_have_limits_of_their_own(scene: Scene) -> None:
    client = scene.person(sms=NUMBER, email="tex@example.org")
    for _ in range(5):
        scene.ask(client, Way.EMAIL)
    text = scene.ask(client)
    scene.work()
    assert (len(scene.mails.taken), len(scene.texts.taken)) == (4, 1)
    assert scene.state(text) == "handed_over"


def test_tests_are_not_counted_and_not_held(scene: Scene) -> None:
    client = scene.person(sms=NUMBER)
    first = scene.ask(client)
    with scene.service.db.write() as session:
        for n in range(3):
            row = Dispatch(
                practice_id=first.practice_id,
                purpose=Purpose.TEST,
                recipient=RecipientKind.CLIENT,
                respondent_id=first.respondent_id,
                contact_point_id=first.contact_point_id,
                channel="sms",
                business_key=f"test|{n}",
                due_at=now(),
            )
            session.add(row)
            session.flush()
            jobs.add(session, "send", row.id, practice_id=row.practice_id)
    scene.work()
    assert went(scene) == 4
    assert scene.state(first) == "handed_over"


def test_a_call_that_was_refused_is_not_counted(scene: Scene) -> None:
    client = scene.person(sms=NUMBER)
    for _ in range(4):
        scene.texts.script = [Refused("twilio_30004", "Blocked.", True)]
        refused = scene.ask(client)
        scene.work()
        assert scene.state(refused) == "failed"
    good = scene.ask(client)
    scene.work()
    assert scene.state(good) == "handed_over"
    assert scene.count(ContactUse) == 1


def test_a_message_that_is_proven_not_to_have_arrived_is_not_counted(scene: Scene) -> None:
    client = scene.person(sms=NUMBER)
    first = scene.ask(client)
    scene.work()
    scene.texted(first, "undelivered", "30004")
    second = scene.ask(client)
    scene.work()
    assert scene.state(second) == "handed_over"


def test_one_that_may_have_arrived_is_counted(scene: Scene) -> None:
    client = scene.person(sms=NUMBER)
    scene.texts.script = ["reply lost"]
    scene.ask(client)
    second = scene.ask(client)
    scene.work()
    assert scene.row(second).code == "daily-cap"


def test_a_reminder_in_the_bulk_lane_counts_and_waits_like_any_other(scene: Scene) -> None:
    first = scene.ask(scene.person(sms=NUMBER))
    scene.work()
    reminder = scene.remind(first)
    scene.work()
    assert scene.row(reminder).code == "daily-cap"
    scene.at(portland(2026, 11, 25, 8))
    assert scene.state(reminder) == "handed_over"


def test_what_no_day_counts_any_more_is_dropped(scene: Scene) -> None:
    scene.ask(scene.person(sms=NUMBER))
    scene.work()
    for after, left in ((7, 1), (2, 0)):
        scene.clock.shift(timedelta(days=after))
        with scene.service.db.write() as session:
            caps.forget_old(session)
        assert scene.count(ContactUse) == left


def test_limits_can_be_raised_by_a_setting(scene: Scene) -> None:
    object.__setattr__(scene.service.settings, "sms_per_day", 2)
    client = scene.person(sms=NUMBER)
    asked = [scene.ask(client) for _ in range(3)]
    scene.work()
    assert [scene.state(one) for one in asked] == ["handed_over", "handed_over", "held"]


def test_a_stop_is_kept_even_where_a_message_waits_for_its_day(scene: Scene) -> None:
    client = scene.person(sms=NUMBER)
    scene.ask(client)
    second = scene.ask(client)
    scene.work()
    with scene.service.db.write() as session:
        opt_outs.stop(session, "sms", NUMBER, "text")
    scene.at(portland(2026, 11, 25, 8))
    assert (scene.state(second), scene.row(second).code) == ("failed", "opted-out")
    assert scene.count(OptOut) == 1
    with scene.service.db.write() as session:
        session.execute(update(OptOut).values(ended_at=now()))


def test_a_first_try_that_did_not_reach_the_phone_is_not_counted(scene: Scene) -> None:
    client = scene.person(sms=NUMBER)
    off = scene.ask(client)
    scene.work()
    scene.texted(off, "undelivered", "30003")
    scene.later(hours=4)
    assert [one.state.value for one in scene.attempts(off)] == ["accepted", "accepted"]
    scene.clock.shift(timedelta(days=1))
    days(scene, client, 1)
    third = scene.ask(client)
    scene.work()
    assert scene.state(third) == "handed_over"
    scene.clock.shift(timedelta(days=1))
    fourth = scene.ask(client)
    scene.work()
    assert scene.row(fourth).code == "weekly-cap", "the second try counts"


def test_a_call_that_may_have_been_taken_is_counted(scene: Scene) -> None:
    client = scene.person(sms=NUMBER)
    scene.texts.script = ["reply lost"] * 3
    days(scene, client, 3)
    fourth = scene.ask(client)
    scene.work()
    assert scene.row(fourth).code == "weekly-cap"


def _blocked(session: Session, who: Respondent, point: ContactPoint) -> None:
    point.state = ContactState.BLOCKED


def _dead(session: Session, who: Respondent, point: ContactPoint) -> None:
    point.state = ContactState.DEAD


def _refused(session: Session, who: Respondent, point: ContactPoint) -> None:
    who.refused_at = now()


def _withdrawn(session: Session, who: Respondent, point: ContactPoint) -> None:
    session.execute(update(Consent).where(Consent.respondent_id == who.id).values(withdrawn_at=now()))


def _closed(session: Session, who: Respondent, point: ContactPoint) -> None:
    session.get_one(Client, who.client_id).state = ClientState.CLOSED


@pytest.mark.parametrize("what", [_blocked, _dead, _refused, _withdrawn, _closed])
def test_whoever_gets_nothing_on_a_shared_number_gives_the_others_no_more_room(
    scene: Scene, what: Callable[[Session, Respondent, ContactPoint], None]
) -> None:
    mother, teen = (scene.person(name, sms=NUMBER) for name in ("Mother", "Teen"))
    days(scene, teen, 3)
    gone = scene.respondent(teen)
    with scene.service.db.write() as session:
        (point,) = contacts.of_respondent(session, gone.id)
        what(session, session.get_one(Respondent, gone.id), session.get_one(ContactPoint, point.id))
    held = scene.ask(mother)
    scene.work()
    assert (went(scene), scene.row(held).code) == (3, "weekly-cap")
