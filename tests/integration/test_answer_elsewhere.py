"""Going on with a begun form on another device: with the code, with digits, or from the start."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select, update

from delivery import clients, resuming
from delivery.clients import NewRespondent
from delivery.contacts import NewContact
from delivery.models.assignments import Assignment, FormSession
from delivery.models.clients import ContactKind, ContactPoint, ContactState, Respondent
from delivery.models.ledger import AuditEvent
from delivery.models.messages import Dispatch, Purpose
from delivery.models.portal import OneTimeCode
from delivery.passphrases import hashed
from delivery.service import Service
from tests import build
from tests.answering import Person, browser_of, path_of


@pytest.fixture
def asked(service: Service, cast: build.Cast) -> Assignment:
    return build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"])


@pytest.fixture
def first(app: Flask, service: Service, asked: Assignment) -> Person:
    """Three questions answered, and stopped."""
    person = Person(browser_of(app), path_of(service, asked.id))
    person.open()
    person.start()
    person.fill("321")
    person.press("stop")
    return person


@pytest.fixture
def other(app: Flask, first: Person) -> Person:
    return Person(browser_of(app), first.path)


def code_of(person: Person) -> str:
    """Press the button on the stop page and read the code."""
    key = person.page.hidden["key"]
    reply = person.browser.post(f"/f/{person.ref}/code", data={"key": key})
    assert reply.status_code == 200
    found = re.search(r'class="code"[^>]*>(.{9})<', reply.text)
    assert found is not None
    return found.group(1)


def resume(person: Person, **fields: str) -> int:
    reply = person.browser.post(f"{person.path}/resume", data=fields)
    person._shown(reply)
    if reply.status_code == 303 and reply.location.startswith("/f/"):
        person.ref = reply.location.rsplit("/", 1)[-1]
    return reply.status_code


def test_the_code_of_the_first_device_brings_the_form_to_the_second(
    first: Person, other: Person, service: Service
) -> None:
    code = code_of(first)
    assert set(code.replace(" ", "")) <= set(resuming.ALPHABET)
    page = other.open()
    assert "You began this form on another device" in page.text
    assert "Nearly every day" not in page.text and "Question" not in page.title
    assert resume(other, code=f" {code.lower().replace(' ', '-')} ") == 303
    assert other.page.title == "Question 4 of 10"
    other.press("back")
    assert other.page.checked == {"answer": "1"}
    assert first.open(f"/f/{first.ref}").headings == ["This page is not here"], "the sitting has moved"
    assert resume(Person(first.browser, first.path), code=code) == 422, "the code was for once"
    with service.db.read() as session:
        [line] = session.scalars(select(AuditEvent).where(AuditEvent.tag == "client:form:resumed"))
        assert line.detail == {"how": "code"}
        assert len(session.scalars(select(FormSession)).all()) == 1


def test_five_wrong_codes_end_the_code_and_starting_again_still_takes_one_press(
    first: Person, other: Person
) -> None:
    code = code_of(first)
    for left in (4, 3, 2, 1):
        assert resume(other, code="ACDEACDE") == 422
        assert f"You have {left} tr" in other.page.text
    assert resume(other, code="ACDEACDE") == 422
    assert "opens nothing any more" in other.page.text
    assert resume(other, code=code) == 422, "the right one comes too late"
    assert other.start().title == "Question 1 of 10"
    assert other.page.checked == {}


@pytest.mark.parametrize("typed", ["", "ACDE", "ACDEFGH0", "ñ" * 8, "A" * 5000])
def test_what_can_be_no_code_is_no_try(first: Person, other: Person, service: Service, typed: str) -> None:
    code_of(first)
    resume(other, code=typed)
    with service.db.read() as session:
        assert session.scalars(select(FormSession)).one().resume_tries == 0


def test_a_new_code_makes_the_old_one_void(first: Person, other: Person) -> None:
    old = code_of(first)
    new = code_of(first)
    assert resume(other, code=old) == 422
    assert resume(other, code=new) == 303


def test_digits_to_a_confirmed_contact_bring_the_form_over(
    first: Person, other: Person, service: Service
) -> None:
    with service.db.write() as session:
        session.execute(update(ContactPoint).values(state=ContactState.CONFIRMED))
    assert "E-mail me 6 numbers to go on with" in other.open().text
    other._shown(other.browser.post(f"{other.path}/code"))
    assert other.page.headings == ["Type the 6 numbers"]
    with service.db.read() as session:
        digits = session.scalars(select(OneTimeCode)).one().code
        assert session.scalars(select(Dispatch).where(Dispatch.purpose == Purpose.CODE)).one() is not None
    asked = other.page.hidden["asked"]
    wrong = "000000" if digits != "000000" else "111111"
    assert resume(other, asked=asked, code=wrong) == 422
    assert "You have 4 tries left." in other.page.text
    assert digits is not None and resume(other, asked=asked, code=digits) == 303
    assert other.page.title == "Question 4 of 10"


def test_no_digits_go_to_an_unconfirmed_contact_or_past_a_word_that_was_agreed_on(
    first: Person, other: Person, service: Service, asked: Assignment
) -> None:
    with service.db.write() as session:
        session.execute(update(ContactPoint).values(state=ContactState.UNCONFIRMED))
    assert "6 numbers" not in other.open().text, "nobody has confirmed this address"
    with service.db.write() as session:
        session.execute(update(ContactPoint).values(state=ContactState.CONFIRMED))
        session.get_one(Respondent, asked.respondent_id).passphrase_hash = hashed("blue kettle")
    assert "6 numbers" not in other.open().text
    assert other.browser.post(f"{other.path}/code").status_code == 303
    with service.db.read() as session:
        assert session.scalars(select(OneTimeCode)).all() == []


@pytest.mark.parametrize("elsewhere", [False, True])
def test_no_digits_go_to_a_contact_that_somebody_of_any_practice_reads(
    first: Person, other: Person, service: Service, cast: build.Cast, elsewhere: bool
) -> None:
    with service.db.write() as session:
        session.execute(update(ContactPoint).values(state=ContactState.CONFIRMED))
    assert "6 numbers" in other.open().text
    with service.db.write() as session:
        caller = cast.caller(service, cast.stranger if elsewhere else cast.ada)
        silent = NewRespondent(contacts=[NewContact(ContactKind.EMAIL, "cy@example.org")])
        clients.add(session, caller, given_name="Pat", respondents=[silent])
    assert "6 numbers" not in other.open().text
    assert other.browser.post(f"{other.path}/code").status_code == 303


def test_where_nothing_was_answered_elsewhere_the_start_page_says_nothing_of_it(
    app: Flask, service: Service, asked: Assignment
) -> None:
    path = path_of(service, asked.id)
    browser_of(app).post(path)  # a robot that presses Start
    assert "another device" not in Person(browser_of(app), path).open().text


def test_a_code_is_shown_only_to_the_browser_of_the_form(first: Person, other: Person) -> None:
    assert other.browser.post(f"/f/{first.ref}/code", data={"key": "x"}).status_code == 404
    reply = first.browser.post(f"/f/{first.ref}/code", data={"key": "x" * 22})
    assert reply.status_code == 404
