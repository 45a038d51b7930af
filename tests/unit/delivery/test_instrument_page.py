from __future__ import annotations

from dataclasses import replace

import pytest

from delivery import instrument_files, instrument_page, library
from delivery.audit import OPERATOR, Actor
from delivery.errors import NotFound
from delivery.service import Service
from tests import build, own_measure


def test_a_shipped_measure_tells_how_many_reference_cases_pass(service: Service, cast: build.Cast) -> None:
    with service.db.read() as session:
        page = instrument_page.read(session, cast.practice, "phq9")
    assert page.cases is not None
    assert page.cases.passed == page.cases.total > 20
    assert (page.own, page.terms, page.words, page.barred) == (None, None, {}, None)
    assert not page.takes_words and not page.wants_terms


def test_a_definition_that_scores_otherwise_says_which_case_differs() -> None:
    one = library.shipped().get("gad2")
    screen = replace(one.screens[0], positive_if=replace(one.screens[0].positive_if, at_least=6))  # type: ignore[type-var]
    broken = replace(one, screens=(screen,), content_hash="broken for this test")
    found = library.cases(broken)
    assert found.passed < found.total
    assert found.difference is not None and "screens" in found.difference


def test_an_own_measure_has_its_author_and_no_reference_cases(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        for version in (1, 2):
            data = own_measure.file(version=version)
            instrument_files.add(session, cast.practice, "own.yaml", data, Actor("person", cast.ada))
    with service.db.read() as session:
        page = instrument_page.read(session, cast.practice, "own_mood", 1)
    assert page.instrument.version == 1
    assert page.versions == [1, 2]
    assert page.cases is None
    assert page.own is not None and page.own.by is not None
    assert page.own.by.name == "Ada Rowan"


def test_accepted_terms_and_added_words_are_on_the_page(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        before = instrument_page.read(session, cast.practice, "who5")
        assert before.wants_terms and before.barred is not None
        instrument_files.accept_terms(session, cast.practice, "who5", "the operator", OPERATOR)
        after = instrument_page.read(session, cast.practice, "who5")
        assert after.terms is not None and after.terms.accepted_by is None
        assert not after.wants_terms and after.barred is None
        epds = instrument_files.find(session, cast.practice, "epds")
        file = ("w.yaml", own_measure.words_for(epds))
        instrument_files.add_words(session, cast.practice, epds, file, "by licence", OPERATOR)
        worded = instrument_page.read(session, cast.practice, "epds")
    assert worded.takes_words and worded.barred is None
    assert worded.words["en"].file.statement == "by licence"
    assert worded.words["en"].by is None
    assert worded.own is None and worded.cases is not None


def test_what_is_not_in_the_library_is_not_found(service: Service, cast: build.Cast) -> None:
    with service.db.read() as session:
        for key, version in (("nothing", None), ("phq9", 99)):
            with pytest.raises(NotFound):
                instrument_page.read(session, cast.practice, key, version)
