from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from delivery import audit, instrument_files, library
from delivery.audit import Actor
from delivery.errors import Conflict, Invalid, NotFound
from delivery.models.ledger import AuditEvent
from delivery.models.library import InstrumentFile, Origin, TermsAccepted
from delivery.service import Service
from questionnaires.schema import Instrument
from tests import build, own_measure

RIGHT = "Licence 17 of the holder, 3 March 2026"


def _actor(cast: build.Cast) -> Actor:
    return Actor("person", cast.ada)


def _tags(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEvent.tag).order_by(AuditEvent.number)))


def test_terms_are_accepted_once_with_the_notice_word_for_word(service: Service, cast: build.Cast) -> None:
    instrument = library.shipped().get("who5")
    with service.db.write() as session:
        assert library.of(session, cast.practice).barred(instrument) is not None
        instrument_files.accept_terms(session, cast.practice, "who5", "  Ada   Rowan ", _actor(cast))
        assert library.of(session, cast.practice).barred(instrument) is None, "the same session sees it"
    with service.db.read() as session:
        row = session.scalars(select(TermsAccepted)).one()
        assert (row.notice, row.accepted_name) == (instrument.licence.notice, "Ada Rowan")
        assert row.accepted_by == cast.ada
        assert library.of(session, cast.other_practice).barred(instrument) is not None
        assert audit.Tag.TERMS_ACCEPTED in _tags(session)
    with pytest.raises(Conflict), service.db.write() as session:
        instrument_files.accept_terms(session, cast.practice, "who5", "Bo Lund", _actor(cast))


@pytest.mark.parametrize(
    ("key", "name", "error"),
    [
        ("phq9", "Ada", Invalid),
        ("epds", "Ada", Invalid),
        ("who5", " ", Invalid),
        ("who5", "x" * 121, Invalid),
        ("nothing", "Ada", NotFound),
    ],
)
def test_there_is_nothing_to_accept_without_terms_or_without_a_name(
    service: Service, cast: build.Cast, key: str, name: str, error: type[Exception]
) -> None:
    with pytest.raises(error), service.db.write() as session:
        instrument_files.accept_terms(session, cast.practice, key, name, _actor(cast))
    with service.db.read() as session:
        assert session.scalars(select(TermsAccepted)).all() == []


def _add_words(
    service: Service, cast: build.Cast, data: bytes, key: str = "epds", right: str = RIGHT
) -> None:
    with service.db.write() as session:
        instrument = instrument_files.find(session, cast.practice, key)
        file = ("words.yaml", data)
        instrument_files.add_words(session, cast.practice, instrument, file, right, _actor(cast))


def _epds() -> Instrument:
    return library.shipped().get("epds")


def test_words_make_a_measure_sendable_for_this_practice_alone(service: Service, cast: build.Cast) -> None:
    data = own_measure.words_for(_epds(), notice="Copied by permission of the holder.")
    _add_words(service, cast, data)
    with service.db.read() as session:
        mine = library.of(session, cast.practice)
        worded = mine.get("epds")
        assert mine.barred(worded) is None
        assert worded.items[0].text == "Invented question 1"
        assert worded.licence.notice == "Copied by permission of the holder."
        assert library.of(session, cast.other_practice).barred(_epds()) is not None
        row = session.scalars(select(InstrumentFile)).one()
        assert (row.origin, row.statement, row.added_by) == (Origin.WORDING, RIGHT, cast.ada)
        assert audit.Tag.WORDS_ADDED in _tags(session)


def test_words_in_a_language_that_is_there_are_never_replaced(service: Service, cast: build.Cast) -> None:
    _add_words(service, cast, own_measure.words_for(_epds()))
    with pytest.raises(Invalid) as refused:
        _add_words(service, cast, own_measure.words_for(_epds(), items={}))
    assert "epds has a text in 'en' already" in refused.value.fields["file"]
    _add_words(service, cast, own_measure.words_for(_epds(), "es"))
    with service.db.read() as session:
        assert library.of(session, cast.practice).get("epds").languages == ("en", "es")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"items": {"epds_1": "only one"}}, "the text of the item 'epds_10' is missing"),
        ({"options": {}}, "the text of the option list 'answers_1' is missing"),
        ({"stems": {"other": "no item hangs on it"}}, "there is no stem 'other'"),
        ({"wording_sources": []}, "name the sources of the wording"),
        ({"surprise": "x"}, "unknown key 'surprise'"),
    ],
)
def test_words_that_lack_something_or_bring_something_strange_are_refused(
    service: Service, cast: build.Cast, change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Invalid) as refused:
        _add_words(service, cast, own_measure.words_for(_epds(), **change))
    assert reason in refused.value.fields["file"]
    assert "words.yaml, line" in refused.value.fields["file"]
    with service.db.read() as session:
        assert session.scalars(select(InstrumentFile)).all() == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"a: &x [1]\nb: *x\n", "anchors"),
        (b"x" * 1_000_001, "larger than 1,000,000 bytes"),
        (b"", "empty"),
    ],
)
def test_a_file_that_is_none_is_refused(service: Service, cast: build.Cast, data: bytes, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        _add_words(service, cast, data)
    assert reason in refused.value.fields["file"]


def test_words_for_another_measure_or_for_one_that_has_its_words_are_refused(
    service: Service, cast: build.Cast
) -> None:
    isi = library.shipped().get("isi")
    with pytest.raises(Invalid) as refused:
        _add_words(service, cast, own_measure.words_for(isi))
    assert "these are words for isi version 1, not for epds version 1" in refused.value.fields["file"]
    with pytest.raises(Invalid, match="has its words already"):
        _add_words(service, cast, own_measure.words_for(library.shipped().get("phq9"), "fr"), "phq9")


def test_whoever_adds_words_says_by_what_right(service: Service, cast: build.Cast) -> None:
    for right in ("", "  ", "x" * 2_001):
        with pytest.raises(Invalid) as refused:
            _add_words(service, cast, own_measure.words_for(_epds()), right=right)
        assert "statement" in refused.value.fields


def _typed(**changes: str) -> dict[str, str]:
    fields = {"language": "en", "official": "yes", "statement": RIGHT, "how": "typed"}
    fields |= {f"item:{item.id}": f"Typed {item.id}" for item in _epds().items}
    for name, options in _epds().options.items():
        fields |= {f"option:{name}:{one.code}": f"Typed answer {one.code}" for one in options}
    return {**fields, **changes}


def test_words_typed_into_the_form_are_the_same_as_a_file(service: Service, cast: build.Cast) -> None:
    _add_words(service, cast, instrument_files.typed_words(_epds(), _typed(instructions="Read\r\nthis.")))
    with service.db.read() as session:
        worded = library.of(session, cast.practice).get("epds")
    assert worded.items[9].text == "Typed epds_10"
    assert worded.items[0].options[1].label == "Typed answer 1"
    assert worded.instructions == "Read\nthis."
    assert worded.texts("en").official
    assert worded.texts("en").wording_sources == (RIGHT,)


def test_stems_are_all_typed_or_none() -> None:
    iesr = library.shipped().get("iesr")
    names = instrument_files.stem_names(iesr)
    fields = {f"item:{item.id}": "x" for item in iesr.items} | {"language": "en"}
    for name, options in iesr.options.items():
        fields |= {f"option:{name}:{one.code}": "x" for one in options}
    assert b"stems" not in instrument_files.typed_words(iesr, fields)
    stems = {f"stem:{name}": "y" for name in names}
    assert (b"stems" in instrument_files.typed_words(iesr, fields | stems)) == bool(names)


def test_every_empty_field_is_named_at_once() -> None:
    typed = _typed(**{"item:epds_3": "  ", "option:answers_2:1": "\x00", "language": "English"})
    with pytest.raises(Invalid) as refused:
        instrument_files.typed_words(_epds(), typed)
    assert set(refused.value.fields) == {"item:epds_3", "option:answers_2:1", "language"}
    shipped = library.shipped().get("phq9")
    with pytest.raises(Invalid) as refused:
        instrument_files.typed_words(shipped, {"language": "en"})
    assert "already" in refused.value.fields["language"]


def _add(service: Service, cast: build.Cast, data: bytes) -> InstrumentFile:
    with service.db.write() as session:
        return instrument_files.add(session, cast.practice, "own.yaml", data, _actor(cast))


def test_a_file_becomes_a_measure_of_this_practice_without_a_restart(
    service: Service, cast: build.Cast
) -> None:
    _add(service, cast, own_measure.file())
    with service.db.read() as session:
        there = library.of(session, cast.practice)
        assert there.get("own_mood").short_name == "Mood"
        assert there.own == {"own_mood"}
        with pytest.raises(NotFound):
            instrument_files.find(session, cast.other_practice, "own_mood")
        assert audit.Tag.INSTRUMENT_IMPORTED in _tags(session)


def test_a_version_is_never_replaced_but_a_next_one_is_taken(service: Service, cast: build.Cast) -> None:
    _add(service, cast, own_measure.file())
    with pytest.raises(Conflict, match="is there already"):
        _add(service, cast, own_measure.file())
    with pytest.raises(Invalid) as refused:
        _add(service, cast, own_measure.file(minutes=9))
    assert "version 1 of own_mood exists with other content" in refused.value.fields["file"]
    _add(service, cast, own_measure.file(version=2, minutes=9))
    with service.db.read() as session:
        there = library.of(session, cast.practice)
        assert [there.get("own_mood", n).minutes for n in (1, 2)] == [2, 9]


def test_a_shipped_key_is_refused_also_in_a_version_that_does_not_exist_yet(
    service: Service, cast: build.Cast
) -> None:
    with pytest.raises(Invalid) as refused:
        _add(service, cast, own_measure.file("phq9", 7))
    assert refused.value.fields["file"]
    other = own_measure.content("own_mood")
    other["key"] = "gad2"
    with pytest.raises(Invalid) as refused:
        _add(service, cast, json.dumps({**other, "version": 5}).encode())
    assert "comes with LightQ" in refused.value.fields["file"]


@pytest.mark.parametrize("key", sorted(instrument_files.RESERVED))
def test_a_key_that_is_a_page_of_the_library_is_refused(service: Service, cast: build.Cast, key: str) -> None:
    with pytest.raises(Invalid) as refused:
        _add(service, cast, own_measure.file(key))
    assert "choose another" in refused.value.fields["file"]


def test_item_ids_of_another_measure_are_refused(service: Service, cast: build.Cast) -> None:
    taken = own_measure.content("phq9")
    with pytest.raises(Invalid) as refused:
        _add(service, cast, json.dumps({**taken, "key": "own_mood"}).encode())
    assert "'phq9_1' belongs to phq9" in refused.value.fields["file"]
