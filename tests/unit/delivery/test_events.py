"""What a provider reports, late, twice, in any order: each report has its place in trust.md 2.5."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from channels.base import Message, Refused
from delivery import assignments, dispatch, events, opt_outs
from delivery.models.assignments import Assignment, Way
from delivery.models.clients import ContactState
from delivery.models.ledger import AuditEvent
from delivery.models.messages import ContactUse, DeliveryEvent, Dispatch, Notice, NoticeKind
from delivery.service import Service
from tests import sending_acts
from tests.sending_acts import NUMBER, PORTLAND, Scene, text_event

MAIL = "tex@example.org"
NUMBERS = {"Second": "+15035550111", "Third": "+15035550112"}


@pytest.fixture
def scene(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with sending_acts.scene(service, monkeypatch) as made:
        yield made


def text(scene: Scene) -> Dispatch:
    """A text that Twilio took, to somebody who may be written to by mail instead."""
    message = scene.ask(scene.person(sms=NUMBER, email=MAIL, fallback=("email",)))
    scene.work()
    assert scene.state(message) == "handed_over"
    return message


def mail(scene: Scene) -> Dispatch:
    """An e-mail that SendGrid took, to somebody who may be texted instead."""
    message = scene.ask(scene.person(sms=NUMBER, email=MAIL, fallback=("sms",)), Way.EMAIL)
    scene.work()
    assert scene.state(message) == "handed_over"
    return message


def paused(scene: Scene, provider: str = "twilio") -> bool:
    found = scene.breaker(provider)
    return found is not None and found.opened_at is not None


def opted_out(scene: Scene, channel: str, value: str) -> bool:
    with scene.service.db.read() as session:
        return opt_outs.stands(session, channel, value, scene.cast.practice)


# The table: what a text's callback means


@pytest.mark.parametrize(
    ("code", "state", "point", "elsewhere", "breaker"),
    [
        ("21211", "failed", "dead", True, False),
        ("21614", "failed", "dead", True, False),
        ("21408", "failed", "dead", True, False),
        ("30005", "failed", "dead", True, False),
        ("30006", "failed", "dead", True, False),
        ("21610", "failed", "confirmed", True, False),
        ("30003", "held", "confirmed", False, False),
        ("30008", "held", "confirmed", False, False),
        ("30007", "failed", "confirmed", False, True),
        ("30034", "failed", "confirmed", False, True),
        ("21606", "failed", "confirmed", False, True),
        ("30004", "failed", "confirmed", False, False),
        ("99999", "failed", "confirmed", False, False),
        ("", "failed", "confirmed", False, False),
    ],
)
def test_a_text_that_was_not_delivered(
    scene: Scene, code: str, state: str, point: str, elsewhere: bool, breaker: bool
) -> None:
    message = text(scene)
    scene.texted(message, "undelivered", code)
    row = scene.row(message)
    assert (row.state.value, scene.point(message).state.value) == (state, point)
    assert [one.state.value for one in scene.attempts(message)] == ["accepted"], "the provider had it"
    assert [one.channel for one in scene.beside(message)] == (["email"] if elsewhere else [])
    assert paused(scene) is breaker
    assert opted_out(scene, "sms", NUMBER) is (code == "21610")
    assert row.reason, "it says why"


# The same, as an answer to the call


@pytest.mark.parametrize(
    ("error", "state", "point", "elsewhere", "breaker"),
    [
        (Refused("twilio_21211", "No.", True, contact="dead"), "failed", "dead", True, False),
        (Refused("twilio_21614", "No.", True, contact="dead"), "failed", "dead", True, False),
        (Refused("twilio_21610", "No.", True, contact="opted_out"), "failed", "confirmed", True, False),
        (Refused("twilio_20003", "Us.", False, stops_provider=True), "held", "confirmed", False, True),
        (Refused("twilio_21606", "Us.", False, stops_provider=True), "held", "confirmed", False, True),
        (Refused("twilio_20429", "Slow.", False, retry_after=90), "held", "confirmed", False, True),
        (Refused("twilio_20429", "Slow.", False), "held", "confirmed", False, False),
        (Refused("twilio_30004", "Blocked.", True), "failed", "confirmed", False, False),
    ],
    ids=lambda value: f"{value.code}-{value.retry_after}" if isinstance(value, Refused) else str(value),
)
def test_a_text_that_the_provider_refused(
    scene: Scene, error: Refused, state: str, point: str, elsewhere: bool, breaker: bool
) -> None:
    message = scene.ask(scene.person(sms=NUMBER, email=MAIL, fallback=("email",)))
    scene.texts.script = [error]
    scene.work()
    assert (scene.state(message), scene.point(message).state.value) == (state, point)
    assert [one.state.value for one in scene.attempts(message)] == ["refused"]
    assert [one.channel for one in scene.beside(message)] == (["email"] if elsewhere else [])
    assert paused(scene) is breaker
    if error.retry_after:
        held = scene.row(message).held_until
        assert held is not None
        assert held >= sending_acts.NOON + timedelta(seconds=error.retry_after)
    assert scene.count(ContactUse) == (1 if elsewhere and scene.mails.taken else 0)


# The same, for e-mails


@pytest.mark.parametrize(
    ("event", "more", "state", "point", "elsewhere", "out"),
    [
        ("processed", {}, "handed_over", "confirmed", False, False),
        ("delivered", {}, "delivered", "confirmed", False, False),
        ("deferred", {}, "handed_over", "confirmed", False, False),
        ("bounce", {"type": "bounce"}, "failed", "dead", True, False),
        ("bounce", {"type": "blocked"}, "handed_over", "confirmed", False, False),
        ("dropped", {"reason": "Bounced Address"}, "failed", "dead", True, False),
        ("dropped", {"reason": "Invalid"}, "failed", "dead", True, False),
        ("dropped", {"reason": "Unsubscribed Address"}, "failed", "confirmed", False, True),
        ("dropped", {"reason": "Spam Reporting Address"}, "failed", "confirmed", False, True),
        ("dropped", {"reason": "whatever"}, "failed", "confirmed", False, False),
        ("spamreport", {}, "handed_over", "confirmed", False, True),
        ("unsubscribe", {}, "handed_over", "confirmed", False, True),
        ("group_unsubscribe", {}, "handed_over", "confirmed", False, True),
    ],
)
def test_what_a_mail_server_says(
    scene: Scene, event: str, more: dict[str, Any], state: str, point: str, elsewhere: bool, out: bool
) -> None:
    message = mail(scene)
    scene.mailed(message, event, **more)
    assert (scene.state(message), scene.point(message).state.value) == (state, point)
    assert [one.channel for one in scene.beside(message)] == (["sms"] if elsewhere else [])
    assert opted_out(scene, "email", MAIL) is out
    kinds = {NoticeKind.OPTED_OUT} if out else {NoticeKind.DEAD_CONTACT} if point == "dead" else set()
    with scene.service.db.read() as session:
        assert set(session.scalars(select(Notice.kind))) == kinds


def test_a_plan_that_is_used_up_stops_the_provider(scene: Scene) -> None:
    message = mail(scene)
    scene.mailed(message, "dropped", reason="Recipient List over Package Quota")
    assert scene.state(message) == "failed"
    assert paused(scene, "sendgrid")


# A pause that a report began


@pytest.mark.parametrize("code", ["30007", "30034"])
def test_texts_that_phone_companies_stop_begin_again_with_one_that_is_delivered(
    scene: Scene, code: str
) -> None:
    scene.texted(text(scene), "undelivered", code)
    first, second = (scene.ask(scene.person(name, sms=to)) for name, to in NUMBERS.items())
    scene.later(minutes=5)
    assert sorted([scene.state(first), scene.state(second)]) == ["handed_over", "held"]
    tried = first if scene.state(first) == "handed_over" else second
    assert paused(scene), "that it was taken proves nothing: the one before was taken as well"
    scene.later(minutes=4)
    assert scene.texts.calls == 2
    scene.texted(tried, "sent")
    assert paused(scene)
    scene.texted(tried, "delivered")
    assert not paused(scene)
    scene.later(minutes=2)
    assert scene.texts.calls == 3


def test_a_text_from_before_the_pause_that_arrives_does_not_end_it(scene: Scene) -> None:
    early = [scene.ask(scene.person(name, sms=to)) for name, to in NUMBERS.items()]
    scene.work()
    scene.clock.shift(timedelta(seconds=5))
    scene.texted(early[0], "undelivered", "30007")
    scene.texted(early[1], "delivered")
    assert paused(scene)


def test_a_try_that_is_stopped_once_more_is_one_more_pause(scene: Scene) -> None:
    scene.texted(text(scene), "undelivered", "30007")
    tried = scene.ask(scene.person("Second", sms="+15035550111"))
    scene.later(minutes=6)
    scene.texted(tried, "undelivered", "30007")
    after = scene.ask(scene.person("Third", sms="+15035550112"))
    scene.later(minutes=4)
    assert (scene.state(after), scene.texts.calls) == ("held", 2)


def test_a_pause_that_a_report_began_stays_one_where_the_provider_also_does_not_answer(scene: Scene) -> None:
    scene.texted(text(scene), "undelivered", "30007")
    scene.texts.script = [Refused("twilio_20429", "Slow.", False, retry_after=60)]
    tried = scene.ask(scene.person("Second", sms="+15035550111"))
    scene.later(minutes=6)
    scene.later(minutes=6)
    assert (scene.state(tried), scene.texts.calls) == ("handed_over", 3)
    assert paused(scene)


# Order


def test_a_late_sent_does_not_take_delivered_back(scene: Scene) -> None:
    message = text(scene)
    for status in ("delivered", "sent", "queued", "sending"):
        scene.texted(message, status)
        assert scene.state(message) == "delivered"


def test_a_late_failed_text_does_not_take_delivered_back_and_a_bounce_does(scene: Scene) -> None:
    a_text = text(scene)
    scene.texted(a_text, "delivered")
    scene.texted(a_text, "failed", "30004")
    assert scene.state(a_text) == "delivered"
    mel = scene.person("Mel", email="mel@example.org", sms="+15035550111", fallback=("sms",))
    a_mail = scene.ask(mel, Way.EMAIL)
    scene.work()
    scene.mailed(a_mail, "delivered")
    scene.mailed(a_mail, "bounce", type="bounce")
    assert scene.state(a_mail) == "failed"
    assert [one.channel for one in scene.beside(a_mail)] == ["sms"]


def test_delivered_after_failed_does_not_make_it_whole(scene: Scene) -> None:
    message = text(scene)
    scene.texted(message, "undelivered", "30005")
    scene.texted(message, "delivered")
    assert scene.state(message) == "failed"


def test_the_same_report_fifty_times_is_one(scene: Scene) -> None:
    message = text(scene)
    event = text_event(scene.attempts(message)[0], "undelivered", "30005")
    lines = None
    for _ in range(50):
        scene.tell(event)
        lines = lines or scene.count(AuditEvent)
    assert scene.count(DeliveryEvent) == 1
    assert len(scene.beside(message)) == 1
    assert scene.count(Notice) == 1
    assert scene.count(AuditEvent) == lines


def test_a_report_that_comes_before_the_reply_settles_the_call(scene: Scene) -> None:
    message = scene.ask(scene.person(sms=NUMBER))

    def soon(sent: Message) -> None:
        (attempt,) = scene.attempts(message)
        assert attempt.state.value == "attempting"
        scene.tell(text_event(attempt, "delivered"))
        assert scene.state(message) == "delivered"

    scene.texts.script = [soon]
    scene.work()
    (attempt,) = scene.attempts(message)
    assert (scene.state(message), attempt.state.value, attempt.evidence) == ("delivered", "accepted", "event")
    assert scene.texts.calls == 1


def test_a_failure_that_comes_before_the_reply_stays_one(scene: Scene) -> None:
    message = scene.ask(scene.person(sms=NUMBER))
    scene.texts.script = [
        lambda sent: scene.tell(text_event(scene.attempts(message)[0], "undelivered", "30004"))
    ]
    scene.work()
    assert (scene.state(message), scene.texts.calls) == ("failed", 1)


@pytest.mark.parametrize("status", ["queued", "sent", "delivered"])
def test_a_report_settles_an_unknown_outcome_and_nothing_is_sent_again(scene: Scene, status: str) -> None:
    message = scene.ask(scene.person(sms=NUMBER))
    scene.texts.script = ["reply lost"]
    scene.work()
    assert scene.state(message) == "unclear"
    scene.texted(message, status)
    assert scene.state(message) == ("delivered" if status == "delivered" else "handed_over")
    scene.later(hours=2)
    assert scene.texts.calls == 1
    with scene.service.db.read() as session:
        assert session.get_one(Assignment, message.assignment_id).state.value == "sent"


def test_a_report_about_an_earlier_call_does_not_speak_for_the_message(scene: Scene) -> None:
    message = text(scene)
    scene.texted(message, "undelivered", "30003")
    scene.later(hours=4)
    assert (scene.state(message), len(scene.attempts(message))) == ("handed_over", 2)
    scene.texted(message, "failed", "30004", number=0)
    assert scene.state(message) == "handed_over"
    scene.texted(message, "delivered", number=0)
    assert scene.state(message) == "handed_over"
    scene.texted(message, "delivered")
    assert scene.state(message) == "delivered"


def test_what_an_earlier_call_says_of_the_number_is_kept_all_the_same(scene: Scene) -> None:
    message = text(scene)
    scene.texted(message, "undelivered", "30003")
    scene.later(hours=4)
    scene.texted(message, "failed", "30005", number=0)
    assert scene.state(message) == "handed_over"
    assert scene.point(message).state is ContactState.DEAD


def test_a_form_taken_back_during_the_call_is_told_as_it_was(scene: Scene) -> None:
    message = scene.ask(scene.person(sms=NUMBER, email=MAIL, fallback=("email",)))

    def take_back(sent: Message) -> None:
        with scene.service.db.write() as session:
            assert message.assignment_id is not None
            assignments.cancel(session, scene.ada, message.assignment_id)

    scene.texts.script = [take_back]
    scene.work()
    assert scene.state(message) == "handed_over"
    scene.texted(message, "undelivered", "30005")
    assert (scene.state(message), scene.beside(message)) == ("failed", [])


def test_a_report_about_a_message_that_was_taken_back_changes_nothing_else(scene: Scene) -> None:
    message = text(scene)
    with scene.service.db.write() as session:
        assert message.assignment_id is not None
        assignments.cancel(session, scene.ada, message.assignment_id)
    scene.texted(message, "delivered")
    assert scene.state(message) == "delivered"
    with scene.service.db.read() as session:
        assert session.get_one(Assignment, message.assignment_id).state.value == "cancelled"


# Off for the moment


def test_a_phone_that_was_off_is_tried_once_more_after_four_hours_and_then_the_other_way(
    scene: Scene,
) -> None:
    message = text(scene)
    scene.texted(message, "undelivered", "30003")
    row = scene.row(message)
    assert (row.state.value, row.code, row.held_until) == (
        "held",
        "away",
        sending_acts.NOON + timedelta(hours=4),
    )
    scene.later(hours=3, minutes=59)
    assert scene.texts.calls == 1
    scene.later(minutes=1)
    assert (scene.texts.calls, scene.state(message)) == (2, "handed_over")
    scene.texted(message, "undelivered", "30003")
    scene.work()
    assert (scene.state(message), scene.texts.calls) == ("failed", 2)
    assert [one.to for one in scene.mails.taken] == [MAIL]


def test_the_second_try_comes_by_day(scene: Scene) -> None:
    evening = datetime(2026, 11, 24, 19, tzinfo=ZoneInfo(PORTLAND))
    scene.clock.move_to(evening)
    message = text(scene)
    scene.texted(message, "undelivered", "30003")
    scene.later(hours=4)
    assert (scene.state(message), scene.row(message).code, scene.texts.calls) == ("held", "quiet", 1)
    scene.at(datetime(2026, 11, 25, 8, tzinfo=ZoneInfo(PORTLAND)))
    assert scene.texts.calls == 2


def test_a_phone_that_was_off_is_tried_once_more_also_where_the_first_call_was_refused_for_now(
    scene: Scene,
) -> None:
    message = scene.ask(scene.person(sms=NUMBER, email=MAIL, fallback=("email",)))
    scene.texts.script = [Refused("twilio_20429", "Slow down.", False, retry_after=60)]
    scene.work()
    scene.later(minutes=2)
    assert (scene.state(message), scene.texts.calls) == ("handed_over", 2)
    scene.texted(message, "undelivered", "30003")
    assert (scene.state(message), scene.row(message).code) == ("held", "away")
    assert scene.beside(message) == []


def test_no_second_try_once_the_form_was_answered(scene: Scene) -> None:
    message = text(scene)
    with scene.service.db.write() as session:
        assert message.assignment_id is not None
        assignments.cancel(session, scene.ada, message.assignment_id)
    scene.texted(message, "undelivered", "30003")
    scene.later(hours=5)
    assert (scene.state(message), scene.texts.calls) == ("failed", 1)


def test_a_phone_that_got_it_after_all_gets_no_second_text(scene: Scene) -> None:
    message = text(scene)
    scene.texted(message, "undelivered", "30008")
    assert scene.state(message) == "held"
    scene.texted(message, "delivered")
    assert scene.state(message) == "delivered"
    scene.later(hours=5)
    assert (scene.state(message), scene.texts.calls) == ("delivered", 1)


def test_a_late_sent_does_not_end_the_wait_for_the_second_try(scene: Scene) -> None:
    message = text(scene)
    scene.texted(message, "undelivered", "30003")
    scene.texted(message, "sent")
    assert scene.state(message) == "held"
    scene.later(hours=4)
    assert scene.texts.calls == 2


def test_a_mailbox_that_takes_nothing_for_three_days_is_given_up_for_the_other_way(scene: Scene) -> None:
    message = mail(scene)
    scene.mailed(message, "deferred")
    scene.later(hours=71)
    assert (scene.state(message), scene.texts.taken) == ("handed_over", [])
    scene.later(hours=1)
    scene.work()
    assert (scene.state(message), scene.row(message).code) == ("failed", "deferred")
    assert [one.to for one in scene.texts.taken] == [NUMBER]
    assert scene.point(message).state is ContactState.CONFIRMED


def test_a_mailbox_that_took_it_within_three_days_is_left_in_peace(scene: Scene) -> None:
    message = mail(scene)
    scene.mailed(message, "deferred")
    scene.later(hours=50)
    scene.mailed(message, "delivered")
    scene.later(hours=50)
    assert (scene.state(message), scene.texts.taken) == ("delivered", [])


# Not ours


@pytest.mark.parametrize("attempt", ["01a20f24-ce00-7110-b307-1e5ce00a8f0e", "no id at all", ""])
def test_a_report_about_an_attempt_that_is_not_ours_is_said_to_be(scene: Scene, attempt: str) -> None:
    message = text(scene)
    event = replace(text_event(scene.attempts(message)[0], "delivered"), attempt_id=attempt)
    with pytest.raises(events.UnknownAttempt), scene.service.db.write() as session:
        events.reported(session, event)
    assert scene.state(message) == "handed_over"
    assert scene.count(DeliveryEvent) == 0


def test_a_report_never_says_more_of_the_time_than_our_clock(scene: Scene) -> None:
    message = mail(scene)
    far = int((sending_acts.NOON + timedelta(days=400)).timestamp())
    scene.mailed(message, "delivered", timestamp=far)
    with scene.service.db.read() as session:
        assert session.scalars(select(DeliveryEvent.at)).one() == sending_acts.NOON


# A person presses "Send again" while the outcome is unclear


def pressed(scene: Scene, message: Dispatch) -> None:
    with scene.service.db.write() as session:
        dispatch.send_again(session, session.get_one(Dispatch, message.id))


@pytest.mark.parametrize("held", [True, False])
def test_evidence_that_comes_before_the_second_sending_stops_it(scene: Scene, held: bool) -> None:
    message = scene.ask(scene.person(sms=NUMBER))
    scene.clock.move_to(datetime(2026, 11, 24, 20, 58, tzinfo=ZoneInfo(PORTLAND)))
    scene.texts.script = ["reply lost"]
    scene.work()
    if held:
        scene.clock.shift(timedelta(minutes=3))
    pressed(scene, message)
    if held:
        scene.work()
        assert (scene.state(message), scene.row(message).code) == ("held", "quiet")
    scene.texted(message, "sent")
    assert scene.state(message) == "handed_over"
    scene.later(hours=14)
    assert scene.texts.calls == 1
