"""The language of the questions apart from the language of the buttons, from the ask to the report."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from delivery import clients, library, report_data, results
from delivery.library import Library
from delivery.models.assignments import Assignment, Way
from delivery.models.ledger import AuditEvent
from delivery.models.results import Submission
from delivery.report_page import page as report_page
from delivery.service import Service
from questionnaires.registry import Registry
from tests import build
from tests.answering import Person, browser_of, path_of
from tests.clinician import signed_in

SPANISH = "Poco interés o placer en hacer cosas"
ENGLISH = "Little interest or pleasure in doing things"


@pytest.fixture(autouse=True)
def spanish(service: Service, cast: build.Cast) -> None:
    """Cy reads Spanish."""
    with service.db.write() as session:
        clients.respondents(session, cast.cy)[0].language = "es"


def _asked(service: Service, cast: build.Cast, *keys: str, **more: Any) -> Assignment:
    return build.ask(service, cast.caller(service, cast.ada), cast.cy, list(keys), **more)


def _person(app: Flask, service: Service, row: Assignment) -> Person:
    return Person(browser_of(app), path_of(service, row.id))


def _stored(service: Service) -> list[Submission]:
    with service.db.write() as session:
        found = list(session.scalars(select(Submission).order_by(Submission.id)))
        for one in found:
            results.store(session, one.id)
        return found


def test_questions_come_in_the_language_of_the_ask(app: Flask, service: Service, cast: build.Cast) -> None:
    cy = _person(app, service, _asked(service, cast, "phq9"))
    assert "están en inglés" not in cy.open().text
    assert SPANISH in cy.start().text
    cy.fill("0000000000")
    cy.press("send")
    [stored] = _stored(service)
    assert stored.language == "es"
    assert stored.wording_hash == library.shipped().get("phq9").wording_hash("es")


def test_who_reads_spanish_is_told_first_that_the_questions_are_in_english(
    app: Flask, service: Service, cast: build.Cast
) -> None:
    english = {"languages": {"pcptsd5": "en"}}
    cy = _person(app, service, _asked(service, cast, "pcptsd5", **english))
    assert "Las preguntas están en inglés." in cy.open().text
    assert 'lang="es">Las preguntas' in cy.reply.text
    both = _person(app, service, _asked(service, cast, "phq9", "pcptsd5", **english))
    assert "Algunas preguntas están en inglés." in both.open().text
    both.open(f"{both.path}?lang=en")
    assert "questions are in" not in both.page.text


def test_a_switch_half_way_keeps_the_answers_and_is_on_record(
    app: Flask, service: Service, cast: build.Cast
) -> None:
    row = _asked(service, cast, "phq9")
    cy = _person(app, service, row)
    cy.start()
    cy.fill("3333")
    cy.browser.post(f"/f/{cy.ref}?lang=en", data=cy.fields(answer="1"))
    assert "Feeling bad about yourself" in cy.open(f"/f/{cy.ref}").text
    cy.browser.post(f"/f/{cy.ref}?lang=en", data=cy.fields(answer="1"))
    cy.open(f"/f/{cy.ref}")
    cy.fill("1110")
    cy.press("send")
    [stored] = _stored(service)
    assert stored.language == "en"
    assert [(stored.answers or {})[f"phq9_{n}"] for n in (1, 4, 5, 9)] == ["3", "3", "1", "1"]
    with service.db.read() as session:
        noted = session.scalars(
            select(AuditEvent).where(AuditEvent.tag == "client:form:language-changed")
        ).all()
    assert [(one.subject_id, one.detail) for one in noted] == [
        (row.id, {"from": {"phq9": "es"}, "to": {"phq9": "en"}, "answered": {"phq9": 4}})
    ]


def test_an_unofficial_text_is_never_switched_to(
    app: Flask, service: Service, cast: build.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    phq9 = library.shipped().get("phq9")
    text = replace(phq9.wordings["es"], official=False)
    changed = phq9.with_wordings({**phq9.wordings, "es": text})
    there = Library(Registry([changed]), frozenset(), frozenset())
    monkeypatch.setattr(library, "of", lambda session, practice_id: there)
    cy = _person(app, service, _asked(service, cast, "phq9", languages={"phq9": "en"}))
    cy.browser.post(f"{cy.path}?lang=es")
    assert ENGLISH in cy.start().text
    assert SPANISH not in cy.open(f"/f/{cy.ref}?lang=es").text


def test_an_ask_from_before_languages_were_chosen_shows_what_it_always_did(
    app: Flask, service: Service, cast: build.Cast
) -> None:
    row = _asked(service, cast, "phq9", "pcptsd5", languages={"pcptsd5": "en"})
    with service.db.write() as session:
        kept = session.get_one(Assignment, row.id)
        kept.instruments = [{"key": one["key"], "version": one["version"]} for one in row.instruments]
    cy = _person(app, service, row)
    assert SPANISH in cy.start().text
    cy.open(f"/f/{cy.ref}?at=pcptsd5:pcptsd5_1")
    assert library.shipped().get("pcptsd5").item("pcptsd5_1").text in cy.page.text


def test_the_report_has_official_english_with_the_words_that_were_read_beside_it(
    app: Flask, service: Service, cast: build.Cast
) -> None:
    cy = _person(app, service, _asked(service, cast, "phq9"))
    cy.start()
    cy.fill("3110000010")
    cy.press("send")
    [stored] = _stored(service)
    with service.db.read() as session:
        report = report_data.assemble(session, stored.id)
    first = report.answers[0]
    assert (first.text, first.read) == (ENGLISH, SPANISH)
    assert (first.label, first.said) == ("Nearly every day", "Casi todos los días")
    assert (report.measure.language, report.measure.printed) == ("es", "en")
    made = report_page(report)
    assert "Answered in Spanish" in made
    assert f'<span class="soft" lang="es">{SPANISH}</span>' in made
    assert '<th scope="row">1. Little interest' in made, "English is not announced as Spanish"
    shown = signed_in(app, "ada@example.org").get(f"/console/results/{stored.id}").text
    assert ENGLISH in shown and f'lang="es">{SPANISH}</span>' in shown
    assert 'lang="es">Casi todos los días</span>' in shown


def test_a_report_in_english_is_as_it_always_was(service: Service, cast: build.Cast) -> None:
    row = _asked(service, cast, "phq9", way=Way.IN_PERSON, languages={"phq9": "en"})
    [stored] = build.answer(service, row, cast.ada)
    _stored(service)
    with service.db.read() as session:
        text = report_data.assemble(session, stored.id).to_json()
    assert '"read"' not in text and '"said"' not in text and '"printed"' not in text


def test_official_texts_are_one_course_and_the_change_is_said(service: Service, cast: build.Cast) -> None:
    for language in ("en", "es"):
        more: dict[str, Any] = {"way": Way.IN_PERSON, "languages": {"phq9": language}}
        build.answer(service, _asked(service, cast, "phq9", **more), cast.ada, "1")
    _, second = _stored(service)
    with service.db.read() as session:
        report = report_data.assemble(session, second.id)
    assert report.total is not None and [one.score for one in report.total.changes] == [9]
    assert "Some earlier forms were answered in English, also official" in report.people.reasons


def test_an_interpreter_is_named_on_the_report(service: Service, cast: build.Cast) -> None:
    more: dict[str, Any] = {"way": Way.IN_PERSON, "languages": {"swls": "interpreter"}}
    [stored] = build.answer(service, _asked(service, cast, "swls", **more), cast.ada, "1")
    _stored(service)
    with service.db.read() as session:
        report = report_data.assemble(session, stored.id)
    assert "Answered together with an interpreter" in report.people.reasons
    assert report.measure.language == "en"
