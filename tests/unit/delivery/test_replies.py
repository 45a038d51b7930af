from __future__ import annotations

import itertools
import json
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from channels import gsm7
from channels.twilio_hooks import Inbound
from delivery import access, clients, contacts, crypto, inbox, keys, notices, opt_outs, people, replies
from delivery.clients import NewRespondent
from delivery.contacts import NewContact
from delivery.models.clients import Client, Consent, ContactKind, ContactPoint, ContactState
from delivery.models.ledger import InboxEntry
from delivery.models.messages import NoticeKind, OptOut
from delivery.models.people import Practice, Role
from delivery.service import Service
from delivery.states import ClientState
from tests import build

NUMBER = "+15035550123"
COMMON = "+15035550100"
OWN = "+15035550101"
_sids = itertools.count()


@pytest.fixture
def own(service: Service, cast: build.Cast) -> str:
    """Dr. Ada's practice has a number of its own."""
    with service.db.write() as session:
        practice = session.get_one(Practice, cast.practice)
        practice.sms_number, practice.phone = OWN, "503 555 0199"
    return OWN


def client_with(service: Service, cast: build.Cast, person: UUID, number: str = NUMBER) -> UUID:
    """A client of somebody of the cast, reached at this number."""
    with service.db.write() as session:
        points = [NewContact(ContactKind.SMS, number)]
        made = clients.add(
            session,
            access.caller(session, person),
            given_name="Tex",
            family_name="Toucan",
            respondents=[NewRespondent(contacts=points)],
        )
        return made.id


def text(service: Service, words: str, to: str = COMMON, sid: str = "", number: str = NUMBER) -> str:
    """A text comes in; the words of the answer."""
    sid = sid or f"SM{next(_sids)}"
    with service.db.write() as session:
        return replies.hear(session, Inbound(sid, "AC1", number, to, words), service.settings)


def work_off(service: Service) -> None:
    """What the worker does with texts."""
    while True:
        with service.db.write() as session:
            entry = inbox.take(session)
            if entry is None:
                return
            replies.tell(session, entry.body or {})
            inbox.finish(entry)


def lines(service: Service, cast: build.Cast, person: UUID) -> list[tuple[UUID, NoticeKind]]:
    with service.db.read() as session:
        found = notices.open_for(session, access.caller(session, person))
        return sorted((one.notice.client_id, one.notice.kind) for one in found)


def out(service: Service, cast: build.Cast) -> tuple[bool, bool]:
    """Whether the practice, and the other one, may not text the number."""
    with service.db.read() as session:
        both = (cast.practice, cast.other_practice)
        first, second = (opt_outs.stands(session, "sms", NUMBER, one) for one in both)
        return first, second


def test_stop_to_the_common_number_stops_every_practice_and_is_confirmed_once(
    service: Service, cast: build.Cast, own: str
) -> None:
    assert "988" in text(service, "STOP")
    assert out(service, cast) == (True, True)
    assert text(service, "STOP") == ""
    assert text(service, "please stop texting me") == ""
    with service.db.read() as session:
        assert len(session.scalars(select(OptOut)).all()) == 1


def test_stop_to_a_practices_own_number_stops_that_practice_only(
    service: Service, cast: build.Cast, own: str
) -> None:
    assert text(service, "alto", own).startswith("Alder Street Office: ya no")
    assert out(service, cast) == (True, False)
    assert text(service, "STOP") != ""
    assert out(service, cast) == (True, True)


def test_start_lets_messages_come_again_where_the_stop_was_said(
    service: Service, cast: build.Cast, own: str
) -> None:
    text(service, "STOP", own)
    assert "on again" not in text(service, "START")
    assert out(service, cast) == (True, False)
    assert "on again" in text(service, "START", own)
    assert out(service, cast) == (False, False)


def test_start_does_not_promise_what_another_stop_forbids(
    service: Service, cast: build.Cast, own: str
) -> None:
    text(service, "STOP")
    text(service, "STOP", own)
    assert text(service, "START", own) == ""
    assert out(service, cast) == (True, True)


def test_whoever_opted_out_is_answered_only_where_they_ask_for_help(
    service: Service, cast: build.Cast
) -> None:
    text(service, "STOP")
    assert text(service, "who is this") == ""
    assert text(service, "AYUDA").startswith("988")
    assert text(service, "I want to die").startswith("988")


def test_a_stop_in_a_crisis_stops_and_is_answered_with_988_first(service: Service, cast: build.Cast) -> None:
    assert text(service, "Stop texting me. I want to die").startswith("988")
    assert out(service, cast) == (True, True)


@pytest.mark.parametrize(
    "words", ["HELP", "AYUDA", "help me I want to die", "hola quien es", "ok 👍", "", "STOP"]
)
def test_every_answer_is_one_segment_with_a_crisis_line_and_nothing_of_what_was_said(
    service: Service, cast: build.Cast, own: str, words: str
) -> None:
    for to in (own, COMMON):
        answer = text(service, words, to, number="+15035550177")
        assert "988" in answer
        assert gsm7.segments(answer) == 1
        assert "Tex" not in answer


@pytest.mark.parametrize("name", ["Práctica de la Señora Ñandú y Asociados", "[" * 60, "Київ", "🦜"])
def test_a_long_or_odd_name_and_phone_of_a_practice_leave_room_for_the_crisis_line(
    service: Service, cast: build.Cast, own: str, name: str
) -> None:
    with service.db.write() as session:
        practice = session.get_one(Practice, cast.practice)
        practice.sender_name, practice.phone = name, "503 555 0199, ext. 12345"
    answer = text(service, "HELP", own)
    assert answer.startswith("988")
    assert gsm7.segments(answer) == 1
    assert gsm7.foreign(answer) == set()


def test_a_repeat_of_the_same_text_changes_nothing_and_gets_no_second_answer(
    service: Service, cast: build.Cast
) -> None:
    assert text(service, "STOP", sid="SMstop") != ""
    assert text(service, "START", sid="SMstart") != ""
    for _ in range(50):
        assert text(service, "STOP", sid="SMstop") == ""
    assert out(service, cast) == (False, False)


def test_everybody_with_the_number_is_told_not_whose_stop_it_was(service: Service, cast: build.Cast) -> None:
    here, there, elsewhere = (client_with(service, cast, one) for one in (cast.ada, cast.bo, cast.stranger))
    client_with(service, cast, cast.ada, "+15035550124")
    text(service, "STOP")
    text(service, "stop")
    work_off(service)
    for person, client in ((cast.ada, here), (cast.bo, there), (cast.stranger, elsewhere)):
        assert lines(service, cast, person) == [(client, NoticeKind.OPTED_OUT)]
    with service.db.read() as session:
        assert session.scalars(select(Consent).where(Consent.withdrawn_at.is_not(None))).all() == []


def test_a_stop_to_one_practice_says_nothing_elsewhere(service: Service, cast: build.Cast, own: str) -> None:
    here = client_with(service, cast, cast.ada)
    client_with(service, cast, cast.stranger)
    text(service, "STOP", own)
    work_off(service)
    assert lines(service, cast, cast.ada) == [(here, NoticeKind.OPTED_OUT)]
    assert lines(service, cast, cast.stranger) == []


@pytest.mark.parametrize("order", [("STOP", "START"), ("START", "STOP")])
def test_start_takes_the_line_back_whatever_is_worked_off_first(
    service: Service, cast: build.Cast, order: tuple[str, str]
) -> None:
    here = client_with(service, cast, cast.ada)
    text(service, "STOP", sid="SM-first")
    if order[0] == "START":
        work_off(service)
    text(service, "START")
    if order[0] == "START":
        text(service, "STOP")
    work_off(service)
    expected = [] if order[1] == "START" else [(here, NoticeKind.OPTED_OUT)]
    assert lines(service, cast, cast.ada) == expected


def test_wrong_number_stops_blocks_the_number_and_tells(service: Service, cast: build.Cast) -> None:
    here = client_with(service, cast, cast.ada)
    assert text(service, "Sorry, wrong number") != ""
    work_off(service)
    assert out(service, cast) == (True, True)
    assert lines(service, cast, cast.ada) == [(here, NoticeKind.WRONG_PERSON)]
    with service.db.read() as session:
        point = session.scalars(select(ContactPoint).where(ContactPoint.kind == ContactKind.SMS)).one()
        assert (point.state, point.state_reason) == (ContactState.BLOCKED, "wrong-person")


@pytest.mark.parametrize("words", ["I will be late", "AYUDA", "me quiero morir"])
def test_a_text_to_a_practices_own_number_is_told_where_it_fits_one_client(
    service: Service, cast: build.Cast, own: str, words: str
) -> None:
    here = client_with(service, cast, cast.ada)
    client_with(service, cast, cast.stranger)
    text(service, words, own)
    text(service, words)
    work_off(service)
    assert lines(service, cast, cast.ada) == [(here, NoticeKind.TEXT_REPLY)]
    assert lines(service, cast, cast.stranger) == []


def test_a_text_that_could_be_of_several_clients_is_told_to_nobody(
    service: Service, cast: build.Cast, own: str
) -> None:
    client_with(service, cast, cast.ada)
    client_with(service, cast, cast.bo)
    text(service, "I will be late", own)
    work_off(service)
    assert lines(service, cast, cast.ada) == lines(service, cast, cast.bo) == []


def test_where_there_is_one_practice_the_common_number_is_its_own(tmp_path: Path) -> None:
    service = build.service(tmp_path)
    kek = crypto.read_kek(service.settings.kek_path)
    with service.db.write() as session:
        keys.make(session, kek, crypto.ALLIANCE)
        practice = people.add_practice(session, kek, name="Solo", sender_name="Solo")
        person = people.add_person(
            session, email="a@example.org", name="A", roles=[Role.CLINICIAN], practice=practice, known_as="A"
        )
    cast = build.Cast(*[practice.id] * 2, *[person.id] * 4, *[person.id] * 2)
    here = client_with(service, cast, person.id)
    text(service, "I will be late")
    work_off(service)
    assert lines(service, cast, person.id) == [(here, NoticeKind.TEXT_REPLY)]
    service.db.close()


@pytest.mark.parametrize("state", [ClientState.CLOSED, ClientState.DECEASED])
def test_nothing_is_told_about_clients_who_are_not_in_care(
    service: Service, cast: build.Cast, state: ClientState
) -> None:
    here = client_with(service, cast, cast.ada)
    with service.db.write() as session:
        session.get_one(Client, here).state = state
    text(service, "STOP")
    work_off(service)
    assert lines(service, cast, cast.ada) == []


@pytest.mark.parametrize("words", ["STOP", "my knee hurts", "me quiero morir"])
def test_no_word_of_a_text_is_kept_not_even_sealed(
    service: Service, cast: build.Cast, own: str, words: str
) -> None:
    for to in (own, COMMON):
        text(service, words, to)
    with service.db.read() as session:
        kept = json.dumps([row.body for row in session.scalars(select(InboxEntry))])
    assert not any(word in kept.casefold().split('"') for word in words.casefold().split())
    work_off(service)
    with service.db.read() as session:
        assert {row.body for row in session.scalars(select(InboxEntry))} == {None}


def test_the_number_of_a_text_that_tells_nobody_anything_is_not_kept(
    service: Service, cast: build.Cast, own: str
) -> None:
    text(service, "I will be late")
    with service.db.read() as session:
        row = session.scalars(select(InboxEntry)).one()
        assert (row.body, row.done_at is not None) == (None, True)


def test_a_number_that_many_practices_could_know_is_found_in_all(
    service: Service, cast: build.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replies, "CHUNK", 1)
    for person in (cast.ada, cast.stranger):
        client_with(service, cast, person)
    text(service, "STOP")
    work_off(service)
    assert len(lines(service, cast, cast.ada)) == len(lines(service, cast, cast.stranger)) == 1


def test_numbers_are_compared_in_the_form_that_contacts_are_kept_in() -> None:
    assert contacts.normal_contact(ContactKind.SMS, "(503) 555-0123") == NUMBER
