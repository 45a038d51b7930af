"""The line on a client's own page: where it goes, what is said beside it, and what it leaves out."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from delivery import clients, library, results
from delivery.db import now
from delivery.models.assignments import Way
from delivery.models.results import Submission
from delivery.portal import trend
from delivery.portal.trend import BOTTOM, LEFT, RIGHT, TOP, Trend
from delivery.service import Service
from tests import build


def course(service: Service, cast: build.Cast, key: str, codes: str) -> list[UUID]:
    """Forms of one measure, ten days apart, with the same option everywhere."""
    made = []
    for n, code in enumerate(codes):
        row = build.ask(service, cast.caller(service, cast.ada), cast.cy, [key], Way.IN_PERSON)
        (one,) = build.answer(service, row, cast.ada, code)
        at = now() - timedelta(days=10 * (len(codes) - n))
        with service.db.write() as session:
            session.execute(update(Submission).where(Submission.id == one.id).values(answered_at=at))
            results.store(session, one.id)
        made.append(one.id)
    return made


def shown(service: Service, cast: build.Cast, language: str = "en") -> list[Trend]:
    with service.db.read() as session:
        return trend.of(session, clients.respondents(session, cast.cy)[0], language)


@pytest.mark.parametrize(
    ("codes", "said"), [("31", "lighter"), ("13", "heavier"), ("22", "same"), ("312", "lighter")]
)
def test_the_last_form_is_compared_with_the_first(
    service: Service, cast: build.Cast, codes: str, said: str
) -> None:
    course(service, cast, "gad7", codes)
    (line,) = shown(service, cast)
    assert line.last == said
    assert len(line.points) == len(codes)


def test_the_heaviest_stands_on_top_and_time_runs_to_the_right(service: Service, cast: build.Cast) -> None:
    course(service, cast, "gad7", "301")
    (line,) = shown(service, cast)
    assert [one.y for one in line.points] == [TOP, BOTTOM, BOTTOM - (BOTTOM - TOP) / 3]
    assert [one.x for one in line.points] == pytest.approx([LEFT, (LEFT + RIGHT) / 2, RIGHT], abs=0.1)
    assert [(a.at, b.at) for a, b in line.lines] == [
        (line.points[0].at, line.points[1].at),
        (line.points[1].at, line.points[2].at),
    ]


def test_where_more_is_better_more_is_lighter(service: Service, cast: build.Cast) -> None:
    course(service, cast, "swls", "27")
    (line,) = shown(service, cast)
    assert line.last == "lighter"
    assert line.points[0].y < line.points[1].y == BOTTOM


def test_one_form_makes_no_line_and_a_void_one_does_not_count(service: Service, cast: build.Cast) -> None:
    first, _second = course(service, cast, "gad7", "31")
    with service.db.write() as session:
        session.get_one(Submission, first).voided_at = now()
    assert shown(service, cast) == []


def test_the_name_of_the_measure_is_in_the_readers_language(service: Service, cast: build.Cast) -> None:
    course(service, cast, "phq9", "31")
    assert {one.measure for one in shown(service, cast)} == {"Patient Health Questionnaire-9"}
    (line,) = shown(service, cast, "es")
    with service.db.read() as session:
        spanish = library.of(session, cast.practice).get("phq9").in_language("es").name
    assert line.measure == spanish
