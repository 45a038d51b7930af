from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import yaml

from delivery import assignments, library
from delivery.assignments import Ask
from delivery.errors import Invalid
from delivery.models.assignments import Way
from delivery.models.library import InstrumentFile, Origin, TermsAccepted
from delivery.service import Service
from questionnaires.registry import SHIPPED, UnknownInstrument
from tests import build

OWN: dict[str, Any] = {
    "format": 1,
    "key": "own_mood",
    "version": 1,
    "name": "Mood today",
    "short_name": "Mood",
    "measures": "Mood",
    "purposes": ["progress"],
    "settings": ["remote", "in_person"],
    "respondents": ["self"],
    "ages": {"low": 18},
    "minutes": 1,
    "recall": "Today",
    "licence": {"status": "free", "holder": "Alder Street", "notice": "Ours", "source": "Ours"},
    "options": {"much": [{"code": "0", "value": 0}, {"code": "1", "value": 1}]},
    "items": [{"id": "own_mood_1", "options": "much"}],
    "texts": {
        "en": {
            "official": True,
            "wording_sources": ["Written by Alder Street"],
            "items": {"own_mood_1": "Are you well today?"},
            "options": {"much": {"0": "No", "1": "Yes"}},
        }
    },
}


def add(made: Service, practice: UUID, content: dict[str, Any], language: str = "") -> None:
    """Store a file of a practice, unchecked, as an older LightQ might have."""
    with made.db.write() as session:
        session.add(
            InstrumentFile(
                practice_id=practice,
                key=content["key"],
                version=content["version"],
                language=language,
                origin=Origin.WORDING if language else Origin.BUILT,
                content=yaml.safe_dump(content),
            )
        )


def test_a_file_of_a_practice_is_there_at_once_and_for_that_practice_only(
    service: Service, cast: build.Cast
) -> None:
    with service.db.read() as session:
        assert library.of(session, cast.practice).own == frozenset()
    add(service, cast.practice, OWN)
    with service.db.read() as session:
        here = library.of(session, cast.practice)
        assert here.get("own_mood").items[0].text == "Are you well today?"
        assert here.barred(here.get("own_mood")) is None
        assert here.own == {"own_mood"}
        with pytest.raises(UnknownInstrument):
            library.of(session, cast.other_practice).get("own_mood")


def test_an_old_version_stays_beside_the_new_one(service: Service, cast: build.Cast) -> None:
    add(service, cast.practice, OWN)
    add(service, cast.practice, OWN | {"version": 2, "name": "Mood now"})
    with service.db.read() as session:
        here = library.of(session, cast.practice)
        assert [here.get("own_mood", n).name for n in (1, 2)] == ["Mood today", "Mood now"]
        assert here.get("own_mood").version == 2


def test_a_session_that_adds_can_look_again(service: Service, cast: build.Cast) -> None:
    with service.db.write() as session:
        before = library.of(session, cast.practice)
        session.add(TermsAccepted(practice_id=cast.practice, key="dass21", notice="", accepted_name="Ada"))
        session.flush()
        assert library.of(session, cast.practice) is before
        library.forget(session, cast.practice)
        assert library.of(session, cast.practice).accepted == {"dass21"}


def test_terms_are_accepted_once_for_each_practice(service: Service, cast: build.Cast) -> None:
    dass = library.shipped().get("dass21")
    with service.db.write() as session:
        assert "terms have to be accepted" in (library.of(session, cast.practice).barred(dass) or "")
        session.add(TermsAccepted(practice_id=cast.practice, key="dass21", notice="N", accepted_name="Ada"))
    with service.db.read() as session:
        assert library.of(session, cast.practice).barred(dass) is None
        assert library.of(session, cast.other_practice).barred(dass) is not None


def test_words_that_a_licence_holder_adds_make_a_measure_sendable(service: Service, cast: build.Cast) -> None:
    bare = library.shipped().get("wsas")
    words = {
        "format": 1,
        "key": "wsas",
        "version": 1,
        "language": "en",
        "text": {
            "official": True,
            "wording_sources": ["Licensed copy"],
            "notice": "© The holder",
            "stems": {item.stem_name: "Stem" for item in bare.items if item.stem_name},
            "items": {item.id: f"Words of {item.id}" for item in bare.items},
            "options": {
                name: {option.code: f"Answer {option.code}" for option in options}
                for name, options in bare.options.items()
            },
        },
    }
    add(service, cast.practice, words, "en")
    with service.db.read() as session:
        here = library.of(session, cast.practice)
        worded = here.get("wsas")
        assert here.barred(worded) is None
        assert worded.items[0].text == "Words of wsas_1"
        assert worded.licence.notice == "© The holder"
        assert worded.content_hash == bare.content_hash
        there = library.of(session, cast.other_practice)
        assert there.barred(there.get("wsas"))


def test_a_file_that_can_no_longer_be_read_stands_in_nobodys_way(service: Service, cast: build.Cast) -> None:
    add(service, cast.practice, OWN | {"key": "own_bad", "bands": "of an older format"})
    add(service, cast.practice, {"key": "wsas", "version": 1, "text": "?"}, "en")
    with service.db.read() as session:
        here = library.of(session, cast.practice)
        assert list(here.broken) == ["own_bad-1.yaml", "wsas-1.en.yaml"]
        assert here.get("phq9").key == "phq9"


def test_a_file_that_later_checks_refuse_is_not_asked_and_stays_readable(
    service: Service, cast: build.Cast
) -> None:
    """What was answered with it is still on Today, and so are the risk answers beside it."""
    add(service, cast.practice, OWN | {"minutes": 0})
    with service.db.read() as session:
        here = library.of(session, cast.practice)
        refused = here.get("own_mood", 1)
        assert refused.items[0].text == "Are you well today?"
        assert "a whole number from 1" in (here.barred(refused) or "")


def test_a_measure_without_words_or_with_open_terms_is_not_asked(service: Service, cast: build.Cast) -> None:
    for key, reason in (("wsas", "wording is not included"), ("dass21", "terms have to be accepted")):
        with service.db.write() as session, pytest.raises(Invalid, match=reason):
            wanted = Ask(client_id=cast.cy, instruments=[key], channel=Way.IN_PERSON)
            assignments.ask(session, cast.caller(service, cast.ada), wanted, service.settings)


def test_what_ships_without_words_has_none() -> None:
    """A licence that forbids the wording is kept by every file, whoever edits it."""
    for one in library.shipped().all_versions():
        if one.licence.status == "definition_only":
            assert not one.wordings
            assert not list(SHIPPED.glob(f"{one.key}-{one.version}.*.yaml"))


def test_terms_that_were_rolled_back_are_not_remembered(service: Service, cast: build.Cast) -> None:
    def accept(key: str) -> TermsAccepted:
        return TermsAccepted(practice_id=cast.practice, key=key, notice="", accepted_name="Ada")

    with pytest.raises(RuntimeError, match="undone"), service.db.write() as session:
        session.add(accept("dass21"))
        session.flush()
        assert library.of(session, cast.practice).accepted == {"dass21"}
        raise RuntimeError("undone")
    with service.db.write() as session:
        session.add(accept("audit"))
    with service.db.read() as session:
        assert library.of(session, cast.practice).accepted == {"audit"}


def test_a_shipped_measure_whose_reference_cases_differ_is_not_sendable(
    service: Service, cast: build.Cast
) -> None:
    phq9 = library.shipped().get("phq9")
    total = phq9.scale("total")
    halved = replace(total, multiply=0.5, range=(0, 13.5), bands=None)
    wrong = replace(phq9, scales=(halved,), screens=(), content_hash="wrong")
    with service.db.read() as session:
        here = library.of(session, cast.practice)
        assert here.barred(phq9) is None
        assert "reference cases do not pass" in (here.barred(wrong) or "")
