"""How clients are reached, over HTTP: shared phones, "this is not for me", another way, plain words."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from delivery import (
    clearance,
    clients,
    consents,
    contacts,
    declining,
    fallback,
    letters,
    links,
    messages,
    resending,
)
from delivery.clients import NewRespondent
from delivery.contacts import NewContact
from delivery.db import now
from delivery.errors import Conflict, Invalid
from delivery.models.assignments import Assignment, Link, Way
from delivery.models.clients import Client, ContactKind, ContactPoint, ContactState, Respondent
from delivery.models.messages import Dispatch, Notice, NoticeKind, Purpose
from delivery.service import Service
from delivery.states import AssignmentState, DispatchState, LinkState
from delivery.web.console import message_words
from tests import build

PHONE = "+15035550142"


@pytest.fixture
def cy(service: Service, cast: build.Cast) -> UUID:
    """Cy's respondent, with a phone beside the mailbox, usable when the mailbox is not."""
    with service.db.write() as session:
        who = session.scalars(select(Respondent).where(Respondent.client_id == cast.cy)).one()
        phone = contacts.add(session, who, NewContact(ContactKind.SMS, PHONE, fallback=True))
        session.flush()
        consents.give(session, who, "sms", given_at=now(), how="signed on paper", point=phone)
        return who.id


def _token(service: Service, assignment_id: UUID) -> str:
    with service.db.read() as session:
        link = session.scalars(select(Link).where(Link.assignment_id == assignment_id)).one()
        token = links.token(link, service.tokens)
        assert token is not None
        return token


def _ask(service: Service, cast: build.Cast, way: Way = Way.EMAIL) -> Assignment:
    return build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"], way)


def _word(service: Service, cy: UUID, word: str = "Azul") -> None:
    with service.db.write() as session:
        session.get_one(Respondent, cy).recognition_word = word


def _neighbour(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        build.add_client(session, cast.caller(service, cast.bo), "Nora", "Nine", "cy@example.org")


# The start page


def test_the_word_stands_on_the_start_page_and_nothing_is_asked_where_nobody_shares(
    service: Service, cast: build.Cast, cy: UUID, browser: FlaskClient
) -> None:
    _word(service, cy)
    page = browser.get(f"/q/{_token(service, _ask(service, cast).id)}").text
    assert "Azul" in page
    assert "Is this form for" not in page


def test_on_a_shared_mailbox_the_page_first_asks_whose_form_it_is(
    service: Service, cast: build.Cast, cy: UUID, browser: FlaskClient
) -> None:
    _word(service, cy)
    _neighbour(service, cast)
    row = _ask(service, cast)
    token = _token(service, row.id)
    page = browser.get(f"/q/{token}").text
    assert "Is this form for Azul?" in page
    assert "Nora" not in page
    assert ">Start<" not in page
    no = browser.get(f"/q/{token}?for=no").text
    assert "hand it to Azul" in no
    assert "This is not for me" in no
    with service.db.read() as session:
        link = session.scalars(select(Link).where(Link.assignment_id == row.id)).one()
        assert link.state is LinkState.OPEN
        assert session.get_one(Assignment, row.id).state is AssignmentState.PLANNED
    assert ">Start<" in browser.get(f"/q/{token}?for=me").text
    assert browser.post(f"/q/{token}", data={}).status_code == 303


def test_without_a_word_a_shared_mailbox_asks_nothing(
    service: Service, cast: build.Cast, cy: UUID, browser: FlaskClient
) -> None:
    _neighbour(service, cast)
    assert ">Start<" in browser.get(f"/q/{_token(service, _ask(service, cast).id)}").text


def test_not_for_me_ends_it_there_for_every_other_job(
    service: Service, cast: build.Cast, cy: UUID, browser: FlaskClient, console: FlaskClient
) -> None:
    row = _ask(service, cast)
    other = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["gad7"])
    assert browser.post(f"/q/{_token(service, row.id)}/no", data={"why": "wrong-person"}).status_code == 200
    ada = cast.caller(service, cast.ada)
    with service.db.write() as session:
        mail, phone = session.scalars(
            select(ContactPoint).where(ContactPoint.respondent_id == cy).order_by(ContactPoint.id)
        )
        assert (mail.state, phone.state) == (ContactState.BLOCKED, ContactState.UNCONFIRMED)
        notice = session.scalars(select(Notice)).one()
        assert (notice.kind, notice.contact_point_id) == (NoticeKind.WRONG_PERSON, mail.id)
        waiting = session.scalars(select(Dispatch).where(Dispatch.assignment_id == other.id)).one()
        stop = clearance.barred(session, waiting)
        assert stop is not None and stop.code == "blocked" and not stop.elsewhere
        reminder = messages.plan(
            session, session.get_one(Assignment, other.id), mail, Purpose.REMINDER, "reminder-1", now()
        )
        assert clearance.barred(session, reminder) == stop
        waiting.state = DispatchState.FAILED
        reminder.state = DispatchState.FAILED
        session.flush()
        with pytest.raises(Invalid, match="no usable e-mail address"):
            resending.resend(session, ada, other.id)
        mail.fallback = True
        ask = session.get_one(Assignment, other.id)
        text = messages.plan(session, ask, phone, Purpose.INVITATION, "text", now())
        assert fallback.possible(session, text) is None
    with pytest.raises(Invalid):
        build.ask(service, ada, cast.cy, ["who5"])


def test_not_for_me_blocks_where_the_link_was_read_and_not_what_bounced(
    service: Service, cast: build.Cast, cy: UUID
) -> None:
    row = _ask(service, cast)
    with service.db.write() as session:
        ask = session.get_one(Assignment, row.id)
        first = session.scalars(select(Dispatch).where(Dispatch.assignment_id == row.id)).one()
        first.state = DispatchState.FAILED
        phone = session.scalars(select(ContactPoint).where(ContactPoint.kind == ContactKind.SMS)).one()
        second = messages.plan(session, ask, phone, Purpose.INVITATION, "instead|x", now())
        second.state = DispatchState.HANDED_OVER
        session.flush()
        declining.decline(session, session.scalars(select(Link)).one(), "wrong-person")
        mail = session.get_one(ContactPoint, first.contact_point_id)
        assert (mail.state, phone.state) == (ContactState.CONFIRMED, ContactState.BLOCKED)


def test_refusing_tells_the_member(
    service: Service, cast: build.Cast, cy: UUID, browser: FlaskClient
) -> None:
    token = _token(service, _ask(service, cast).id)
    assert browser.post(f"/q/{token}/no", data={"why": "refused"}).status_code == 200
    with service.db.read() as session:
        notice = session.scalars(select(Notice)).one()
        assert (notice.kind, notice.client_id) == (NoticeKind.REFUSED, cast.cy)


@pytest.mark.parametrize("mail_program", [True, False])
def test_unsubscribing_takes_back_every_consent_to_mail_and_none_to_texts(
    service: Service, cast: build.Cast, cy: UUID, browser: FlaskClient, mail_program: bool
) -> None:
    with service.db.write() as session:
        who = session.get_one(Respondent, cy)
        mail = session.scalars(select(ContactPoint).where(ContactPoint.kind == ContactKind.EMAIL)).first()
        consents.give(session, who, "email", given_at=now(), how="signed on paper", point=mail)
    url = letters.unsubscribe_url(cy, service.settings, service.tokens)
    path = url.removeprefix(service.settings.client_url)
    body = {"data": {"List-Unsubscribe": "One-Click"}, "content_type": "multipart/form-data"}
    reply = browser.post(path, **(body if mail_program else {"data": {}, "content_type": FORM}))
    assert reply.status_code == 200
    with service.db.read() as session:
        assert consents.standing(session, cy, "email", None) is None
        assert consents.standing(session, cy, "sms", None) is None, "that one names its number"
        phone = session.scalars(select(ContactPoint).where(ContactPoint.kind == ContactKind.SMS)).one()
        assert consents.standing(session, cy, "sms", phone.id) is not None


FORM = "application/x-www-form-urlencoded"


# The console


def test_the_send_page_offers_a_text_with_its_words_and_length(
    service: Service, cast: build.Cast, cy: UUID, console: FlaskClient
) -> None:
    _word(service, cy)
    page = console.get(f"/console/send?client={cast.cy}").text
    assert "+15035550142" in page
    assert "Azul: Alder Street Office form:" in page
    assert "1 text message" in page
    reply = console.post("/console/send", data={"client": str(cast.cy), "what": "phq9", "how": "sms"})
    assert reply.status_code == 303
    with service.db.read() as session:
        message = session.scalars(select(Dispatch)).one()
        assert (message.channel, session.get_one(Assignment, message.assignment_id).channel) == (
            "sms",
            Way.SMS,
        )


def test_a_failed_message_offers_the_other_way_in_one_press(
    service: Service, cast: build.Cast, cy: UUID, console: FlaskClient
) -> None:
    row = _ask(service, cast)
    here = f"/console/assignments/{row.id}"
    with service.db.write() as session:
        words = {"code": "smtp_552", "reason": "SMTP 552 quota exceeded"}
        session.execute(update(Dispatch).values(state=DispatchState.FAILED, **words))
    page = console.get(here).text
    assert "the mailbox is full" in page
    assert "552" not in page
    assert "Send it by text instead" in page
    assert console.post(f"{here}/resend", data={"how": "sms"}).status_code == 303
    with service.db.read() as session:
        assert sorted(session.scalars(select(Dispatch.channel))) == ["email", "sms"]
    page = console.get(here).text
    assert "Text waits to go" in page
    assert '<meta http-equiv="refresh" content="5">' in page


def test_two_ways_are_not_taken_within_a_day_unless_the_first_one_is_dead(
    service: Service, cast: build.Cast, cy: UUID
) -> None:
    row, ada = _ask(service, cast), cast.caller(service, cast.ada)
    with service.db.write() as session:
        session.execute(update(Dispatch).values(state=DispatchState.HANDED_OVER))
        with pytest.raises(Conflict, match="may have arrived"):
            resending.resend(session, ada, row.id, Way.SMS)
        session.execute(update(Dispatch).values(due_at=now() - timedelta(hours=25)))
        assert resending.resend(session, ada, row.id, Way.SMS).channel == "sms"


def test_an_unclear_message_is_sent_again_only_by_a_press_that_tells_the_risk(
    service: Service, cast: build.Cast, cy: UUID, console: FlaskClient
) -> None:
    row = _ask(service, cast)
    with service.db.write() as session:
        message = session.scalars(select(Dispatch)).one()
        message.state = DispatchState.UNCLEAR
    page = console.get(f"/console/assignments/{row.id}").text
    assert "the client gets the same link twice" in page
    again = re.findall(r'action="([^"]+/again)"', page)
    assert console.post(again[0]).status_code == 303
    with service.db.read() as session:
        assert session.scalars(select(Dispatch)).one().state is DispatchState.DUE


def test_a_held_message_says_until_when_in_the_clients_zone_and_why(
    service: Service, cast: build.Cast, cy: UUID, console: FlaskClient
) -> None:
    row = _ask(service, cast, Way.SMS)
    with service.db.write() as session:
        session.get_one(Client, cast.cy).time_zone = "Pacific/Honolulu"
        until = (now() + timedelta(days=2)).replace(hour=18, minute=0, second=0, microsecond=0)
        held = {"state": DispatchState.HELD, "held_until": until, "code": "quiet", "reason": "x"}
        session.execute(update(Dispatch).values(**held))
    for path in (f"/console/assignments/{row.id}", f"/console/clients/{cast.cy}"):
        page = console.get(path).text
        assert "at 8:00: it is night there" in page


def test_the_clients_page_adds_tests_and_confirms_a_number(
    service: Service, cast: build.Cast, console: FlaskClient
) -> None:
    here = f"/console/clients/{cast.cy}"
    who = re.findall(r'name="respondent" value="([^"]+)"', console.get(here).text)[0]
    typed = {"respondent": who, "contact": " (503) 555.0142 ", "consent": "room", "safe_from": "09:00"}
    assert console.post(f"{here}/contacts", data=typed).status_code == 303
    page = console.get(here).text
    assert "given in the room" in page
    point = re.findall(r'id="point-([0-9a-f-]+)"', page)[-1]
    at = f"{here}/contacts/{point}"
    assert console.post(at, data={"do": "arrived"}).status_code == 409
    assert console.post(at, data={"do": "test"}).status_code == 303
    with service.db.write() as session:
        session.execute(update(Dispatch).values(state=DispatchState.HANDED_OVER))
    assert "Did it arrive?" in console.get(here).text
    no = console.post(at, data={"do": "missing"})
    assert "Is it a mobile phone?" in console.get(no.location).text
    assert console.post(at, data={"do": "arrived"}).status_code == 303
    assert "works, confirmed by a test" in console.get(here).text
    assert console.post(at, data={"do": "fly"}).status_code == 422
    assert (
        console.post(f"/console/clients/{cast.bo_client}/contacts/{point}", data={"do": "test"}).status_code
        == 404
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"contact": "555-0142"}, "contact"),
        ({"contact": ""}, "contact"),
        ({"contact": "a" * 400 + "@example.org"}, "contact"),
        ({"contact": "a b@example.org"}, "contact"),
        ({"consent": "paper"}, "consent_on"),
        ({"consent": "paper", "consent_on": "2999-01-01"}, "consent_on"),
        ({"safe_from": "23:00"}, "safe_hours"),
        ({"safe_for": "all"}, "safe_for"),
    ],
)
def test_what_cannot_be_added_is_explained_and_stays_on_the_page(
    console: FlaskClient, cast: build.Cast, changes: dict[str, str], field: str
) -> None:
    here = f"/console/clients/{cast.cy}"
    who = re.findall(r'name="respondent" value="([^"]+)"', console.get(here).text)[0]
    typed = {"respondent": who, "contact": "503 555 0142", "wording": "consent-7", **changes}
    reply = console.post(f"{here}/contacts", data=typed)
    assert reply.status_code == 422
    assert f"why-{field}" in reply.text
    assert 'value="consent-7"' in reply.text


def test_a_recognition_word_of_their_own_name_needs_insisting(console: FlaskClient, cast: build.Cast) -> None:
    here = f"/console/clients/{cast.cy}"
    who = re.findall(r'name="respondent" value="([^"]+)"', console.get(here).text)[0]
    refused = console.post(f"{here}/known-by", data={"respondent": who, "word": "Cyan"})
    assert refused.status_code == 422
    assert 'name="insist"' in refused.text
    typed = {"respondent": who, "word": "Cyan", "insist": "yes"}
    assert console.post(f"{here}/known-by", data=typed).status_code == 303
    assert "for Cyan" in console.get(here).text
    assert console.post(f"{here}/known-by", data={"respondent": who, "do": "remove"}).status_code == 303
    assert "No recognition word" in console.get(here).text


def test_every_reason_is_short_and_speaks_plainly() -> None:
    for code, sentence in message_words.WHY.items():
        assert len(sentence) <= 90, code
        assert not re.search(r"LIGHTQ|SMTP|API|Twilio|SendGrid|\d{3}", sentence), code
    assert message_words.why("smtp_599", "The server at LIGHTQ_SMTP_URL broke.") == "the server broke"
    assert message_words.why(None) == ""


def test_a_parent_on_the_same_phone_is_somebody_else(
    service: Service, cast: build.Cast, cy: UUID, browser: FlaskClient
) -> None:
    _word(service, cy)
    with service.db.write() as session:
        new = NewRespondent(contacts=[NewContact(ContactKind.SMS, "503 555 0142")])
        clients.add_respondent(session, cast.caller(service, cast.ada), session.get_one(Client, cast.cy), new)
    token = _token(service, _ask(service, cast, Way.SMS).id)
    assert "Is this form for Azul?" in browser.get(f"/q/{token}").text
