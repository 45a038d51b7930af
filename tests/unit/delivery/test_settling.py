"""Attempts whose outcome is unknown are settled by what the provider itself shows, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from channels.base import Refused
from channels.sms_twilio import TwilioSms
from delivery import assignments, dispatch, jobs
from delivery.db import now
from delivery.models.assignments import Assignment, Way
from delivery.models.ledger import OutboxEntry
from delivery.models.messages import ContactUse, Dispatch, Purpose
from delivery.service import Service
from delivery.states import OutboxState
from tests import sending_acts
from tests.carrier import ACCOUNT, TOKEN, Carrier
from tests.sending_acts import NUMBER, OTHER_NUMBER, Scene


@pytest.fixture
def scene(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with sending_acts.scene(service, monkeypatch) as made:
        yield made


def unclear(scene: Scene, step: str, way: Way = Way.SMS) -> Dispatch:
    """A message whose reply never came."""
    message = scene.ask(scene.person(sms=NUMBER, email="tex@example.org"), way)
    (scene.texts if way is Way.SMS else scene.mails).script = [step]
    scene.work()
    assert scene.state(message) == "unclear"
    return message


def attempts(scene: Scene, message: Dispatch) -> list[str]:
    return [one.state.value for one in scene.attempts(message)]


def test_a_text_that_twilio_has_is_found_after_ten_minutes_and_not_before(scene: Scene) -> None:
    message = unclear(scene, "reply lost")
    scene.later(minutes=9, seconds=59)
    assert scene.texts.looked == []
    scene.later(seconds=1)
    (attempt,) = scene.attempts(message)
    assert (scene.state(message), attempt.state.value, attempt.evidence) == (
        "handed_over",
        "accepted",
        "look_up",
    )
    assert scene.texts.calls == 1


def test_a_first_text_that_twilio_never_had_is_sent_again_once_with_the_same_link(scene: Scene) -> None:
    message = unclear(scene, "never arrived")
    scene.later(minutes=10)
    scene.work()
    assert (scene.state(message), attempts(scene, message)) == ("handed_over", ["refused", "accepted"])
    (looked, _) = scene.texts.looked[0]
    assert [one.text for one in scene.texts.taken] == [looked.text]
    assert scene.count(ContactUse) == 1, "the call that reached nobody is not counted"


def test_a_text_that_is_missed_a_second_time_stays_unclear_until_a_person_decides(scene: Scene) -> None:
    message = unclear(scene, "never arrived")
    scene.texts.script = ["never arrived", "never arrived"]
    scene.later(minutes=10)
    scene.work()
    assert (scene.state(message), scene.texts.calls) == ("unclear", 2)
    scene.later(minutes=10)
    scene.later(hours=30)
    assert (scene.state(message), attempts(scene, message)) == ("unclear", ["refused", "unknown"])
    assert scene.texts.calls == 2
    send_again(scene, message)
    scene.work()
    scene.later(hours=1)
    scene.later(hours=30)
    assert (scene.state(message), scene.texts.calls) == ("unclear", 3), "once more by a person, by itself not"


def test_a_text_that_was_missed_twice_and_is_reported_later_is_told_as_it_was(scene: Scene) -> None:
    message = unclear(scene, "never arrived")
    scene.texts.script = ["reply lost"]
    scene.later(minutes=10)
    scene.work()
    scene.texts.taken.clear()  # the list does not show it
    scene.later(minutes=10)
    assert scene.state(message) == "unclear"
    scene.texted(message, "delivered")
    assert (scene.state(message), attempts(scene, message)) == ("delivered", ["refused", "accepted"])


def test_a_list_that_is_late_for_hours_never_makes_three_texts_of_one(scene: Scene, tmp_path: Path) -> None:
    with Carrier(tmp_path / "truth.jsonl", list_lag=5 * 3600) as carrier:
        carrier.script("drop_reply", "drop_reply", "drop_reply")
        carrier.script_callbacks("lost", "lost", "lost")
        scene.texts = TwilioSms(ACCOUNT, TOKEN, OTHER_NUMBER, carrier.url)  # type: ignore[assignment]
        message = scene.ask(scene.person(sms=NUMBER))
        scene.work()
        for _ in range(6):
            scene.later(minutes=10)
            scene.work()
        texts = len(carrier.accepted)
    assert (scene.state(message), texts) == ("unclear", 2)


def send_again(scene: Scene, message: Dispatch) -> None:
    with scene.service.db.write() as session:
        dispatch.send_again(session, session.get_one(Dispatch, message.id))


def meanwhile(scene: Scene, message: Dispatch, permanent: bool) -> None:
    scene.texted(message, "sent", number=0)
    raise Refused("twilio_30004", "Blocked.", permanent)


@pytest.mark.parametrize(
    ("first", "after"),
    [("reply lost", "unclear"), ("taken meanwhile", "handed_over")],
)
@pytest.mark.parametrize("permanent", [True, False])
def test_a_second_sending_that_is_refused_leaves_the_message_as_the_first_call_left_it(
    scene: Scene, first: str, after: str, permanent: bool
) -> None:
    message = unclear(scene, "reply lost")
    send_again(scene, message)
    scene.texts.script = [Refused("twilio_30004", "Blocked.", permanent)]
    if first == "taken meanwhile":
        scene.texts.script = [lambda _: meanwhile(scene, message, permanent)]
    scene.work()
    assert scene.state(message) == after


@pytest.mark.parametrize(("permanent", "after"), [(True, "failed"), (False, "held")])
def test_a_second_sending_after_a_report_of_failure_is_not_left_behind_where_it_is_refused(
    scene: Scene, permanent: bool, after: str
) -> None:
    message = scene.ask(scene.person(sms=NUMBER))
    scene.work()
    scene.texted(message, "undelivered", "30004")
    send_again(scene, message)
    scene.texts.script = [Refused("twilio_30004", "Blocked.", permanent)]
    scene.work()
    assert scene.state(message) == after


def test_an_email_waits_an_hour(scene: Scene) -> None:
    scene.mails.evidence = "look_up"
    message = unclear(scene, "never arrived", Way.EMAIL)
    scene.later(minutes=59)
    assert (scene.state(message), scene.mails.looked) == ("unclear", [])
    scene.later(minutes=1)
    scene.work()
    assert (scene.state(message), scene.mails.calls) == ("handed_over", 2)


@pytest.mark.parametrize("purpose", [Purpose.REMINDER, Purpose.TEST])
def test_a_reminder_or_a_test_that_never_arrived_is_not_sent_late(scene: Scene, purpose: Purpose) -> None:
    first = scene.ask(scene.person(sms=NUMBER))
    scene.work()
    scene.clock.shift(timedelta(days=1))
    message = scene.remind(first, purpose)
    scene.texts.script = ["never arrived"]
    scene.work()
    scene.later(minutes=10)
    scene.later(hours=1)
    assert (scene.state(message), scene.row(message).code) == ("cancelled", "dropped")
    assert scene.texts.calls == 2


def test_a_reminder_that_arrived_is_found_like_any_other(scene: Scene) -> None:
    first = scene.ask(scene.person(sms=NUMBER))
    scene.work()
    scene.clock.shift(timedelta(days=1))
    message = scene.remind(first)
    scene.texts.script = ["reply lost"]
    scene.work()
    scene.later(minutes=10)
    assert (scene.state(message), scene.texts.calls) == ("handed_over", 2)
    _, claimed = scene.texts.looked[0]
    assert claimed == {scene.attempts(first)[0].reference}, "the first text is not taken for the reminder"


def test_a_dropped_reminder_that_turns_out_to_have_arrived_is_told_as_it_was(scene: Scene) -> None:
    first = scene.ask(scene.person(sms=NUMBER))
    scene.work()
    scene.clock.shift(timedelta(days=1))
    message = scene.remind(first)
    scene.texts.script = ["never arrived"]
    scene.work()
    scene.later(minutes=10)
    assert scene.state(message) == "cancelled"
    scene.texted(message, "delivered")
    assert scene.state(message) == "delivered"


def test_a_provider_that_cannot_say_now_is_asked_again(scene: Scene) -> None:
    message = unclear(scene, "reply lost")
    scene.texts.silent = True
    scene.later(minutes=10)
    assert scene.state(message) == "unclear"
    scene.texts.silent = False
    scene.later(minutes=30)
    assert (scene.state(message), scene.texts.calls) == ("handed_over", 1)


def test_without_a_list_it_stays_unclear_until_a_report_or_a_person(scene: Scene) -> None:
    message = unclear(scene, "reply lost", Way.EMAIL)
    scene.later(hours=30)
    assert (scene.state(message), scene.mails.calls) == ("unclear", 1)
    scene.mailed(message, "processed")
    assert scene.state(message) == "handed_over"


def test_smtp_is_never_looked_up(scene: Scene) -> None:
    scene.mails.provider, scene.mails.evidence = "smtp", "none"
    message = unclear(scene, "reply lost", Way.EMAIL)
    with scene.service.db.read() as session:
        assert session.scalars(select(OutboxEntry).where(OutboxEntry.kind == "settle")).all() == []
    scene.later(hours=30)
    assert (scene.state(message), scene.mails.calls) == ("unclear", 1)


def test_an_answer_proves_that_the_message_arrived(scene: Scene) -> None:
    message = unclear(scene, "reply lost", Way.EMAIL)
    with scene.service.db.write() as session:
        session.execute(update(Assignment).values(started_at=now()))
    scene.later(hours=1)
    (attempt,) = scene.attempts(message)
    assert (scene.state(message), attempt.evidence) == ("handed_over", "answer")


def test_an_answer_proves_nothing_where_another_message_carried_the_link(scene: Scene) -> None:
    message = unclear(scene, "reply lost", Way.EMAIL)
    with scene.service.db.write() as session:
        session.execute(update(Assignment).values(started_at=now()))
    scene.remind(message)
    scene.later(hours=1)
    assert scene.state(message) == "unclear"


def taken_back(scene: Scene, message: Dispatch) -> None:
    with scene.service.db.write() as session:
        assert message.assignment_id is not None
        assignments.cancel(session, scene.ada, message.assignment_id)


def test_a_link_that_ended_meanwhile_is_looked_up_without_its_words_and_not_sent_again(scene: Scene) -> None:
    message = unclear(scene, "never arrived")
    taken_back(scene, message)
    scene.later(minutes=10)
    scene.work()
    (looked, _) = scene.texts.looked[0]
    assert (looked.to, looked.text) == (NUMBER, "")
    assert (scene.state(message), attempts(scene, message)) == ("cancelled", ["refused"])
    assert scene.texts.calls == 1


def test_a_link_that_ended_meanwhile_does_not_deny_that_the_message_went_out(scene: Scene) -> None:
    message = unclear(scene, "reply lost")
    taken_back(scene, message)
    scene.later(minutes=10)
    assert (scene.state(message), attempts(scene, message)) == ("handed_over", ["accepted"])


def test_found_before_the_second_sending_that_waits_for_the_day_stops_it(scene: Scene) -> None:
    scene.clock.shift(timedelta(hours=8, minutes=58))  # two minutes before night
    message = unclear(scene, "reply lost")
    scene.clock.shift(timedelta(minutes=3))
    with scene.service.db.write() as session:
        dispatch.send_again(session, session.get_one(Dispatch, message.id))
    scene.work()
    assert (scene.state(message), scene.row(message).code) == ("held", "quiet")
    scene.later(minutes=10)
    assert scene.state(message) == "handed_over"
    scene.later(hours=12)
    assert scene.texts.calls == 1


def test_a_late_report_stops_the_second_sending_of_what_the_list_did_not_show(scene: Scene) -> None:
    scene.clock.shift(timedelta(hours=8, minutes=55))
    message = unclear(scene, "never arrived")
    scene.later(minutes=10)
    scene.work()
    assert (scene.state(message), scene.row(message).code) == ("held", "quiet")
    scene.texted(message, "sent")
    assert scene.state(message) == "handed_over"
    scene.later(hours=12)
    assert scene.texts.calls == 1


def test_a_call_that_was_settled_meanwhile_is_left_alone(scene: Scene) -> None:
    message = unclear(scene, "reply lost")
    scene.texted(message, "delivered")
    scene.later(minutes=10)
    assert (scene.state(message), scene.texts.looked) == ("delivered", [])
    with scene.service.db.read() as session:
        assert [one.state for one in session.scalars(select(OutboxEntry))] == [OutboxState.DONE] * 2


def test_a_mailbox_that_waits_is_not_given_up_with_the_look_up_an_hour_later(scene: Scene) -> None:
    scene.mails.evidence = "look_up"
    message = unclear(scene, "reply lost", Way.EMAIL)
    scene.mailed(message, "deferred")
    assert scene.state(message) == "handed_over"
    scene.later(hours=2)
    assert scene.state(message) == "handed_over"
    scene.later(hours=70)
    assert scene.state(message) == "failed"


def test_the_look_up_runs_twice_without_harm(scene: Scene) -> None:
    message = unclear(scene, "never arrived")
    (attempt,) = scene.attempts(message)
    with scene.service.db.write() as session:
        jobs.add(session, "settle", attempt.id, practice_id=message.practice_id, key="a second one")
    scene.later(minutes=10)
    scene.later(minutes=10)
    assert (scene.state(message), scene.texts.calls) == ("handed_over", 2)
