from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from delivery import assignments, library, results
from delivery.assignments import Ask
from delivery.models.assignments import Way
from delivery.models.library import InstrumentFile, Origin
from delivery.models.results import EpisodeSummary, Submission
from delivery.service import Service
from tests import build, own_measure

PHQ9 = library.shipped().get("phq9")
#: PHQ-9 whose Spanish nobody has approved.
UNOFFICIAL = PHQ9.with_wordings({**PHQ9.wordings, "es": replace(PHQ9.wordings["es"], official=False)})


def _answered(language: str, version: int = 1) -> Submission:
    return Submission(
        practice_id=uuid4(), instrument_key="phq9", instrument_version=version, language=language
    )


def test_official_texts_are_one_course_and_an_unofficial_one_is_its_own() -> None:
    past = [(_answered("en"), {"n": 1}), (_answered("es"), {"n": 2})]
    assert results.comparable(past, _answered("es"), PHQ9) == past
    assert results.comparable(past, _answered("es"), UNOFFICIAL) == past[1:]
    assert results.comparable(past, _answered("en"), UNOFFICIAL) == past[:1]


def test_another_version_is_another_course() -> None:
    past = [(_answered("en", 1), {}), (_answered("en", 2), {})]
    assert results.comparable(past, _answered("en", 2), PHQ9) == past[1:]


def test_a_new_version_begins_a_new_baseline(service: Service, cast: build.Cast) -> None:
    ada = cast.caller(service, cast.ada)
    for version, code in ((1, "0"), (2, "1")):
        with service.db.write() as session:
            content = own_measure.file(version=version).decode()
            session.add(
                InstrumentFile(
                    practice_id=cast.practice,
                    key="own_mood",
                    version=version,
                    origin=Origin.BUILT,
                    content=content,
                )
            )
        with service.db.write() as session:
            wanted = Ask(
                client_id=cast.cy, instruments=["own_mood"], channel=Way.IN_PERSON, even_if_recent=True
            )
            row = assignments.ask(session, ada, wanted, service.settings)
        (stored,) = build.answer(service, row, cast.ada, code)
        with service.db.write() as session:
            results.store(session, stored.id)
    with service.db.read() as session:
        summary = session.query(EpisodeSummary).one().summary or {}
    assert summary["n"] == 1
    assert summary["baseline"] == summary["latest"]
    assert summary["baseline"]["submission"] == str(stored.id)
