from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from delivery import clients, eligibility, library
from delivery.eligibility import INTERPRETER, Wish
from delivery.errors import Invalid
from delivery.models.assignments import Assignment, Occasion, Way
from delivery.models.clients import Client, Respondent, RespondentRole
from delivery.service import Service
from tests import build


def _choose(
    service: Service, cast: build.Cast, *keys: str, reads: str = "en", **changes: Any
) -> list[dict[str, Any]]:
    values: dict[str, Any] = {"channel": Way.EMAIL, "occasion": Occasion.SCREENING, "asked_by": cast.ada}
    with service.db.write() as session:
        respondent = clients.respondents(session, cast.cy)[0]
        respondent.language = reads
        client = session.get_one(Client, cast.cy)
        return eligibility.choose(session, client, respondent, Wish(keys, **{**values, **changes}))


def _faults(service: Service, cast: build.Cast, *keys: str, **changes: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        _choose(service, cast, *keys, **changes)
    return caught.value.fields


def test_each_measure_goes_out_in_the_readers_language(service: Service, cast: build.Cast) -> None:
    assert _choose(service, cast, "phq9", "gad7", reads="es") == [
        {"key": "phq9", "version": 1, "language": "es"},
        {"key": "gad7", "version": 1, "language": "es"},
    ]


def test_without_an_official_text_somebody_has_to_choose(service: Service, cast: build.Cast) -> None:
    faults = _faults(service, cast, "phq9", "pcl5", reads="es")
    assert list(faults) == ["language.pcl5"]
    assert faults["language.pcl5"].startswith("PCL-5 has no official Spanish text. Choose another measure")
    [chosen] = _choose(service, cast, "pcl5", reads="es", languages={"pcl5": "en"})
    assert chosen == {"key": "pcl5", "version": 1, "language": "en"}


def test_an_interpreter_needs_the_room(service: Service, cast: build.Cast) -> None:
    wish: dict[str, Any] = {"reads": "es", "languages": {"pcl5": INTERPRETER}}
    assert "together" in _faults(service, cast, "pcl5", **wish)["language.pcl5"]
    [chosen] = _choose(service, cast, "pcl5", channel=Way.IN_PERSON, **wish)
    assert chosen == {"key": "pcl5", "version": 1, "language": "en", "interpreter": True}


def test_a_language_without_a_text_is_refused(service: Service, cast: build.Cast) -> None:
    faults = _faults(service, cast, "phq9", languages={"phq9": "fr"})
    assert faults == {"language.phq9": "PHQ-9 has no text in “fr”."}


def test_what_needs_somebody_in_the_room_never_goes_by_link(service: Service, cast: build.Cast) -> None:
    faults = _faults(service, cast, "phq9", "asq")
    assert faults["instruments.asq"] == (
        "ASQ is never sent by link: it needs you in the room. Ask it together."
    )
    assert faults["instruments"] == faults["instruments.asq"]
    assert _choose(service, cast, "asq", channel=Way.IN_PERSON)[0]["key"] == "asq"


def test_a_measure_without_words_is_refused_with_its_reason(service: Service, cast: build.Cast) -> None:
    faults = _faults(service, cast, "isi", "dass21")
    assert "wording is not included" in faults["instruments.isi"]
    assert "terms have to be accepted" in faults["instruments.dass21"]
    assert faults["instruments"] == f"{faults['instruments.isi']} {faults['instruments.dass21']}"


def test_a_measure_only_for_screening_needs_a_reason_to_show_progress(
    service: Service, cast: build.Cast
) -> None:
    progress: dict[str, Any] = {"occasion": Occasion.PROGRESS}
    assert list(_faults(service, cast, "cage", "phq9", **progress)) == ["reason"]
    assert _faults(service, cast, "cage", reason="  ", **progress)["reason"].startswith("CAGE: made for")
    assert _choose(service, cast, "cage", reason="asked by the court", **progress)
    assert _choose(service, cast, "cage")
    assert _choose(service, cast, "cage", occasion=Occasion.OUTCOME)


def test_asking_again_too_soon_needs_a_tick(service: Service, cast: build.Cast) -> None:
    build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"])
    faults = _faults(service, cast, "phq9", "gad7")
    assert list(faults) == ["even_if_recent"]
    assert faults["even_if_recent"].endswith("last 2 weeks. Ask anyway?")
    assert _choose(service, cast, "phq9", "gad7", even_if_recent=True)


def test_everything_that_is_open_is_named_at_once(service: Service, cast: build.Cast) -> None:
    build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"])
    faults = _faults(service, cast, "pcl5", "phq9", "cage", reads="es", occasion=Occasion.PROGRESS)
    assert set(faults) == {"language.pcl5", "language.cage", "even_if_recent", "reason"}


@pytest.mark.parametrize(
    ("key", "role", "age", "said"),
    [
        ("phq9", "self", 40, []),
        ("phq9", "self", None, []),
        ("phq9", "parent", None, ["PHQ-9: this one is for the client."]),
        ("psc17", "self", None, ["PSC-17: this one is for a parent."]),
        ("psc17", "parent", 17, []),
        ("psc17", "parent", 18, ["PSC-17 is for ages 4 to 17; this client is 18."]),
        ("gds15", "self", 59, ["GDS-15 is for age 60 and older; this client is 59."]),
    ],
)
def test_another_age_or_person_is_said_and_not_refused(
    key: str, role: str, age: int | None, said: list[str]
) -> None:
    respondent = Respondent(practice_id=uuid4(), role=RespondentRole(role))
    assert eligibility.remarks(library.shipped().get(key), respondent, age) == said


@pytest.mark.parametrize(
    ("at", "key", "way", "said"),
    [
        ("2026-11-20T16:59", "phq9", Way.EMAIL, False),
        ("2026-11-20T17:00", "phq9", Way.EMAIL, True),
        ("2026-11-22T23:59", "phq9", Way.EMAIL, True),
        ("2026-11-23T00:00", "phq9", Way.EMAIL, False),
        ("2026-11-21T12:00", "gad7", Way.EMAIL, False),
        ("2026-11-21T12:00", "phq9", Way.IN_PERSON, False),
    ],
)
def test_a_measure_with_risk_questions_over_the_weekend_is_said_and_not_refused(
    at: str, key: str, way: Way, said: bool
) -> None:
    zone = "America/Los_Angeles"
    send_at = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    row = Assignment(practice_id=uuid4(), channel=way, send_at=send_at)
    respondent = Respondent(practice_id=uuid4(), role=RespondentRole.SELF)
    found = eligibility.remarks_on_ask([library.shipped().get(key)], row, respondent, 40, zone)
    assert [one[:5] for one in found] == (["PHQ-9"] if said else [])


def test_the_first_answer_of_an_episode_turns_screening_into_progress(
    service: Service, cast: build.Cast
) -> None:
    with service.db.read() as session:
        assert eligibility.usual_occasion(session, cast.cy) is Occasion.SCREENING
    row = build.ask(service, cast.caller(service, cast.ada), cast.cy, ["phq9"], Way.IN_PERSON)
    build.answer(service, row, cast.ada)
    with service.db.read() as session:
        assert eligibility.usual_occasion(session, cast.cy) is Occasion.PROGRESS
